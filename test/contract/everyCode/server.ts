// The MCP server itself, and the gateway in front of it.
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { ConnectError } from '../../../src/core/errors.ts';
import { sentenceAt } from '../../../src/core/present/refusal.ts';
import { connectionUpstreams } from '../../../src/gateway/connectionUpstreams.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';
import { systemClock } from '../../../src/node/systemClock.ts';
import type { Employee } from '../../support/employee.ts';
import type { VendorCompany } from '../vendors/vendorCompany.ts';
import { bodyOf, inTheWay, isMcp, rejection, toldOf } from './scene.ts';
import type { Asking, Company, Provocation, Scene, Told } from './scene.ts';

export const server = {
  'server.tokenRefused': ({ atServer }) =>
    atServer(
      { server: { mandatoryScope: 'notes:write', challenges: false } },
      { profile: { servers: { scopes: ['notes:read'] } } },
    ),

  'server.forbidden': ({ atServer }) =>
    atServer({}, answering(new Response(null, { status: 403 }))),

  'server.insufficientScope': (scene) =>
    atGateway(
      scene,
      {
        company: {
          identityProvider: { narrowsTo: ['notes:read'] },
          server: { toolScopes: { add_note: ['notes:write'] } },
        },
        asking: { profile: { servers: { scopes: ['notes:read'], writeScopes: ['notes:write'] } } },
      },
      ({ client }) => client.callTool({ name: 'add_note', arguments: { text: 'milk' } }),
    ),

  'server.stepUpRequired': ({ atServer }) =>
    atServer({ server: { stepUp: { acr: 'urn:acme:strong' } } }),

  'server.protocolError': ({ atServer }) =>
    atServer({}, answering(Response.json({ hello: 'world' }))),

  'server.unavailable': ({ atServer }) =>
    atServer({}, { before: ({ sandbox }) => sandbox.admin.faults({ serverDown: ['notes'] }) }),
} satisfies Readonly<Record<string, Provocation>>;

const list = { name: 'list_notes', arguments: {} };

export const gateway = {
  'gateway.closed': (scene) =>
    atGateway(scene, {}, async ({ client, alice, sandbox }) => {
      // Long enough for a call to come in between.
      await sandbox.admin.faults({ latencyMs: 200 });
      const connecting = alice.connections.reconnect('notes');
      await client.callTool(list);
      await connecting;
    }),

  'gateway.notListening': async (scene) => {
    const { alice } = await scene.signedIn({});
    const { front } = await listening(scene, alice, {});
    return toldOf(alice, await rejection(front.listen()));
  },

  'gateway.messageTooLarge': (scene) =>
    atGateway(scene, {}, ({ client }) =>
      client
        .callTool({ name: 'add_note', arguments: { text: 'x'.repeat(5_000_000) } })
        .catch(() => undefined),
    ),

  'gateway.messageInvalid': (scene) =>
    atGateway(scene, {}, ({ post }) =>
      post({ 'mcp-method': 'tools/list' }, { jsonrpc: '2.0', id: 1, method: 'tools/call' }),
    ),

  'gateway.answerMissing': (scene) =>
    atGateway(
      scene,
      {
        upstream: inTheWay(
          (url, init) => isMcp(url) && bodyOf(init).includes('tools/call'),
          () => Promise.reject(new TypeError('terminated', { cause: { code: 'ECONNRESET' } })),
        ),
      },
      ({ client }) => client.callTool(list),
    ),
} satisfies Readonly<Record<string, Provocation>>;

function answering(response: Response): Asking {
  return { circumstances: { fetch: inTheWay(isMcp, () => response.clone()) } };
}

interface AtGateway {
  readonly alice: Employee;
  readonly sandbox: VendorCompany['sandbox'];
  readonly client: Client;
  readonly post: (headers: Record<string, string>, message: object) => Promise<Response>;
}

/** The gateway in front of the employee, and what it has been asked to put into words. */
async function listening(
  scene: Scene,
  { connections }: Employee,
  { upstream = (input, init) => fetch(input, init) }: { upstream?: typeof fetch },
) {
  const errors: ConnectError[] = [];
  const front = new Gateway({
    upstreams: connectionUpstreams(connections, (serverId, error) => {
      errors.push(error);
      return sentenceAt(connections.overview(), serverId, error);
    }),
    fetch: upstream,
    clock: systemClock,
    log: { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 },
    platform: process.platform,
    environment: process.env,
    transport: 'tcp',
  });
  scene.onEnd(() => front.dispose());
  const address = await front.listen();
  assert.ok(address.kind === 'tcp');
  return { front, errors, url: new URL(`http://127.0.0.1:${address.port}/mcp/notes`) };
}

/** What an MCP client is told last while somebody does `what`. */
async function atGateway(
  scene: Scene,
  around: { company?: Company; asking?: Asking; upstream?: typeof fetch },
  what: (at: AtGateway) => Promise<unknown>,
): Promise<Told> {
  const { alice, at } = await scene.signedIn(around.company ?? {}, around.asking);
  assert.equal(alice.state('notes')?.kind, 'connected');
  const { front, errors, url } = await listening(scene, alice, around);
  const client = new Client({ name: 'test', version: '1' });
  const requestInit = { headers: front.key() };
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
  scene.onEnd(() => client.close());
  const json = 'application/json';
  const post: AtGateway['post'] = (headers, message) =>
    fetch(url, {
      method: 'POST',
      headers: {
        ...{ ...front.key(), 'content-type': json, accept: `${json}, text/event-stream` },
        ...headers,
      },
      body: JSON.stringify(message),
    });
  await what({ alice, client, post, sandbox: at.sandbox });
  return toldOf(alice, errors.at(-1), 'Notes');
}
