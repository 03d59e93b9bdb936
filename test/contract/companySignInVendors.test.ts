// Company sign-in at identity providers that are not like Acme's, or not honest.
import assert from 'node:assert/strict';
import { openCompany, type Company } from '../../src/sandbox/company.ts';
import type { IdentityProviderSetup } from '../../src/sandbox/setup.ts';
import { createEmployee, type Employee } from '../support/employee.ts';
import { adminClient, type Admin } from '../support/sandbox.ts';

interface RawProfile {
  readonly identityProviders: readonly object[];
  readonly servers: readonly object[];
}

interface World {
  readonly company: Company;
  readonly employee: Employee;
  readonly admin: Admin;
  readonly legs: (...wanted: string[]) => Promise<string[]>;
}

describe('company sign-in at an identity provider', function () {
  this.timeout(30_000);
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  /** Alice's computer, at a company whose identity provider is like `setup`. */
  async function arrive(
    setup: IdentityProviderSetup,
    change: { identityProvider?: object; options?: object } = {},
  ): Promise<World> {
    const company = await openCompany({
      port: 0,
      latencyMs: 0,
      setup: { identityProvider: setup },
    });
    open.push(() => company.close());
    const { description } = company;
    const raw = description.profile as unknown as RawProfile;
    const identityProviders = raw.identityProviders.map((one) => ({
      ...one,
      ...change.identityProvider,
    }));
    const employee = await createEmployee({
      person: 'alice',
      profile: { ...raw, identityProviders },
      ...change.options,
    });
    open.push(() => employee.dispose());
    const admin = adminClient(description.admin.api);
    const legs = async (...wanted: string[]) =>
      (await admin.ledger(0)).filter(({ leg }) => wanted.includes(leg)).map(({ leg }) => leg);
    return { company, employee, admin, legs };
  }
  const states = ({ connections }: Employee) =>
    connections.overview().connections.map(({ state }) => state.kind);
  const settled = async (employee: Employee) => {
    await employee.until(() => !states(employee).some((kind) => kind === 'connecting'));
    return employee.connections.overview().connections;
  };
  const allConnected = (employee: Employee) =>
    employee.until(() => states(employee).every((kind) => kind === 'connected'));

  describe('that takes refresh tokens only', () => {
    for (const rotatesInExchange of [true, false]) {
      it(`and ${rotatesInExchange ? 'replaces' : 'keeps'} them: four servers, nothing lost, also after a restart`, async () => {
        const secrets = new Map<string, string>();
        const setup: IdentityProviderSetup = {
          subjectTokens: ['refreshToken'],
          subjectError: 'invalid_request',
          rotatesInExchange,
        };
        const { employee, legs } = await arrive(setup, { options: { secrets } });
        await employee.signIn();
        await allConnected(employee);
        const before = [...secrets.values()].join();
        await employee.connections.reconnectAll();
        await allConnected(employee);
        assert.equal([...secrets.values()].join() === before, !rotatesInExchange);
        assert.equal(employee.connections.overview().people[0]?.session.kind, 'signedIn');
        assert.deepEqual(await legs('refresh'), []);
      });
    }
  });

  describe('that wants a stronger sign-in', () => {
    const stepUp = { docs: { acr: 'urn:acme:strong' } };

    it('is satisfied by one on the click, and the others stay open meanwhile', async () => {
      const { employee, legs } = await arrive({ stepUp });
      await employee.signIn();
      const [, docs] = await settled(employee);
      assert.deepEqual(states(employee), ['connected', 'needsSignIn', 'connected', 'connected']);
      assert.equal(docs?.failure?.code, 'exchange.stepUpRequired');
      assert.equal(docs.failure.facts.acrValues, 'urn:acme:strong');
      const gate = employee.connections.connection('tickets')!.gate;
      await employee.signIn();
      await allConnected(employee);
      assert.equal(employee.connections.connection('tickets')!.gate, gate);
      const asked = employee.opened.map((url) => new URL(url).searchParams.get('acr_values'));
      assert.deepEqual(asked, [null, 'urn:acme:strong']);
      assert.equal((await legs('exchange')).length, 5);
    });

    it('is believed when it asks again all the same, and nobody goes in circles', async () => {
      const { employee } = await arrive({ stepUp, stepUpWorks: false });
      await employee.signIn();
      await settled(employee);
      await employee.signIn();
      const [, docs] = await settled(employee);
      assert.equal(docs?.failure?.code, 'exchange.stepUpFailed');
    });

    it('is given one of the same account only', async () => {
      const who = { now: 'alice' };
      const { employee, admin } = await arrive({ stepUp }, { options: { person: () => who.now } });
      await employee.signIn();
      await settled(employee);
      who.now = 'bob';
      await assert.rejects(employee.signIn(), { code: 'identityProvider.accountMismatch' });
      await settled(employee);
      // The provider may have signed Alice out to let Bob in; nobody here took him for her.
      const { session } = employee.connections.overview().people[0]!;
      assert.ok('account' in session && session.account.id === 'alice');
      const exchanges = (await admin.ledger(0)).filter(({ leg }) => leg === 'exchange');
      assert.ok(exchanges.length > 3 && exchanges.every(({ person }) => person !== 'bob'));
    });
  });

  describe('with accounts of many', () => {
    const accounts = { emailDomains: ['acme.example'] };
    for (const [what, boundary, claims, isIn] of [
      ['an e-mail domain', accounts, {}, true],
      ['another e-mail domain', { emailDomains: ['other.example'] }, {}, false],
      ['hd', { hostedDomain: 'acme.example' }, { hd: 'acme.example' }, true],
      ['another hd', { hostedDomain: 'acme.example' }, { hd: 'gmail.example' }, false],
      ['a tenant', { tenant: 't-1' }, { tid: 't-1' }, true],
      ['another tenant', { tenant: 't-1' }, { tid: 't-2' }, false],
    ] as const) {
      it(`${isIn ? 'lets in' : 'refuses before any exchange'} by ${what}`, async () => {
        const { employee, legs } = await arrive(
          { claims },
          { identityProvider: { accounts: boundary } },
        );
        if (isIn) {
          await employee.signIn();
          await allConnected(employee);
          return;
        }
        await assert.rejects(employee.signIn(), {
          code: 'identityProvider.accountNotAllowed',
        });
        const { facts } = employee.connections.overview().people[0]!.failure!;
        assert.equal(facts.actual, 'alice@acme.example');
        await employee.until(() => true);
        assert.deepEqual(await legs('exchange', 'redemption', 'revocation'), ['revocation']);
        assert.equal(employee.secrets.size, 0);
      });
    }
  });

  describe('in the redirect', () => {
    for (const [issParameter, isTaken] of [
      ['right', true],
      ['unadvertised', true],
      ['missing', false],
      ['wrong', false],
    ] as const) {
      it(`with iss ${issParameter} is ${isTaken ? 'taken' : 'refused, and the code goes nowhere'}`, async () => {
        const { employee, admin } = await arrive({ issParameter });
        if (isTaken) return employee.signIn();
        await assert.rejects(employee.signIn(), { code: 'identityProvider.responseInvalid' });
        const asked = (await admin.ledger(0)).filter(({ endpoint }) => endpoint.endsWith('/token'));
        assert.deepEqual(asked, []);
      });
    }

    it('does not open the browser without PKCE, unless the profile says so', async () => {
      const { employee } = await arrive({ advertisesPkce: false });
      await assert.rejects(employee.signIn(), { code: 'identityProvider.pkceNotOffered' });
      assert.deepEqual(employee.opened, []);
      const other = await arrive(
        { advertisesPkce: false },
        { identityProvider: { pkceUnadvertised: true } },
      );
      await other.employee.signIn();
    });
  });

  describe('with a code', () => {
    const withCode = { identityProvider: { signIn: 'deviceCode' } };

    it('signs in on another device', async () => {
      const { employee } = await arrive({ deviceGrant: true }, withCode);
      assert.equal(employee.connections.overview().people[0]?.withCode, true);
      const pages: string[] = [];
      await employee.signIn('acme', {
        withCode: async ({ userCode, verificationUri }) => {
          const page = await employee.browser.enterCode(verificationUri, userCode, 'alice');
          pages.push(page.text);
        },
      });
      await allConnected(employee);
      assert.deepEqual([pages.length, employee.opened], [1, []]);
      const { session } = employee.connections.overview().people[0]!;
      assert.ok(session.kind === 'signedIn' && session.account.id === 'alice');
    });

    it('says where it is not offered', async () => {
      const { employee, legs } = await arrive({}, withCode);
      const done = employee.signIn('acme', { withCode: () => undefined });
      await assert.rejects(done, { code: 'identityProvider.deviceCodeNotOffered' });
      assert.deepEqual(await legs('signIn', 'other'), []);
    });

    it('can be given up', async () => {
      const { employee } = await arrive({ deviceGrant: true }, withCode);
      const cancel = new AbortController();
      const done = employee.connections.signIn('acme', cancel.signal, {
        withCode: () => {
          cancel.abort();
        },
      });
      await assert.rejects(done, { code: 'user.cancelled' });
      assert.equal(employee.connections.overview().people[0]?.session.kind, 'signedOut');
    });
  });

  describe('that knows this computer by its key', () => {
    it('is told the key that was made here, and signs in once it knows it', async () => {
      const secrets = new Map<string, string>();
      const { employee, company } = await arrive(
        { clientAuthentication: ['none', 'private_key_jwt'] },
        {
          identityProvider: {
            clientId: 'enterprise-mcp-key',
            clientAuthentication: 'private_key_jwt',
          },
          options: { secrets },
        },
      );
      const { connections } = employee;
      await assert.rejects(employee.signIn(), { code: 'identityProvider.clientKeyMissing' });
      const registrations = await connections.registrations();
      const [owner, ...others] = registrations.deviceKeyOwners();
      assert.ok(owner?.kind === 'identityProvider' && owner.clientId === 'enterprise-mcp-key');
      assert.deepEqual([others, registrations.secretOwners()], [[], []]);
      assert.equal(await registrations.deviceKey(owner), undefined);
      const key = await registrations.createDeviceKey(owner);
      assert.deepEqual(await registrations.createDeviceKey(owner), key);
      assert.deepEqual(await registrations.deviceKey(owner), key);
      assert.ok('x' in key && !('d' in key));
      await assert.rejects(employee.signIn(), { code: 'identityProvider.clientRefused' });
      company.registerKey(owner.clientId, key);
      await employee.signIn();
      await allConnected(employee);
      const replaced = await registrations.createDeviceKey(owner, { replace: true });
      assert.notDeepEqual(replaced, key);
      const said = [...employee.log, ...employee.opened, JSON.stringify(connections.overview())];
      const kept = [...secrets.values()].find((value) => value.includes('"d"')) ?? '';
      assert.ok(!said.join().includes((JSON.parse(kept) as { d: string }).d));
    });
  });

  describe('that is not honest', () => {
    for (const tampering of [
      'idTokenAlgNone',
      'idTokenHs256WithPublicKey',
      'idTokenForeignKid',
      'idTokenEmbeddedJwk',
      'idTokenWrongAudience',
      'idTokenWrongIssuer',
      'idTokenWrongNonce',
      'idTokenExpired',
    ] as const) {
      it(`is caught with ${tampering} before any exchange`, async () => {
        const { employee, legs } = await arrive({ tampering });
        await assert.rejects(employee.signIn(), { code: 'identityProvider.idTokenInvalid' });
        assert.deepEqual(await legs('exchange', 'redemption'), []);
        assert.equal(employee.secrets.size, 0);
      });
    }

    it('is caught when it renews somebody else', async () => {
      const { employee } = await arrive({
        tampering: 'refreshedIdTokenOfAnother',
        idTokenSeconds: 30,
      });
      await employee.signIn();
      const [first] = await settled(employee);
      // What it gave instead goes back, and nobody goes on with it.
      assert.equal(first?.state.kind, 'sessionEnded');
      const { failure, session } = employee.connections.overview().people[0]!;
      assert.deepEqual(
        [failure?.code, session.kind],
        ['identityProvider.accountMismatch', 'ended'],
      );
    });

    it('is not blamed for a clock that is wrong here', async () => {
      const { employee } = await arrive({ clockOffsetSec: -3_600 });
      await assert.rejects(employee.signIn(), { code: 'network.clockSkew' });
      const { facts } = employee.connections.overview().people[0]!.failure!;
      assert.ok(Math.abs((facts.clockOffsetSec ?? 0) - 3_600) < 10);
    });
  });
});
