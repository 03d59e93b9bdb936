// Every detector of what the organization makes known, down to the connection: with a stream open and calls
// under way, gate shut and streams cut within a second of the answer, nothing after, and who found it out.
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { connectionUpstreams } from '../../../src/gateway/connectionUpstreams.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';
import { systemClock } from '../../../src/node/systemClock.ts';
import { startCompany, type InProcessSandbox } from '../../support/company.ts';
import { createEmployee, type Employee } from '../../support/employee.ts';

describe('a removal, by whatever it is found out', function () {
  this.timeout(30_000);
  const world = {} as {
    sandbox: InProcessSandbox;
    alice: Employee;
    gateway: Gateway;
    client: Client;
  };
  before(async () => {
    world.sandbox = await startCompany({ emergencyStop: true, sharedSignals: true });
  });
  after(() => world.sandbox.stop());

  beforeEach(async () => {
    await world.sandbox.admin.reset();
    const { profile } = world.sandbox.line;
    world.alice = await createEmployee({ profile, person: 'alice', source: 'managed' });
    const { connections } = world.alice;
    await world.alice.signIn();
    await world.alice.until(() =>
      connections.overview().connections.every(({ state }) => state.kind === 'connected'),
    );
    world.gateway = new Gateway({
      upstreams: connectionUpstreams(connections),
      fetch: (input, init) => fetch(input, init),
      clock: systemClock,
      log: { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 },
      platform: process.platform,
      environment: process.env,
      transport: 'tcp',
    });
    const address = await world.gateway.listen();
    assert.ok(address.kind === 'tcp');
    world.client = new Client({ name: 'test', version: '1' });
    await world.client.connect(
      new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${address.port}/mcp/builds`), {
        requestInit: { headers: world.gateway.key() },
      }),
    );
  });
  afterEach(async () => {
    await world.client.close().catch(() => undefined);
    await world.gateway.dispose();
    await world.alice.dispose();
  });

  const textOf = (result: unknown) =>
    (result as { content: { text?: string }[] }).content.map(({ text }) => text ?? '').join('\n');
  const removals: Readonly<
    Record<
      string,
      readonly [(at: InProcessSandbox['admin']) => Promise<unknown>, string, string, RegExp]
    >
  > = {
    'a check': [
      (at) => at.remove('alice', 'builds'),
      'check',
      'accessRemoved',
      /^Access to Builds was removed by Acme/,
    ],
    'the end of the sign-in': [
      (at) => at.endSession('alice'),
      'session',
      'sessionEnded',
      /^Acme ended your sign-in/,
    ],
    'the emergency stop of a server': [
      (at) => at.stop({ servers: ['builds'] }),
      'emergencyStop',
      'stopped',
      /^Acme has stopped Builds/,
    ],
    'the emergency stop of everything': [
      (at) => at.stop({ all: true }),
      'emergencyStop',
      'stopped',
      /^Acme has stopped Builds/,
    ],
    'the emergency stop of a person': [
      (at) => at.stop({ people: ['alice'] }),
      'emergencyStop',
      'sessionEnded',
      /^Acme ended your sign-in/,
    ],
    'a security event': [
      (at) => at.signal({ kind: 'sessionRevoked', person: 'alice' }),
      'sharedSignal',
      'sessionEnded',
      /^Acme ended your sign-in/,
    ],
  };
  for (const [what, [remove, detector, kind, sentence]] of Object.entries(removals)) {
    it(`by ${what} ends calls and streams at once, and nothing goes through any more`, async () => {
      const { connections } = world.alice;
      const call = world.client.callTool({ name: 'run_build', arguments: { seconds: 20 } });
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.ok(connections.openStreams('builds') > 0, 'no stream is open');
      // A second later than the sign-in, which counts whole seconds.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await remove(world.sandbox.admin);
      await connections.checkNow();
      const answeredAt = performance.now();
      const result = await call;
      await world.alice.until(() => connections.openStreams('builds') === 0, 1_000);
      assert.ok(performance.now() - answeredAt < 1_000);
      assert.match(textOf(result), sentence);
      assert.equal(world.alice.state('builds')?.kind, kind);
      const last = connections.connection('builds')!.snapshot().history.at(-1);
      assert.equal(last?.detector, detector);
      assert.equal(connections.holds('builds'), false);
      const since = (await world.sandbox.admin.state()).ledger.last;
      assert.deepEqual((await world.client.listTools()).tools, []);
      await world.client.callTool({ name: 'list_builds', arguments: {} });
      const later = await world.sandbox.admin.ledger(since);
      assert.deepEqual(
        later.filter(({ leg, status }) => leg === 'mcp' && status === 200),
        [],
      );
    });
  }

  it('comes back when the organization lifts its stop, by itself', async () => {
    const { connections } = world.alice;
    await world.sandbox.admin.stop({ servers: ['builds'] });
    await connections.checkNow();
    assert.equal(world.alice.state('builds')?.kind, 'stopped');
    assert.equal(world.alice.state('docs')?.kind, 'connected');
    await connections.reconnect('builds');
    await connections.turnOff('builds');
    await connections.turnOn('builds');
    assert.notEqual(world.alice.state('builds')?.kind, 'connected');
    await world.sandbox.admin.stop({});
    await connections.checkNow();
    await world.alice.until(() => world.alice.state('builds')?.kind === 'connected');
  });

  it('is none while what is published is forged, old, expired or for somebody else', async () => {
    const { connections } = world.alice;
    for (const serving of [
      'wrongSignature',
      'unsigned',
      'rolledBack',
      'wrongAudience',
      'expired',
    ] as const) {
      await world.sandbox.admin.serveStop(serving, { all: true });
      await connections.checkNow();
      assert.equal(world.alice.state('builds')?.kind, 'connected', serving);
    }
    const said = connections.overview().problems.map(({ code }) => code);
    assert.deepEqual(said, ['organization.stopListInvalid']);
  });
});
