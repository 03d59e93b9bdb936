// What one window must not do to another, each of which has gone wrong once.
import assert from 'node:assert/strict';
import type { WindowLink } from '../../../src/core/windows/link.ts';
import { ConnectError } from '../../../src/core/errors.ts';
import type { Clock } from '../../../src/core/ports.ts';
import { openWindowMeans } from '../../../src/node/windowMeans.ts';
import type { Setup } from '../../../src/sandbox/setup.ts';
import { startCompany, type InProcessSandbox } from '../../support/company.ts';
import { createEmployee, type Employee } from '../../support/employee.ts';
import { eventually } from '../../support/eventually.ts';
import { FastClock } from '../../support/fastClock.ts';
import { makeWindowFolders, silentLog, type WindowFolders } from '../../support/windowFolders.ts';

const soon = { withinMs: 1_000, everyMs: 5 };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Opened {
  secrets?: Map<string, string>;
  profile?: unknown;
  clock?: Clock;
  fetch?: typeof fetch;
}

describe('windows that do each other no harm', function () {
  this.timeout(30_000);
  const world = {} as {
    sandbox: InProcessSandbox;
    folders: WindowFolders;
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
  const open = async (options: Opened = {}) => {
    const { storageFolder, runtimeFolder } = world.folders;
    const means = await openWindowMeans({
      storageFolder,
      environment: { XDG_RUNTIME_DIR: runtimeFolder },
      platform: process.platform,
      version: '0.0.0-test',
      log: silentLog,
    });
    await means.link.settled();
    const window = await createEmployee({
      profile: world.sandbox.line.profile,
      person: 'alice',
      source: 'managed',
      secrets: world.secrets,
      ...options,
      windows: means,
    });
    world.windows.push(window);
    world.links.set(window, means.link);
    return window;
  };
  const several = async (count: number) => {
    const made: Employee[] = [];
    while (made.length < count) made.push(await open());
    return made;
  };
  const kinds = (window: Employee) =>
    window.connections.overview().connections.map(({ state }) => state.kind);
  const allConnected = (windows: readonly Employee[] = world.windows) =>
    eventually(
      'all connected',
      () => windows.every((one) => kinds(one).every((kind) => kind === 'connected')),
      { withinMs: 5_000, everyMs: 10 },
    );
  const entries = async (...legs: string[]) =>
    (await world.sandbox.admin.ledger(world.since)).filter(({ leg }) => legs.includes(leg));
  const tickets = ({ connections }: Employee) => connections.connection('tickets')!;
  const changed = (change: object) => ({
    ...(structuredClone(world.sandbox.line.profile) as object),
    ...change,
  });
  /** Calls to URLs that `which` is true of wait until released. */
  const gated = (which: (url: string) => boolean) => {
    const gate = { isShut: false, waiting: 0, open: (): void => undefined };
    const opened = { promise: Promise.resolve() };
    const shut = () => {
      gate.isShut = true;
      opened.promise = new Promise((resolve) => {
        gate.open = () => {
          gate.isShut = false;
          resolve();
        };
      });
    };
    const fetcher: typeof fetch = async (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      if (gate.isShut && which(url)) {
        gate.waiting++;
        await opened.promise;
      }
      return fetch(input, init);
    };
    return { gate, shut, fetch: fetcher };
  };

  it('a connection closed at its limit stays closed while nobody answers', async () => {
    await begin();
    const clock = new FastClock(1);
    const profile = changed({ limits: { maxStalenessMinutes: 0 } });
    const windows = [await open({ clock, profile }), await open({ clock, profile })];
    await windows[1]!.signIn();
    await allConnected();
    await world.sandbox.admin.faults({ identityProviderDown: true });
    clock.skip(10 * 60_000);
    const seen: string[] = [];
    windows[1]!.connections.onDidChange(() => seen.push(tickets(windows[1]!).state.kind));
    await tickets(windows[1]!).check();
    assert.equal(tickets(windows[1]!).state.kind, 'paused');
    await pause(4_500);
    assert.ok(!seen.slice(seen.indexOf('paused')).includes('connected'), seen.join());
  });

  it('keeps to its own cap where another window minted', async () => {
    await begin();
    await open();
    const second = await open({ profile: changed({ limits: { tokenCapMinutes: 5 } }) });
    await second.signIn();
    await allConnected();
    const { expiresAtMs = 0 } = tickets(second).snapshot();
    assert.ok(expiresAtMs - Date.now() <= 5 * 60_000, String(expiresAtMs - Date.now()));
  });

  it('hear what is turned off while nobody leads', async () => {
    await begin();
    const [first, second, third] = (await several(3)) as [Employee, Employee, Employee];
    await first.signIn();
    await allConnected();
    world.links.get(first)!.dispose();
    await eventually('choosing', () => world.links.get(second)!.role === 'choosing', {
      withinMs: 500,
      everyMs: 0,
    });
    await second.connections.turnOff('tickets');
    await eventually('third hears', () => tickets(third).state.kind === 'turnedOff', soon);
  });

  it('lose what another hears is removed while they still connect', async () => {
    await begin({
      authorizationServers: [{ id: 'guard', label: 'Guard', revocationEndpoint: false }],
      servers: [
        {
          ...{ id: 'tickets', label: 'Tickets', authorizationServer: 'guard' },
          ...{ scopes: ['tickets:read'], people: ['alice'] },
        },
      ],
    });
    const first = await open();
    await first.signIn();
    await allConnected();
    const { url } = tickets(first).server;
    const slow = gated((one) => one === url);
    slow.shut();
    const second = await open({ fetch: slow.fetch });
    await eventually('it probes', () => slow.gate.waiting > 0, soon);
    await world.sandbox.admin.remove('alice', 'tickets');
    await tickets(first).check();
    assert.equal(tickets(first).state.kind, 'accessRemoved');
    await pause(100);
    slow.gate.open();
    await pause(1_500);
    assert.notEqual(tickets(second).state.kind, 'connected');
  });

  it('give back what they hold where all close at once', async () => {
    await begin();
    const windows = await several(3);
    await windows[0]!.signIn();
    await allConnected();
    await mark();
    world.windows = [];
    await Promise.all(windows.map((window) => window.dispose()));
    assert.ok((await entries('revocation')).length > 0);
  });

  it('keep what they hold listed, and nothing of it after signing out', async () => {
    await begin();
    const windows = await several(2);
    await windows[1]!.signIn();
    await allConnected();
    await windows[1]!.connections.signOut('acme');
    await eventually('out', () => windows.every((one) => kinds(one)[0] === 'signedOut'), soon);
    await pause(100);
    const { storageFolder, runtimeFolder } = world.folders;
    const spy = await openWindowMeans({
      ...{ storageFolder, environment: { XDG_RUNTIME_DIR: runtimeFolder }, version: 'x' },
      ...{ platform: process.platform, log: silentLog },
    });
    await spy.link.settled();
    const told = JSON.stringify(await spy.link.request('join', { entries: [] }));
    spy.link.dispose();
    assert.ok(
      !/idToken acme[^}]*eyJ/.test(told),
      told.replace(/eyJ[^"\\]*/g, 'eyJ…').slice(0, 400),
    );
  });

  it('are bound to one key after everything was forgotten', async () => {
    await begin({
      identityProvider: { dpop: 'supported' },
      authorizationServers: [{ id: 'guard', label: 'Guard', dpop: 'required' }],
      servers: [
        {
          ...{ id: 'vault', label: 'Vault', authorizationServer: 'guard', scopes: ['vault:use'] },
          ...{ people: ['alice'], dpop: 'required' },
        },
      ],
    });
    const windows = await several(2);
    await windows[1]!.signIn();
    await allConnected();
    await windows[1]!.connections.forgetEverything();
    await eventually('out', () => windows.every((one) => kinds(one)[0] === 'signedOut'), soon);
    await windows[1]!.signIn();
    await allConnected();
  });

  it('go on connecting where the window that leads closes meanwhile', async () => {
    await begin({ identityProvider: { idTokenSeconds: 61 } });
    const metadata = gated(
      (url) =>
        /tickets.*well-known|well-known.*tickets/.test(url) ||
        url.startsWith(`${ticketsOrigin.is}/.well-known/oauth-protected`),
    );
    const ticketsOrigin = { is: '-' };
    const token = gated((url) => url === tokenEndpoint.is);
    const tokenEndpoint = { is: '-' };
    const first = await open({
      fetch: (input, init) => {
        const url = input instanceof Request ? input.url : String(input);
        return url === tokenEndpoint.is ? token.fetch(input, init) : metadata.fetch(input, init);
      },
    });
    const second = await open();
    await second.signIn();
    await allConnected();
    const issuer = (world.sandbox.line.profile as { identityProviders: { issuer: string }[] })
      .identityProviders[0]!.issuer;
    const published = (await (
      await fetch(`${issuer}/.well-known/openid-configuration`)
    ).json()) as { token_endpoint: string };
    tokenEndpoint.is = published.token_endpoint;
    ticketsOrigin.is = new URL(tickets(second).server.url).origin;
    await pause(1_200);
    metadata.shut();
    token.shut();
    await first.connections.reconnect('nothing');
    void second.connections.reconnectAll();
    await eventually('asked', () => token.gate.waiting > 0 && metadata.gate.waiting > 0, soon);
    world.windows = [second];
    const closed = first.dispose();
    await pause(50);
    metadata.gate.open();
    await pause(100);
    token.gate.open();
    await closed;
    await pause(1_500);
    assert.ok(
      kinds(second).every((kind) => kind === 'connected'),
      JSON.stringify(
        second.connections
          .overview()
          .connections.map((one) => [one.id, one.state.kind, one.failure?.code]),
      ),
    );
  });

  it('never get what belongs to another account', async () => {
    await begin();
    const slow = gated((url) => url.includes('oauth-protected-resource'));
    const { storageFolder, runtimeFolder } = world.folders;
    const environment = { XDG_RUNTIME_DIR: runtimeFolder };
    const means = await openWindowMeans({
      ...{ storageFolder, environment, version: 'x', platform: process.platform, log: silentLog },
    });
    await means.link.settled();
    const first = await createEmployee({
      ...{ profile: world.sandbox.line.profile, person: 'alice', source: 'managed' as const },
      ...{ secrets: world.secrets, windows: means, fetch: slow.fetch },
    });
    world.windows.push(first);
    await first.signIn();
    await eventually('connected', () => kinds(first).every((kind) => kind === 'connected'), soon);
    const spy = await openWindowMeans({
      ...{ storageFolder, environment, version: 'x', platform: process.platform, log: silentLog },
    });
    await spy.link.settled();
    const { profileMark } = await import('../../../src/core/windows/profileMark.ts');
    const { readProfile } = await import('../../../src/core/profile/profile.ts');
    const { profile } = readProfile(world.sandbox.line.profile, 'managed');
    const identityProvider = profile!.identityProviders[0]!;
    const server = profile!.servers.find(({ id }) => id === 'docs')!;
    const person = first.connections.overview().people[0]!.session;
    const accountId = person.kind === 'signedIn' ? person.account.id : '';
    await first.connections.reconnect('');
    slow.shut();
    const wish = {
      ...{ identityProvider: identityProvider.id, accountId, serverId: 'docs' },
      scopes: server.scopes,
      profile: await profileMark(identityProvider, server),
      maxAgeMs: 0,
    };
    const asked = spy.link.request('mint', wish).then(
      (access) => ({ access, error: undefined }),
      (error: unknown) => ({ access: undefined, error }),
    );
    await eventually('asked', () => slow.gate.waiting > 0, soon);
    await mark();
    const other = await createEmployee({
      ...{ profile: world.sandbox.line.profile, person: 'bob', source: 'managed' as const },
      ...{ secrets: world.secrets },
      windows: await openWindowMeans({
        ...{ storageFolder, environment, version: 'x', platform: process.platform, log: silentLog },
      }),
    });
    world.windows.push(other);
    await other.signIn();
    await eventually(
      'bob is in',
      () => {
        const now = first.connections.overview().people[0]!.session;
        return now.kind === 'signedIn' && now.account.id !== accountId;
      },
      soon,
    );
    slow.gate.open();
    const { access, error } = await asked;
    spy.link.dispose();
    assert.equal(
      access,
      undefined,
      `alice's window was given bob's: ${JSON.stringify(await entries('exchange'))}`,
    );
    assert.ok(ConnectError.is(error));
    const asked_ = (await entries('exchange')).filter((one) => one.server === 'docs');
    assert.notEqual(error.code, 'exchange.denied', JSON.stringify(asked_));
  });

  it('hear of an emergency stop that another window has found', async () => {
    await begin({ emergencyStop: true });
    const windows = await several(2);
    await windows[0]!.signIn();
    await allConnected();
    await world.sandbox.admin.stop({ servers: ['tickets'] });
    await windows[1]!.connections.checkNow();
    assert.equal(tickets(windows[1]!).state.kind, 'stopped');
    await eventually('stopped', () => tickets(windows[0]!).state.kind === 'stopped', soon);
  });

  it('are all out where one signs out, also one whose keyring would not store', async () => {
    await begin();
    const broken = new Map<string, string>();
    broken.set = () => {
      throw new Error('no keyring');
    };
    const first = await open({ secrets: broken });
    const second = await open({ secrets: new Map() });
    await first.signIn();
    await allConnected();
    await second.connections.signOut('acme');
    await eventually('first is out', () => kinds(first)[0] === 'signedOut', soon);
  });
});
