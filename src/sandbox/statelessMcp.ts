// MCP of 2026-07-28: one request, one answer, nothing kept. The tools are the same: each request meets
// them over an in-memory connection.
import { toNodeHandler, toWebRequest } from '@modelcontextprotocol/node';
import type { AuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import {
  createMcpHandler,
  isLegacyRequest,
  McpServer,
  type CallToolResult,
  type ListToolsResult,
} from '@modelcontextprotocol/server';
import type { Tools } from './mcpServer.ts';
import type { ServeMcp } from './mcpSessions.ts';

/** @param sessions who serves older clients; without: nobody */
export function createStatelessMcp(tools: Tools, sessions?: ServeMcp): ServeMcp {
  const modern = toNodeHandler(
    createMcpHandler(({ authInfo }) => serverFor(tools, authInfo), { legacy: 'reject' }),
  );
  return async (request, response, person) => {
    const asked = await toWebRequest(request, request.body);
    if (sessions !== undefined && (await isLegacyRequest(asked))) {
      await sessions(request, response, person);
    } else await modern(request, response, request.body);
  };
}

type OwnServer = ReturnType<Tools['open']>['server'];

async function serverFor(tools: Tools, authInfo: AuthInfo | undefined): Promise<McpServer> {
  const { server: own, close } = tools.open();
  const client = await connect(own, authInfo);
  const { name = 'acme', version = '1.0.0' } = client.getServerVersion() ?? {};
  const server = new McpServer({ name, version }, { capabilities: { tools: {} } });
  server.server.setRequestHandler(
    'tools/list',
    async () => (await client.listTools()) as unknown as ListToolsResult,
  );
  server.server.setRequestHandler(
    'tools/call',
    async ({ params: { name: tool, arguments: input = {} } }) =>
      (await client.callTool({ name: tool, arguments: input })) as unknown as CallToolResult,
  );
  server.server.onclose = () => {
    void client.close();
    close?.('');
  };
  return server;
}

/** Whose access it is goes along with every message. */
async function connect(own: OwnServer, authInfo: AuthInfo | undefined): Promise<Client> {
  const [near, far] = InMemoryTransport.createLinkedPair();
  const send = near.send.bind(near);
  near.send = (message, options) =>
    send(message, { ...options, ...(authInfo === undefined ? {} : { authInfo }) });
  await own.connect(far);
  const client = new Client({ name: 'acme', version: '1.0.0' });
  await client.connect(near);
  return client;
}
