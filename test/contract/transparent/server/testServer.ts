// An MCP server for the conformance suite, of both kinds: with sessions as until 2025-11-25, and without
// as from 2026-07-28 on. Behaves as the suite's scenarios ask it to.
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  localhostHostValidation,
  localhostOriginValidation,
  NodeStreamableHTTPServerTransport,
  toNodeHandler,
} from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  createRequestStateCodec,
  McpServer,
  type ServerNotifier,
} from '@modelcontextprotocol/server';
import { addAnswers } from './answers.ts';
import { EventLog } from './eventLog.ts';
import { addInputNeeded } from './inputNeeded.ts';
import { addPrompts } from './prompts.ts';
import { addQuestions } from './questions.ts';
import { addResources } from './resources.ts';
import { says } from './samples.ts';

export type Era = '2025-11-25' | '2026-07-28';

export interface TestServer {
  readonly url: string;
  close(): Promise<void>;
}

type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** @param token what a request must carry; without: nothing */
export async function startTestServer(era: Era, token?: string): Promise<TestServer> {
  const serve = era === '2025-11-25' ? withSessions() : withoutSessions();
  const isLocalHost = localhostHostValidation();
  const isLocalOrigin = localhostOriginValidation();
  const server = createServer((request, response) => {
    if (!isLocalHost(request, response) || !isLocalOrigin(request, response)) return;
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end();
      return;
    }
    serve(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const info = { name: 'test server', version: '1.0.0' };
const capabilities = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  completions: {},
  logging: {},
};

function withSessions(): Serve {
  const sessions = new Map<string, NodeStreamableHTTPServerTransport>();
  return async (request, response) => {
    const id = request.headers['mcp-session-id'];
    const known = typeof id === 'string' ? sessions.get(id) : undefined;
    if (id !== undefined && known === undefined) {
      response.writeHead(404).end();
      return;
    }
    const transport = known ?? new NodeStreamableHTTPServerTransport(sessionsKept(sessions));
    if (known === undefined) await serverWithSession().connect(transport);
    await transport.handleRequest(request, response);
    if (transport.sessionId !== undefined) sessions.set(transport.sessionId, transport);
  };
}

const sessionsKept = (sessions: Map<string, unknown>) => ({
  sessionIdGenerator: randomUUID,
  onsessionclosed: (id: string) => void sessions.delete(id),
  eventStore: new EventLog(),
  retryInterval: 100,
});

function serverWithSession(): McpServer {
  const server = new McpServer(info, { capabilities });
  const watched = new Set<string>();
  server.server.setRequestHandler('resources/subscribe', ({ params }) => {
    watched.add(params.uri);
    return {};
  });
  server.server.setRequestHandler('resources/unsubscribe', ({ params }) => {
    watched.delete(params.uri);
    return {};
  });
  addAll(server);
  addQuestions(server);
  const hidden = server.registerTool('test_hidden', { description: 'hidden' }, () => says('seen'));
  hidden.disable();
  server.registerTool('test_trigger_tool_change', { description: 'trigger tool change' }, () => {
    if (hidden.enabled) hidden.disable();
    else hidden.enable();
    return says('changed');
  });
  return server;
}

function withoutSessions(): Serve {
  const states = createRequestStateCodec<{ round: number }>({ key: randomBytes(32) });
  const notifier: { notify?: ServerNotifier } = {};
  const handler = createMcpHandler(
    () => {
      const server = new McpServer(info, {
        capabilities,
        requestState: { verify: (state, context) => states.verify(state, context) },
      });
      addAll(server);
      addInputNeeded(server, states);
      server.registerTool(
        'test_trigger_tool_change',
        { description: 'trigger tool change' },
        () => {
          notifier.notify?.toolsChanged();
          return says('changed');
        },
      );
      server.registerTool(
        'test_trigger_prompt_change',
        { description: 'trigger prompt change' },
        () => {
          notifier.notify?.promptsChanged();
          return says('changed');
        },
      );
      return server;
    },
    { legacy: 'reject' },
  );
  notifier.notify = handler.notify;
  const serve = toNodeHandler(handler);
  return (request, response) => serve(request as never, response);
}

function addAll(server: McpServer): void {
  addAnswers(server);
  addPrompts(server);
  addResources(server);
}
