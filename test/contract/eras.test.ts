// Servers of every version of MCP, found out by the probe and used through the gateway by the official
// clients of both SDKs (M19 to M27).
import assert from 'node:assert/strict';
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { sentenceAt } from '../../src/core/present/refusal.ts';
import { connectionUpstreams } from '../../src/gateway/connectionUpstreams.ts';
import { Gateway } from '../../src/gateway/gateway.ts';
import { systemClock } from '../../src/node/systemClock.ts';
import { startCompany, type InProcessSandbox } from '../support/company.ts';
import { createEmployee, type Employee } from '../support/employee.ts';

const eras = ['2025-06-18', '2025-11-25', '2026-07-28', 'both'] as const;
const idOf = (era: string) => `notes-${era}`;
const scopes = ['notes:read', 'notes:write'];

describe('MCP servers of every version', function () {
  this.timeout(30_000);
  const world = {} as {
    company: InProcessSandbox;
    alice: Employee;
    gateway: Gateway;
    since: number;
  };
  const clients: { close(): Promise<void> }[] = [];

  before(async () => {
    world.company = await startCompany({
      authorizationServers: [{ id: 'platform', label: 'Platform' }],
      servers: eras.map((era) => ({
        id: idOf(era),
        label: `Notes ${era}`,
        authorizationServer: 'platform',
        scopes,
        era,
        toolScopes: { add_note: ['notes:write'] },
      })),
    });
  });
  after(() => world.company.stop());
  beforeEach(async () => {
    const { ledger } = await world.company.admin.reset();
    world.since = ledger.last;
    const { profile } = world.company.line;
    world.alice = await createEmployee({ profile: readingAtFirst(profile), person: 'alice' });
    const { connections } = world.alice;
    world.gateway = new Gateway({
      upstreams: connectionUpstreams(connections, (serverId, error) =>
        sentenceAt(connections.overview(), serverId, error),
      ),
      fetch: (input, init) => fetch(input, init),
      clock: systemClock,
      log: { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 },
      platform: process.platform,
      environment: process.env,
      transport: 'tcp',
    });
    await world.gateway.listen();
    await world.alice.signIn();
    await world.alice.until(() =>
      connections.overview().connections.every(({ state }) => state.kind === 'connected'),
    );
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close().catch(() => undefined)));
    await world.gateway.dispose();
    await world.alice.dispose();
  });

  /** What the server of `era` was asked since then. */
  const asked = async (era: string, since = world.since) =>
    (await world.company.admin.ledger(since))
      .filter((entry) => entry.leg === 'mcp' && entry.server === idOf(era))
      .flatMap(({ detail }) => detail ?? []);

  const target = (era: string) => {
    const { address } = world.gateway;
    assert.ok(address?.kind === 'tcp');
    return {
      url: new URL(`http://127.0.0.1:${address.port}/mcp/${idOf(era)}`),
      options: { requestInit: { headers: { ...world.gateway.key() } } },
    };
  };
  const older = async (era: string) => {
    const client = new Client({ name: 'test', version: '1' });
    clients.push(client);
    const { url, options } = target(era);
    await client.connect(new StreamableHTTPClientTransport(url, options));
    return client;
  };
  const modern = async (era: string, mode: 'auto' | { pin: string }) => {
    const client = new ModernClient(
      { name: 'test', version: '2' },
      { versionNegotiation: { mode } },
    );
    clients.push(client);
    const { url, options } = target(era);
    await client.connect(new ModernTransport(url, options));
    return client;
  };
  const textOf = (result: unknown) =>
    (result as { content: { text?: string }[] }).content.map(({ text }) => text ?? '').join('\n');

  it('are connected with their tools, each in its own version', async () => {
    for (const { label, tools } of world.alice.connections.overview().connections) {
      assert.ok(
        tools.some(({ name }) => name === 'list_notes'),
        label,
      );
    }
    const session = ['initialize', 'notifications/initialized', 'tools/list'];
    assert.deepEqual((await asked('2025-06-18')).sort(), session);
    assert.deepEqual((await asked('2025-11-25')).sort(), session);
    assert.deepEqual((await asked('both')).sort(), session);
    assert.deepEqual(await asked('2026-07-28'), ['initialize', 'tools/list']);
  });

  it('are not asked in the wrong version again', async () => {
    const { ledger } = await world.company.admin.state();
    await world.alice.connections.reconnect(idOf('2026-07-28'));
    assert.equal(world.alice.state(idOf('2026-07-28'))?.kind, 'connected');
    assert.deepEqual(await asked('2026-07-28', ledger.last), ['tools/list']);
  });

  for (const era of ['2025-06-18', '2025-11-25', 'both']) {
    it(`${era}: a client with sessions lists, calls, and is given more when a call needs it`, async () => {
      const client = await older(era);
      const { tools } = await client.listTools();
      assert.ok(tools.length > 0);
      const list = { name: 'list_notes', arguments: {} };
      assert.match(textOf(await client.callTool(list)), /alice/);
      const add = { name: 'add_note', arguments: { text: 'x' } };
      assert.match(textOf(await client.callTool(add)), /x/);
      const state = world.alice.state(idOf(era));
      assert.ok(state?.kind === 'connected');
      assert.deepEqual([state.scopes, state.reducedBy], [scopes, []]);
    });
  }

  for (const era of ['2026-07-28', 'both']) {
    it(`${era}: a client without sessions lists, calls, and is given more when a call needs it`, async () => {
      const client = await modern(era, { pin: '2026-07-28' });
      assert.equal(client.getNegotiatedProtocolVersion(), '2026-07-28');
      const { tools } = await client.listTools();
      assert.ok(tools.length > 0);
      const list = { name: 'list_notes', arguments: {} };
      assert.match(textOf(await client.callTool(list)), /alice/);
      const add = { name: 'add_note', arguments: { text: 'x' } };
      assert.match(textOf(await client.callTool(add)), /x/);
      const state = world.alice.state(idOf(era));
      assert.ok(state?.kind === 'connected');
      assert.deepEqual([state.scopes, state.reducedBy], [scopes, []]);
    });
  }

  for (const era of eras) {
    it(`${era}: the newest client finds out what it speaks through the gateway`, async () => {
      const client = await modern(era, 'auto');
      const spoken = era === 'both' ? '2026-07-28' : era;
      assert.equal(client.getNegotiatedProtocolVersion(), spoken);
      const list = { name: 'list_notes', arguments: {} };
      assert.match(textOf(await client.callTool(list)), /alice/);
    });
  }

  for (const era of eras) {
    it(`${era}: access that was revoked is replaced before anything is concluded about versions`, async () => {
      const client = await modern(era, 'auto');
      await world.company.admin.revokeAccess('alice', idOf(era));
      const list = { name: 'list_notes', arguments: {} };
      assert.match(textOf(await client.callTool(list)), /alice/);
      assert.equal(world.alice.state(idOf(era))?.kind, 'connected');
      await world.company.admin.remove('alice', idOf(era));
      await world.company.admin.revokeAccess('alice', idOf(era));
      const denied = await client.callTool(list);
      assert.match(textOf(denied), /^Access to Notes .* was removed by Acme/);
    });
  }
});

/** The profile of the company, asking for reading first. */
function readingAtFirst(profile: object): object {
  const { servers, ...rest } = profile as { servers: object[] };
  return {
    ...rest,
    servers: servers.map((server) => ({
      ...server,
      scopes: ['notes:read'],
      writeScopes: ['notes:write'],
    })),
  };
}
