// Core and gateway together against the sandbox, used by the official MCP client.
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { connectionUpstreams } from '../../src/gateway/connectionUpstreams.ts';
import { Gateway } from '../../src/gateway/gateway.ts';
import { systemClock } from '../../src/node/systemClock.ts';
import { createEmployee, type Employee } from '../support/employee.ts';
import { eventually } from '../support/eventually.ts';
import { startSandbox, type Sandbox } from '../support/sandbox.ts';

describe('the gateway in front of Acme', function () {
  this.timeout(30_000);
  const world = {} as {
    sandbox: Sandbox;
    alice: Employee;
    gateway: Gateway;
    clients: Client[];
  };

  before(async () => {
    world.sandbox = await startSandbox();
  });
  after(() => world.sandbox.stop());

  beforeEach(async () => {
    await world.sandbox.admin.reset();
    await employ();
  });
  afterEach(leave);

  async function employ(server: { hideWriteTools?: boolean } = {}): Promise<void> {
    const { profile } = world.sandbox.line;
    const servers = (profile['servers'] as object[]).map((one) => ({ ...one, ...server }));
    world.clients = [];
    world.alice = await createEmployee({ profile: { ...profile, servers }, person: 'alice' });
    const { connections } = world.alice;
    world.gateway = new Gateway({
      upstreams: connectionUpstreams(connections),
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
  }

  async function leave(): Promise<void> {
    await Promise.all(world.clients.map((client) => client.close().catch(() => undefined)));
    await world.gateway.dispose();
    await world.alice.dispose();
  }

  async function connect(serverId: string): Promise<Client> {
    const { address } = world.gateway;
    assert.ok(address?.kind === 'tcp');
    const client = new Client({ name: 'test', version: '1' });
    world.clients.push(client);
    const transport = new StreamableHTTPClientTransport(
      new URL(`http://127.0.0.1:${address.port}/mcp/${serverId}`),
      { requestInit: { headers: world.gateway.key() } },
    );
    await client.connect(transport);
    return client;
  }
  const textOf = (result: unknown) =>
    (result as { content: { text?: string }[] }).content.map(({ text }) => text ?? '').join('\n');

  it('shows every server as it is', async () => {
    for (const { id, tools } of world.alice.connections.overview().connections) {
      const client = await connect(id);
      const listed = await client.listTools();
      assert.deepEqual(
        listed.tools.map(({ name }) => name),
        tools.map(({ name }) => name),
      );
    }
  });

  it('passes calls on with the access of the person', async () => {
    const client = await connect('tickets');
    const result = await client.callTool({ name: 'search_tickets', arguments: { query: '' } });
    assert.match(textOf(result), /Asked by alice/);
    const { lastCall } = world.alice.connections.connection('tickets')!.snapshot();
    assert.equal(lastCall?.tool, 'search_tickets');
    assert.equal(lastCall.outcome, 'ok');
  });

  it('streams progress', async () => {
    const client = await connect('builds');
    const seen: number[] = [];
    const result = await client.callTool(
      { name: 'run_build', arguments: { seconds: 0.5 } },
      undefined,
      { onprogress: ({ progress }) => seen.push(progress) },
    );
    assert.match(textOf(result), /alice/);
    assert.ok(seen.length >= 2, JSON.stringify(seen));
  });

  it('ends a call in flight with the reason within a second of the removal', async () => {
    const client = await connect('builds');
    const call = client.callTool({ name: 'run_build', arguments: { seconds: 30 } });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await world.sandbox.admin.remove('alice', 'builds');
    await world.alice.connections.checkNow();
    const answeredAt = performance.now();
    const result = await call;
    assert.ok(performance.now() - answeredAt < 1_000);
    assert.equal(result.isError, true);
    assert.equal(
      textOf(result),
      'Access to Builds was removed by Acme; ask an administrator at Acme if you still need it.',
    );
    assert.deepEqual((await client.listTools()).tools, []);
    const later = await client.callTool({ name: 'list_builds', arguments: {} });
    assert.match(textOf(later), /removed by Acme/);
  });

  it('renews once and goes on when issued access is revoked at the server', async () => {
    const client = await connect('tickets');
    const { ledger } = await world.sandbox.admin.state();
    await world.sandbox.admin.revokeAccess('alice');
    const calls = await Promise.all(
      Array.from({ length: 10 }, () =>
        client.callTool({ name: 'search_tickets', arguments: { query: '' } }),
      ),
    );
    for (const call of calls) assert.match(textOf(call), /Asked by alice/);
    const since = await world.sandbox.admin.ledger(ledger.last);
    const refused = since.filter(({ leg, status }) => leg === 'mcp' && status === 401);
    assert.ok(refused.length >= 1 && refused.length <= 10, `${refused.length} refused`);
    const asked = since.filter(({ leg }) => leg === 'exchange' || leg === 'redemption');
    assert.equal(asked.length, 2);
    const done = since.filter(
      ({ detail, status }) => detail === 'search_tickets' && status === 200,
    );
    assert.equal(done.length, 10);
  });

  it('answers with a sentence when the server is down, and recovers by itself', async () => {
    const client = await connect('docs');
    await world.sandbox.admin.faults({ serverDown: ['docs'] });
    const down = await client.callTool({ name: 'search_docs', arguments: { query: '' } });
    assert.equal(down.isError, true);
    assert.match(textOf(down), /Docs/);
    await world.sandbox.admin.faults({ serverDown: [] });
    const up = await client.callTool({ name: 'search_docs', arguments: { query: '' } });
    assert.match(textOf(up), /Asked by alice/);
  });

  it('T22 a server that rewrites a tool in mid-session is noticed', async () => {
    const client = await connect('tickets');
    const heard = { changes: 0 };
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      heard.changes++;
    });
    await client.listTools();
    await world.sandbox.admin.rewriteTools('tickets');
    await eventually('the client hears of it', () => heard.changes === 1);
    await client.listTools();
    const { toolChanges, history } = world.alice.connections.connection('tickets')!.snapshot();
    assert.deepEqual(toolChanges?.changed, ['read_ticket']);
    assert.equal(history.at(-1)?.kind, 'toolsChanged');
  });

  describe('when the company takes back what allows to write', () => {
    const reading = ['search_tickets', 'read_ticket'];
    const writing = ['create_ticket', 'close_ticket'];
    const namesAt = async (client: Client) =>
      (await client.listTools()).tools.map(({ name }) => name);
    const create = { name: 'create_ticket', arguments: { title: 'Printer on fire' } };
    const grant = async (...scopes: string[]) => {
      const { admin } = world.sandbox;
      if (scopes.length === 0) await admin.remove('alice', 'tickets');
      else await admin.grant('alice', 'tickets', scopes);
      await world.alice.connections.checkNow();
    };

    it('the tools that write are gone, and back when it gives it again', async () => {
      const client = await connect('tickets');
      const heard = { changes: 0 };
      client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
        heard.changes++;
      });
      assert.deepEqual(await namesAt(client), [...reading, ...writing]);
      await grant('tickets:read');
      await eventually('the client hears of it', () => heard.changes === 1);
      assert.deepEqual(await namesAt(client), reading);
      const { ledger } = await world.sandbox.admin.state();
      const refused = await client.callTool(create);
      assert.equal(refused.isError, true);
      assert.match(textOf(refused), /^Tickets asks for more than Acme allows you there/);
      assert.deepEqual(refused._meta, { 'enterprise-mcp/code': 'server.insufficientScope' });
      const found = await client.callTool({ name: 'search_tickets', arguments: { query: '' } });
      assert.match(textOf(found), /Asked by alice/);
      const asked = (await world.sandbox.admin.ledger(ledger.last)).map(({ detail }) => detail);
      assert.ok(!asked.includes('create_ticket'), 'the server was not asked');
      const { toolChanges } = world.alice.connections.connection('tickets')!.snapshot();
      assert.equal(toolChanges, undefined, 'what the company does is not held against the server');

      await grant('tickets:read', 'tickets:write');
      await eventually('the client hears of it again', () => heard.changes === 2);
      assert.deepEqual(await namesAt(client), [...reading, ...writing]);
      assert.match(textOf(await client.callTool(create)), /Created/);
    });

    it('the client hears of it also when it happens between two of its event streams', async () => {
      const client = await connect('tickets');
      await namesAt(client);
      // The server is gone for a moment: the client's event stream is ended, for it to ask for another.
      await grant();
      await grant('tickets:read', 'tickets:write');
      await world.alice.connections.reconnectAll();
      assert.deepEqual(await namesAt(client), [...reading, ...writing]);
      const heard = { changes: 0 };
      client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
        heard.changes++;
      });
      await grant('tickets:read');
      await eventually('the client hears of it', () => heard.changes > 0);
      assert.deepEqual(await namesAt(client), reading);
    });

    it('they stay, where the profile says so, and the server decides', async () => {
      await leave();
      await employ({ hideWriteTools: false });
      const client = await connect('tickets');
      await grant('tickets:read');
      assert.deepEqual(await namesAt(client), [...reading, ...writing]);
      const refused = await client.callTool(create);
      assert.equal(refused.isError, true);
    });
  });
});
