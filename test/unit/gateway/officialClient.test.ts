// The official client and the official server, with the gateway between them.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CreateMessageRequestSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { ConnectError } from '../../../src/core/errors.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';
import { systemClock } from '../../../src/node/systemClock.ts';
import { FakeAccess } from './rig.ts';

describe('the official client through the gateway', () => {
  let http: Server;
  let gateway: Gateway;
  let access: FakeAccess;
  let client: Client;
  let authorizations: Set<string | undefined>;
  let transports: Map<string, StreamableHTTPServerTransport>;

  beforeEach(async () => {
    authorizations = new Set();
    transports = new Map();
    http = createServer((request, response) => {
      authorizations.add(request.headers.authorization);
      const id = String(request.headers['mcp-session-id']);
      const known = transports.get(id);
      if (known !== undefined) {
        void known.handleRequest(request, response);
        return;
      }
      if (request.headers['mcp-session-id'] !== undefined) {
        response.writeHead(404).end();
        return;
      }
      const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (session) => {
          transports.set(session, transport);
        },
      });
      void mcpServer()
        .connect(transport as Transport)
        .then(() => transport.handleRequest(request, response));
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    access = new FakeAccess(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`);
    const quiet = () => undefined;
    gateway = new Gateway({
      upstreams: access.upstreams,
      fetch: (input, init) => fetch(input, init),
      clock: systemClock,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      platform: process.platform,
      environment: process.env,
      transport: 'tcp',
    });
    const address = await gateway.listen();
    assert.ok(address.kind === 'tcp');
    client = new Client({ name: 'test', version: '1' }, { capabilities: { sampling: {} } });
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      model: 'm',
      role: 'assistant' as const,
      content: { type: 'text' as const, text: 'forty-two' },
    }));
    const url = new URL(`http://127.0.0.1:${address.port}/mcp/tickets`);
    const requestInit = { headers: { ...gateway.key() } };
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
  });
  afterEach(async () => {
    await client.close();
    await gateway.dispose();
    http.close();
    http.closeAllConnections();
  });

  it('lists and calls tools, with progress, a question back, and large answers', async () => {
    const { tools } = await client.listTools();
    assert.deepEqual(
      tools.map(({ name }) => name),
      ['count', 'ask', 'large'],
    );
    assert.deepEqual(access.listed.at(-1), [
      { name: 'count', readOnly: true },
      { name: 'ask', readOnly: false },
      { name: 'large', readOnly: false },
    ]);
    const heard: number[] = [];
    const counted = await client.callTool({ name: 'count' }, undefined, {
      onprogress: ({ progress }) => heard.push(progress),
    });
    assert.deepEqual(heard, [1, 2, 3]);
    assert.deepEqual(counted['content'], [{ type: 'text', text: 'counted' }]);
    const asked = await client.callTool({ name: 'ask' });
    assert.deepEqual(asked['content'], [{ type: 'text', text: 'forty-two' }]);
    const large = (await client.callTool({ name: 'large' })) as { content: { text: string }[] };
    assert.equal(large.content[0]!.text.length, 2_000_000);
    assert.deepEqual([...authorizations], ['Bearer token-1']);
    assert.deepEqual(
      access.calls.map(({ outcome }) => outcome),
      ['ok', 'ok', 'ok'],
    );
    assert.equal(client.getServerVersion()?.name, 'counting');
  });

  it('cancels upstream, and ends its session there', async () => {
    const controller = new AbortController();
    const call = client.callTool({ name: 'ask', arguments: { wait: true } }, undefined, {
      signal: controller.signal,
    });
    setTimeout(() => {
      controller.abort();
    }, 50);
    await assert.rejects(call);
    await (client.transport as StreamableHTTPClientTransport).terminateSession();
    await once(http, 'request');
  });

  it('hears that tools are gone, and why a call is not made', async () => {
    let changes = 0;
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      changes += 1;
    });
    await client.listTools();
    const call = client.callTool({ name: 'ask', arguments: { wait: true } });
    await new Promise((resolve) => setTimeout(resolve, 100));
    access.close(new ConnectError('exchange.denied'));
    assert.deepEqual((await call)['content'], [
      { type: 'text', text: 'tickets says exchange.denied' },
    ]);
    assert.deepEqual((await client.listTools()).tools, []);
    const later = await client.callTool({ name: 'count' });
    assert.deepEqual(later['isError'], true);
    assert.equal(changes, 1);
  });
});

function mcpServer(): McpServer {
  const server = new McpServer({ name: 'counting', version: '1' });
  server.registerTool('count', { annotations: { readOnlyHint: true } }, async (extra) => {
    const progressToken = extra._meta?.progressToken ?? 'none';
    for (const progress of [1, 2, 3]) {
      await extra.sendNotification({
        method: 'notifications/progress',
        params: { progressToken, progress, total: 3 },
      });
    }
    return { content: [{ type: 'text', text: 'counted' }] };
  });
  server.registerTool(
    'ask',
    { inputSchema: { wait: z.boolean().optional() } },
    async ({ wait }, extra) => {
      if (wait === true) await once(extra.signal, 'abort');
      const { content } = await server.server.createMessage(
        { messages: [], maxTokens: 1 },
        { relatedRequestId: extra.requestId },
      );
      const text = !Array.isArray(content) && content.type === 'text' ? content.text : '';
      return { content: [{ type: 'text', text }] };
    },
  );
  server.registerTool('large', {}, () => ({
    content: [{ type: 'text', text: 'ä'.repeat(2_000_000) }],
  }));
  return server;
}
