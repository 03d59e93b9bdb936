// The real core against the sandbox company: sign-in, four servers, every way access ends.
import assert from 'node:assert/strict';
import { readProfile } from '../../src/core/profile/profile.ts';
import { Secret } from '../../src/core/secret.ts';
import { createEmployee, type Employee } from '../support/employee.ts';
import { eventually } from '../support/eventually.ts';
import { startSandbox, type LedgerEntry, type Sandbox } from '../support/sandbox.ts';

/** The part of the profile these tests change. */
interface RawProfile {
  readonly identityProviders: readonly object[];
  readonly servers: readonly { readonly authorizationServer: string }[];
}

describe('an employee at Acme', function () {
  this.timeout(30_000);
  const world = {} as { sandbox: Sandbox; employee: Employee | undefined; since: number };

  before(async () => {
    world.sandbox = await startSandbox();
  });
  after(() => world.sandbox.stop());

  beforeEach(async () => {
    const { ledger } = await world.sandbox.admin.reset();
    world.since = ledger.last;
  });
  afterEach(async () => {
    await world.employee?.dispose();
    world.employee = undefined;
    const fallbacks = (await ledger()).filter(({ leg }) => leg === 'fallback');
    assert.deepEqual(fallbacks, [], 'a fall-back to per-user OAuth');
  });

  const ledger = (): Promise<readonly LedgerEntry[]> => world.sandbox.admin.ledger(world.since);
  const legs = async (...wanted: string[]) =>
    (await ledger()).filter(({ leg }) => wanted.includes(leg));
  const arrive = async (
    person: string,
    change: Partial<Parameters<typeof createEmployee>[0]> = {},
  ): Promise<Employee> => {
    const { profile } = world.sandbox.line;
    world.employee = await createEmployee({ profile, person, ...change });
    return world.employee;
  };
  const connected = (employee: Employee) =>
    employee.connections
      .overview()
      .connections.filter(({ state }) => state.kind === 'connected')
      .map(({ id }) => id);
  const allConnected = (employee: Employee) => () => connected(employee).length === 4;

  it('signs in once and has every server she is granted', async () => {
    const alice = await arrive('alice');
    await alice.signIn();
    await alice.until(allConnected(alice));
    assert.equal(alice.opened.length, 1);
    const { connections, people } = alice.connections.overview();
    assert.ok(people[0]?.session.kind === 'signedIn');
    assert.match(people[0].session.account.label, /alice/);
    for (const { tools, state } of connections) {
      assert.ok(tools.length > 0 && state.kind === 'connected' && state.reducedBy.length === 0);
    }
    assert.deepEqual(
      (await legs('exchange')).map(({ person, outcome }) => [person, outcome]),
      [
        ['alice', 'ok'],
        ['alice', 'ok'],
        ['alice', 'ok'],
        ['alice', 'ok'],
      ],
    );
  });

  it('asks no more than it must: 5 for a first server, 3 at a known authorization server, 4 at a new one', async () => {
    const alice = await arrive('alice');
    await alice.signIn();
    await alice.until(allConnected(alice));
    const count = async (...wanted: string[]) => (await legs(...wanted)).length;
    assert.equal(await count('exchange'), 4);
    assert.equal(await count('redemption'), 4);
    const metadata = (await legs('metadata')).filter(({ party }) => party !== 'identityProvider');
    // 4 servers and 3 authorization servers; with the 8 above and the identity provider's own
    // metadata that is 5 + 4 + 4 + 3.
    assert.equal(metadata.length, 7);
    const refused = (await legs('mcp')).filter(({ status }) => status === 401);
    assert.deepEqual(refused, []);
  });

  it('bob has Docs, and the rest is not granted; carol has nothing', async () => {
    const bob = await arrive('bob');
    await bob.signIn();
    await bob.until(() =>
      bob.connections.overview().connections.every(({ state }) => state.kind !== 'connecting'),
    );
    assert.deepEqual(
      bob.connections.overview().connections.map(({ id, state }) => [id, state.kind]),
      [
        ['tickets', 'notGranted'],
        ['docs', 'connected'],
        ['builds', 'notGranted'],
        ['everything', 'notGranted'],
      ],
    );
    await bob.dispose();
    const carol = await arrive('carol');
    await carol.signIn();
    await carol.until(() =>
      carol.connections.overview().connections.every(({ state }) => state.kind === 'notGranted'),
    );
  });

  it('loses a server when the company removes it, and gets it back', async () => {
    const alice = await arrive('alice');
    await alice.signIn();
    await alice.until(allConnected(alice));
    await world.sandbox.admin.remove('alice', 'tickets');
    await alice.connections.checkNow();
    assert.equal(alice.state('tickets')?.kind, 'accessRemoved');
    assert.deepEqual(connected(alice), ['docs', 'builds', 'everything']);
    await alice.until(() => true);
    await eventually('given back', async () => (await legs('revocation')).length === 1);
    await world.sandbox.admin.grant('alice', 'tickets', ['tickets:read']);
    await alice.connections.reconnect('tickets');
    const state = alice.state('tickets');
    assert.ok(state?.kind === 'connected');
    assert.deepEqual([state.scopes, state.reducedBy], [['tickets:read'], ['tickets:write']]);
  });

  it('calls a removal a removal also in the next window', async () => {
    const secrets = new Map<string, string>();
    const preferences = new Map<string, unknown>();
    const first = await arrive('alice', { secrets, preferences });
    await first.signIn();
    await first.until(allConnected(first));
    await world.sandbox.admin.remove('alice', 'docs');
    const second = await arrive('alice', { secrets, preferences });
    await second.until(() => second.state('docs')?.kind === 'accessRemoved');
    assert.equal(second.opened.length, 0);
    await first.dispose();
  });

  it('is signed out everywhere when the company ends the session', async () => {
    const alice = await arrive('alice');
    await alice.signIn();
    await alice.until(allConnected(alice));
    await world.sandbox.admin.endSession('alice');
    await alice.connections.checkNow();
    assert.deepEqual(
      alice.connections.overview().connections.map(({ state }) => state.kind),
      ['sessionEnded', 'sessionEnded', 'sessionEnded', 'sessionEnded'],
    );
    assert.equal(alice.connections.overview().people[0]?.session.kind, 'ended');
    assert.equal(alice.secrets.size, 0);
  });

  it('gives everything back when she signs out', async () => {
    const alice = await arrive('alice');
    await alice.signIn();
    await alice.until(allConnected(alice));
    await alice.connections.signOut('acme');
    assert.deepEqual(connected(alice), []);
    assert.equal(alice.secrets.size, 0);
    assert.deepEqual((await legs('revocation')).map(({ party }) => party).sort(), [
      'authorizationServer',
      'authorizationServer',
      'authorizationServer',
      'authorizationServer',
      'identityProvider',
    ]);
    assert.match(alice.opened[1] ?? '', /client_id=/);
    assert.doesNotMatch(alice.opened.join(), /eyJ|id_token_hint/);
    const { people } = await world.sandbox.admin.state();
    assert.equal(people.find(({ id }) => id === 'alice')?.accessTokens, 0);
  });

  it('is connected again after a restart without a click', async () => {
    const secrets = new Map<string, string>();
    const first = await arrive('alice', { secrets });
    await first.signIn();
    await first.until(allConnected(first));
    await first.dispose();
    const second = await arrive('alice', { secrets });
    await second.until(allConnected(second));
    assert.equal(second.opened.length, 0);
  });

  it('keeps everything when she signs in again, also what proves her sign-in', async () => {
    const raw = world.sandbox.line.profile as unknown as RawProfile;
    const identityProviders = raw.identityProviders.map((one) => ({
      ...one,
      subjectToken: 'refreshToken',
    }));
    const alice = await arrive('alice', { profile: { ...raw, identityProviders } });
    await alice.signIn();
    await alice.until(allConnected(alice));
    const gate = alice.connections.connection('tickets')!.gate;
    await alice.signIn();
    assert.equal(alice.connections.connection('tickets')!.gate, gate);
    await alice.connections.reconnectAll();
    assert.equal(connected(alice).length, 4);
    const atIdentityProvider = (await legs('revocation', 'refresh')).filter(
      ({ party }) => party === 'identityProvider',
    );
    assert.deepEqual(atIdentityProvider, []);
  });

  it('keeps her connections while the identity provider is down', async () => {
    const alice = await arrive('alice');
    await alice.signIn();
    await alice.until(allConnected(alice));
    await world.sandbox.admin.faults({ identityProviderDown: true });
    await alice.connections.checkNow();
    for (const { state } of alice.connections.overview().connections) {
      assert.ok(state.kind === 'connected' && state.unconfirmedSinceMs !== undefined);
    }
    assert.equal(alice.secrets.size, 1);
    await world.sandbox.admin.faults({ identityProviderDown: false });
    await alice.connections.checkNow();
    for (const { state } of alice.connections.overview().connections) {
      assert.ok(state.kind === 'connected' && state.unconfirmedSinceMs === undefined);
    }
  });

  for (const method of ['client_secret_basic', 'client_secret_post'] as const) {
    it(`proves who is asking with ${method} on both legs`, async () => {
      const { identityProvider, authorizationServers } = world.sandbox.line;
      const profile = world.sandbox.line.profile as unknown as RawProfile;
      const own = (clients: readonly { clientAuthentication: string }[]) =>
        clients.find(({ clientAuthentication }) => clientAuthentication === method)!;
      const alice = await arrive('alice', {
        source: 'managed',
        profile: {
          ...profile,
          identityProviders: profile.identityProviders.map((one) => ({
            ...one,
            ...own(identityProvider.clients),
          })),
          servers: profile.servers.map((one) => ({
            ...one,
            ...own(
              authorizationServers.find(({ issuer }) => issuer === one.authorizationServer)!
                .clients,
            ),
          })),
        },
      });
      await alice.signIn();
      await alice.until(allConnected(alice));
      await alice.connections.signOut('acme');
      assert.equal((await legs('revocation')).filter(({ outcome }) => outcome === 'ok').length, 5);
      const said = [...alice.log, ...alice.opened, JSON.stringify(alice.connections.overview())];
      for (const { clients } of [identityProvider, ...authorizationServers]) {
        const { clientSecret = 'none' } = own(clients) as { clientSecret?: string };
        assert.ok(clientSecret.length > 20 && !said.join().includes(clientSecret));
      }
    });
  }

  it('is told which secret is missing, and connects once it is stored', async () => {
    const { authorizationServers } = world.sandbox.line;
    const profile = world.sandbox.line.profile as unknown as RawProfile;
    const [server, ...others] = profile.servers;
    const client = authorizationServers
      .find(({ issuer }) => issuer === server!.authorizationServer)!
      .clients.find(({ clientAuthentication }) => clientAuthentication === 'client_secret_basic')!;
    const { clientSecret, ...registration } = client;
    const servers = [{ ...server!, ...registration }, ...others];
    const identityProviders = profile.identityProviders.map((one) => ({
      ...one,
      clientId: 'enterprise-mcp-basic',
      clientAuthentication: 'client_secret_basic',
    }));
    const alice = await arrive('alice', { profile: { ...profile, identityProviders, servers } });
    await assert.rejects(alice.signIn(), { code: 'identityProvider.clientSecretMissing' });
    const idpSecret = world.sandbox.line.identityProvider.clients.find(
      ({ clientId }) => clientId === 'enterprise-mcp-basic',
    )!.clientSecret!;
    await (
      await alice.connections.registrations()
    ).storeClientSecret({ kind: 'identityProvider', id: 'acme' }, new Secret(idpSecret));
    await alice.signIn();
    await alice.until(() => alice.state('tickets')?.kind === 'misconfigured');
    await (
      await alice.connections.registrations()
    ).storeClientSecret({ kind: 'server', id: 'tickets' }, new Secret(clientSecret!));
    assert.equal(alice.state('tickets')?.kind, 'connected');
  });

  for (const most of [1, 2, 4]) {
    it(`has at most ${most} requests in flight at the identity provider when the profile says so`, async () => {
      const raw = world.sandbox.line.profile as unknown as RawProfile;
      const { issuer } = world.sandbox.line.identityProvider;
      const flight = { now: 0, most: 0 };
      const alice = await arrive('alice', {
        profile: {
          ...raw,
          identityProviders: raw.identityProviders.map((one) => ({ ...one, maxRequests: most })),
        },
        fetch: async (input, init) => {
          const isCounted = input === `${issuer}/token`;
          if (isCounted) flight.most = Math.max(flight.most, ++flight.now);
          return fetch(input, init).finally(() => {
            if (isCounted) flight.now--;
          });
        },
      });
      await world.sandbox.admin.faults({ latencyMs: 20 });
      await alice.signIn();
      await alice.until(allConnected(alice));
      assert.equal(flight.most, most);
    });
  }

  it('undisturbed by a change of the profile elsewhere', async () => {
    const alice = await arrive('alice');
    await alice.signIn();
    await alice.until(allConnected(alice));
    const gate = alice.connections.connection('tickets')!.gate;
    const raw = world.sandbox.line.profile as unknown as RawProfile;
    const servers = raw.servers.slice(0, 2);
    await alice.connections.load(() =>
      Promise.resolve(readProfile({ ...raw, servers }, 'settings')),
    );
    assert.deepEqual(connected(alice), ['tickets', 'docs']);
    await alice.connections.load(() => Promise.resolve(readProfile(raw, 'settings')));
    await alice.until(allConnected(alice));
    assert.equal(alice.connections.connection('tickets')!.gate, gate);
    assert.equal(alice.opened.length, 1);
  });

  it('that is signed out is not reached by a reconnect', async () => {
    const alice = await arrive('alice');
    await alice.connections.reconnect('tickets');
    assert.equal(alice.state('tickets')?.kind, 'signedOut');
    assert.deepEqual(await ledger(), []);
  });

  it('turns a server off and on, over restarts', async () => {
    const secrets = new Map<string, string>();
    const preferences = new Map<string, unknown>();
    const alice = await arrive('alice', { secrets, preferences });
    await alice.signIn();
    await alice.until(allConnected(alice));
    await alice.connections.turnOff('docs');
    assert.equal(alice.state('docs')?.kind, 'turnedOff');
    await alice.dispose();
    const again = await arrive('alice', { secrets, preferences });
    await again.until(() => connected(again).length === 3);
    assert.equal(again.state('docs')?.kind, 'turnedOff');
    await again.connections.turnOn('docs');
    assert.equal(again.state('docs')?.kind, 'connected');
  });

  it('has four servers within a second of signing in at 50 ms per answer', async () => {
    const alice = await arrive('alice');
    await world.sandbox.admin.faults({ latencyMs: 50 });
    await alice.signIn();
    await alice.until(allConnected(alice), 10_000);
    const entries = await ledger();
    assert.ok(entries.length < 60, `${entries.length} requests`);
  });
});
