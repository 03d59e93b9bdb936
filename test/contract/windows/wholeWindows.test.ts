// Several editor windows of Alice, each with all of core, one storage folder and real sockets between them.
import assert from 'node:assert/strict';
import type { WindowLink } from '../../../src/core/windows/link.ts';
import { openWindowMeans } from '../../../src/node/windowMeans.ts';
import type { Setup } from '../../../src/sandbox/setup.ts';
import { startCompany, type InProcessSandbox } from '../../support/company.ts';
import { createEmployee, type Employee } from '../../support/employee.ts';
import { eventually } from '../../support/eventually.ts';
import { makeWindowFolders, silentLog, type WindowFolders } from '../../support/windowFolders.ts';

const soon = { withinMs: 1_000, everyMs: 5 };

describe('editor windows of one person', function () {
  this.timeout(30_000);
  const world = {} as {
    sandbox: InProcessSandbox;
    folders: WindowFolders;
    /** SecretStorage. */
    secrets: Map<string, string>;
    windows: Employee[];
    links: Map<Employee, WindowLink>;
    since: number;
  };
  const begin = async (setup: Setup = {}) => {
    world.sandbox = await startCompany(setup);
    world.folders = await makeWindowFolders();
    world.secrets = new Map();
    world.windows = [];
    world.links = new Map();
    await mark();
  };
  const mark = async () => {
    world.since = (await world.sandbox.admin.state()).ledger.last;
  };
  afterEach(async () => {
    for (const window of world.windows) await window.dispose();
    await world.folders.remove();
    await world.sandbox.stop();
  });

  const open = async (options: { secrets?: Map<string, string>; profile?: unknown } = {}) => {
    const { storageFolder, runtimeFolder } = world.folders;
    const means = await openWindowMeans({
      storageFolder,
      environment: { XDG_RUNTIME_DIR: runtimeFolder },
      platform: process.platform,
      version: '0.0.0-test',
      log: silentLog,
    });
    const window = await createEmployee({
      profile: options.profile ?? world.sandbox.line.profile,
      person: 'alice',
      source: 'managed',
      secrets: options.secrets ?? world.secrets,
      windows: means,
    });
    world.windows.push(window);
    world.links.set(window, means.link);
    return window;
  };
  const three = async () => [await open(), await open(), await open()] as const;
  const close = async (window: Employee) => {
    world.windows = world.windows.filter((one) => one !== window);
    await window.dispose();
  };
  const kinds = (window: Employee) =>
    window.connections.overview().connections.map(({ state }) => state.kind);
  const session = ({ connections }: Employee) => connections.overview().people[0]?.session.kind;
  const allConnected = (windows: readonly Employee[] = world.windows) =>
    eventually(
      'all connected in all windows',
      () => windows.every((one) => kinds(one).every((kind) => kind === 'connected')),
      { withinMs: 5_000, everyMs: 10 },
    );
  const entries = async (...legs: string[]) =>
    (await world.sandbox.admin.ledger(world.since)).filter(({ leg }) => legs.includes(leg));
  const tickets = ({ connections }: Employee) => connections.connection('tickets')!;
  const call = async (window: Employee) => {
    const { signal } = new AbortController();
    const token = await tickets(window).accessToken(signal);
    const { url } = tickets(window).server;
    const body = JSON.stringify({
      ...{ jsonrpc: '2.0', id: 1, method: 'initialize' },
      params: {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 't', version: '1' },
      },
    });
    const headers = await token.authorize({
      ...{ method: 'POST', url, body: new TextEncoder().encode(body) },
    });
    const accept = 'application/json, text/event-stream';
    const response = await fetch(url, {
      ...{ method: 'POST', body },
      headers: { ...headers, accept, 'content-type': 'application/json' },
    });
    await response.body?.cancel();
    return response.status;
  };

  it('are all connected where one of them signs in, with one exchange per server', async () => {
    await begin();
    const windows = await three();
    await windows[1].signIn();
    await allConnected();
    assert.equal((await entries('exchange')).length, kinds(windows[0]).length);
    assert.deepEqual(windows.map(session), ['signedIn', 'signedIn', 'signedIn']);
    for (const window of windows) assert.equal(await call(window), 200);
  });

  it('are connected when they are opened later, and ask for nothing', async () => {
    await begin();
    const first = await open();
    await first.signIn();
    await allConnected();
    await mark();
    const second = await open();
    await eventually('it is signed in', () => session(second) === 'signedIn', soon);
    await allConnected();
    assert.deepEqual(await entries('exchange', 'redemption', 'token', 'refresh'), []);
  });

  it('are all out within a second where one of them signs out, and nothing is kept', async () => {
    await begin();
    const windows = await three();
    await windows[0].signIn();
    await allConnected();
    const tokens = windows.flatMap(({ connections }) => connections.heldSecrets());
    assert.ok(tokens.length > 0);
    await windows[2].connections.signOut('acme');
    await eventually(
      'all are out',
      () => windows.every((one) => kinds(one).every((kind) => kind === 'signedOut')),
      soon,
    );
    assert.deepEqual(windows.map(session), ['signedOut', 'signedOut', 'signedOut']);
    assert.deepEqual(
      windows.map(({ connections }) => connections.heldSecrets()),
      [[], [], []],
    );
    assert.deepEqual([...world.secrets.keys()], []);
    for (const window of windows) {
      await assert.rejects(call(window), { code: 'user.signedOut' });
    }
    await eventually(
      'everything is given back',
      async () => (await world.sandbox.admin.state()).people.every((one) => one.accessTokens === 0),
      { withinMs: 3_000, everyMs: 50 },
    );
  });

  it('turn a server off and on together', async () => {
    await begin();
    const windows = await three();
    await windows[0].signIn();
    await allConnected();
    await windows[1].connections.turnOff('tickets');
    const state = (kind: string) => () => windows.every((one) => tickets(one).state.kind === kind);
    await eventually('off everywhere', state('turnedOff'), soon);
    await windows[2].connections.turnOn('tickets');
    await eventually('on everywhere', state('connected'), { withinMs: 3_000, everyMs: 10 });
  });

  it('have all lost what one of them hears is removed', async () => {
    await begin();
    const windows = await three();
    await windows[0].signIn();
    await allConnected();
    await world.sandbox.admin.remove('alice', 'tickets');
    await tickets(windows[1]).check();
    assert.equal(tickets(windows[1]).state.kind, 'accessRemoved');
    await eventually(
      'removed everywhere',
      () => windows.every((one) => tickets(one).state.kind === 'accessRemoved'),
      soon,
    );
    for (const window of windows) {
      assert.ok(!window.connections.holds('tickets'));
      await assert.rejects(call(window), { code: 'exchange.denied' });
    }
    assert.deepEqual(
      windows.map((one) => tickets(one).snapshot().history.at(-1)?.detector),
      ['otherWindow', 'check', 'otherWindow'],
    );
  });

  it('have all less where one of them is answered with less', async () => {
    await begin();
    const windows = await three();
    await windows[0].signIn();
    await allConnected();
    await world.sandbox.admin.grant('alice', 'tickets', ['tickets:read']);
    await tickets(windows[2]).check();
    const scopes = (window: Employee) => {
      const { state } = tickets(window);
      return state.kind === 'connected' ? state.scopes.join() : state.kind;
    };
    await eventually(
      'less everywhere',
      () => windows.every((one) => scopes(one) === 'tickets:read'),
      soon,
    );
  });

  it('are all signed out where the company ends the sign-in of one', async () => {
    await begin();
    const windows = await three();
    await windows[0].signIn();
    await allConnected();
    await world.sandbox.admin.endSession('alice');
    await windows[1].connections.checkNow();
    await eventually('ended in all', () => windows.every((one) => session(one) === 'ended'), soon);
    assert.deepEqual([...world.secrets.keys()], []);
  });

  it('go on with what another window holds when one is closed, connects anew or is the leader', async () => {
    await begin();
    const windows = await three();
    await windows[0].signIn();
    await allConnected();
    await mark();
    await windows[1].connections.reconnect('tickets');
    await close(windows[0]);
    for (const window of [windows[1], windows[2]]) assert.equal(await call(window), 200);
    assert.deepEqual(await entries('revocation'), []);
    const refused = (await entries('mcp')).filter(({ outcome }) => outcome !== 'ok');
    assert.deepEqual(refused, []);
    // The one that leads now asks with the same sign-in.
    await windows[2].connections.checkNow();
    await windows[1].connections.checkNow();
    assert.ok(kinds(windows[2]).every((kind) => kind === 'connected'));
    await close(windows[1]);
    const { [2]: last } = windows;
    await eventually('it is alone', () => world.links.get(last)?.others === 0, soon);
    await close(last);
    assert.ok((await entries('revocation')).length > 0, 'the last one gives back what it holds');
    assert.equal(world.secrets.size, 1, 'the sign-in stays');
  });

  it('get one of their own where the server refuses what another window was given', async () => {
    await begin();
    const first = await open();
    await first.signIn();
    await allConnected();
    await world.sandbox.admin.revokeAccess('alice', 'tickets');
    const second = await open();
    await allConnected();
    assert.equal(await call(second), 200);
    assert.equal(await call(first).catch(() => 0), 401, 'nobody has told it yet');
  });

  it('do not share across another profile', async () => {
    await begin();
    const first = await open();
    await first.signIn();
    await allConnected();
    const profile = structuredClone(world.sandbox.line.profile) as {
      servers: { id: string; scopes: string[] }[];
    };
    for (const server of profile.servers) {
      if (server.id === 'tickets') server.scopes = ['tickets:read'];
    }
    const second = await open({ profile });
    await allConnected();
    const { state } = tickets(second);
    assert.ok(state.kind === 'connected');
    assert.deepEqual(state.scopes, ['tickets:read']);
  });

  it('end in all what Forget Everything ends in one, each with a storage of its own', async () => {
    await begin();
    const stores = [new Map<string, string>(), new Map<string, string>()] as const;
    const windows = [await open({ secrets: stores[0] }), await open({ secrets: stores[1] })];
    await windows[0]!.signIn();
    await allConnected();
    assert.deepEqual(await windows[1]!.connections.forgetEverything(), []);
    await eventually(
      'all are out',
      () => windows.every((one) => session(one) === 'signedOut'),
      soon,
    );
    await eventually('nothing is stored', () => stores.every(({ size }) => size === 0), soon);
  });
});
