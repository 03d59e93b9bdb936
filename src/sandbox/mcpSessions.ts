// MCP with sessions: what servers spoke before 2026-07-28, on the SDK of that time.
import { randomUUID } from 'node:crypto';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Request, Response } from 'express';
import type { Tools } from './mcpServer.ts';

interface Session {
  readonly transport: StreamableHTTPServerTransport;
  readonly person: string;
}

export type ServeMcp = (request: Request, response: Response, person: string) => Promise<void>;

/** @param only the one protocol version it knows; without: all the SDK knows */
export function createMcpSessions(tools: Tools, only?: string): ServeMcp {
  const sessions = new Map<string, Session>();
  return async (request, response, person) => {
    const id = request.get('mcp-session-id');
    const session = id === undefined ? undefined : sessions.get(id);
    if (id !== undefined && session?.person !== person) {
      // Another person's session is as unknown as none: its id is no credential.
      response.status(404).json(rpcError('Session not found'));
      return;
    }
    if (only !== undefined && (request.get('mcp-protocol-version') ?? only) !== only) {
      response.status(400).json(rpcError('Unsupported protocol version'));
      return;
    }
    const transport = session?.transport ?? (await openSession(tools, sessions, person));
    const body: unknown = only === undefined ? request.body : offering(only, request.body);
    await transport.handleRequest(request, response, body);
  };
}

/** The SDK agrees to every version it knows, so it must hear of one only. */
function offering(version: string, body: unknown): unknown {
  const asked = body as { method?: unknown; params?: object } | undefined;
  if (asked?.method !== 'initialize') return body;
  return { ...asked, params: { ...asked.params, protocolVersion: version } };
}

async function openSession(
  tools: Tools,
  sessions: Map<string, Session>,
  person: string,
): Promise<StreamableHTTPServerTransport> {
  const { server, close } = tools.open();
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => {
      sessions.set(id, { transport, person });
    },
  });
  server.server.onclose = () => {
    const id = transport.sessionId;
    if (id === undefined) return;
    sessions.delete(id);
    close?.(id);
  };
  await server.connect(transport);
  return transport;
}

const rpcError = (message: string) => ({
  jsonrpc: '2.0',
  error: { code: -32001, message },
  id: null,
});
