// Two companies at once: each with its own session, account and way back; nothing of one reaches the other.
import assert from 'node:assert/strict';
import { ConnectError } from '../../src/core/errors.ts';
import { createEmployee, type Employee } from '../support/employee.ts';
import { startSandbox, type Sandbox } from '../support/sandbox.ts';

interface RawProfile {
  readonly identityProviders: readonly { readonly issuer: string }[];
  readonly servers: readonly { readonly id: string; readonly label: string }[];
}

describe('an employee of two companies', function () {
  this.timeout(30_000);
  const world = {} as { acme: Sandbox; beta: Sandbox; employee: Employee | undefined };

  before(async () => {
    [world.acme, world.beta] = await Promise.all([startSandbox(), startSandbox()]);
  });
  after(() => Promise.all([world.acme.stop(), world.beta.stop()]));
  beforeEach(() => Promise.all([world.acme.admin.reset(), world.beta.admin.reset()]));
  afterEach(() => world.employee?.dispose());

  /** Acme's servers, and one of Beta. */
  function bothProfiles() {
    const acme = world.acme.line.profile as unknown as RawProfile;
    const beta = world.beta.line.profile as unknown as RawProfile;
    const own = { identityProvider: 'beta', id: 'beta-docs', label: 'Beta Docs' };
    return {
      ...acme,
      identityProviders: [
        ...acme.identityProviders,
        ...beta.identityProviders.map((one) => ({ ...one, id: 'beta', label: 'Beta' })),
      ],
      servers: [
        ...acme.servers,
        ...beta.servers.filter(({ id }) => id === 'docs').map((one) => ({ ...one, ...own })),
      ],
    };
  }
  const isBeta = (url: URL) => url.port === new URL(world.beta.line.identityProvider.issuer).port;
  const arrive = async (redirected?: (to: URL) => URL): Promise<Employee> => {
    world.employee = await createEmployee({
      profile: bothProfiles(),
      person: (url) => (isBeta(url) ? 'bob' : 'alice'),
      ...(redirected === undefined ? {} : { redirected }),
    });
    return world.employee;
  };
  const people = ({ connections }: Employee) =>
    connections
      .overview()
      .people.map(({ session }) =>
        session.kind === 'signedIn' ? session.account.id : session.kind,
      );
  /** Requests at token endpoints. */
  const grants = async ({ admin }: Sandbox, since: number) =>
    (await admin.ledger(since))
      .filter(({ leg }) => leg === 'exchange' || leg === 'refresh' || leg === 'other')
      .map(({ leg, error }) => [leg, error]);

  it('signs in to both at once, as different people, over ways back of their own', async () => {
    const redirects: URL[] = [];
    const both = await arrive((to) => {
      if (to.pathname === '/callback') redirects.push(to);
      return to;
    });
    await Promise.all([both.signIn('acme'), both.signIn('beta')]);
    await both.until(() =>
      both.connections.overview().connections.every(({ state }) => state.kind === 'connected'),
    );
    assert.equal(both.connections.overview().connections.length, 5);
    assert.deepEqual(people(both), ['alice', 'bob']);
    for (const part of ['port', 'search'] as const) {
      assert.notEqual(redirects[0]?.[part], redirects[1]?.[part]);
    }
    await both.connections.signOut('beta');
    assert.deepEqual(people(both), ['alice', 'signedOut']);
    assert.equal(both.state('docs')?.kind, 'connected');
    assert.equal(both.state('beta-docs')?.kind, 'signedOut');
    assert.equal(both.secrets.size, 1);
  });

  /** Alice's browser is sent from Acme to Beta's way back; `change` is what the attacker makes of it. */
  async function mixedUp(change: (params: URLSearchParams, acmes: URLSearchParams) => void) {
    const acmes: { back?: URL } = {};
    const { promise, resolve } = deferred();
    const both = await arrive((to) => {
      if (to.pathname !== '/callback') return to;
      if (to.searchParams.get('iss') === world.acme.line.identityProvider.issuer) {
        acmes.back = to;
        resolve();
        return new URL('about.txt', world.acme.line.identityProvider.issuer);
      }
      change(to.searchParams, acmes.back!.searchParams);
      return to;
    });
    const cancel = new AbortController();
    const atAcme = both.connections.signIn('acme', cancel.signal).catch(() => undefined);
    await promise;
    const [acmeSince, betaSince] = await Promise.all(
      [world.acme, world.beta].map(async ({ admin }) => (await admin.state()).ledger.last),
    );
    const outcome = await both.signIn('beta').then(
      () => 'signed in',
      (error: unknown) => ConnectError.from(error).code,
    );
    cancel.abort();
    await atAcme;
    assert.deepEqual(people(both), ['signedOut', 'signedOut']);
    assert.deepEqual(await grants(world.acme, acmeSince!), []);
    return { outcome, atBeta: await world.beta.admin.ledger(betaSince!) };
  }
  const signIns = (entries: Awaited<ReturnType<Sandbox['admin']['ledger']>>) =>
    entries.filter(({ endpoint }) => endpoint === '/token');

  it('is not signed in by a code of Acme at the way back of Beta', async () => {
    const { outcome, atBeta } = await mixedUp((params, acmes) => {
      for (const name of ['code', 'iss']) params.set(name, acmes.get(name)!);
    });
    assert.equal(outcome, 'identityProvider.responseInvalid');
    assert.deepEqual(signIns(atBeta), []);
  });

  it('is not signed in by an answer that hides who it is of', async () => {
    const { outcome, atBeta } = await mixedUp((params, acmes) => {
      params.set('code', acmes.get('code')!);
      params.delete('iss');
    });
    assert.equal(outcome, 'identityProvider.responseInvalid');
    assert.deepEqual(signIns(atBeta), []);
  });

  it('is not signed in by a code of Acme that passes for one of Beta, and Acme never hears of it', async () => {
    const { outcome, atBeta } = await mixedUp((params, acmes) => {
      params.set('code', acmes.get('code')!);
    });
    assert.equal(outcome, 'identityProvider.responseInvalid');
    assert.deepEqual(
      signIns(atBeta).map(({ error }) => error),
      ['invalid_grant'],
    );
  });
});

function deferred() {
  const parts: { resolve?: () => void } = {};
  const promise = new Promise<void>((resolve) => (parts.resolve = resolve));
  return { promise, resolve: () => parts.resolve?.() };
}
