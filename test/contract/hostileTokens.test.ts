// What an attacker in the place of a party could hand us: each thing refused by its own name, within bounds,
// and nothing sent on afterwards.
import assert from 'node:assert/strict';
import type { IdentityProviderSetup, IdentityProviderTampering } from '../../src/sandbox/setup.ts';
import { isSettled, openVendorCompany, type VendorCompany } from './vendors/vendorCompany.ts';

describe('hostile tokens and answers', function () {
  this.timeout(40_000);
  const open: VendorCompany[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.stop()));
  });
  const company = async (identityProvider: IdentityProviderSetup) => {
    const one = await openVendorCompany({ identityProvider });
    open.push(one);
    return one;
  };
  const docsOnly = { only: ['docs'] };

  describe('at the sign-in', () => {
    const forged: readonly IdentityProviderTampering[] = [
      'idTokenAlgNone',
      'idTokenHs256WithPublicKey',
      'idTokenForeignKid',
      'idTokenEmbeddedJwk',
      'idTokenWrongAudience',
      'idTokenWrongIssuer',
      'idTokenWrongNonce',
      'idTokenExpired',
    ];
    for (const tampering of forged) {
      it(`refuses an ID token: ${tampering}`, async () => {
        const at = await company({ tampering });
        const alice = await at.employee('alice');
        await assert.rejects(alice.signIn(), { code: 'identityProvider.idTokenInvalid' });
        assert.deepEqual(await at.ledger('exchange', 'redemption', 'mcp', 'fallback'), []);
        assert.equal(alice.secrets.size, 0);
      });
    }

    it('refuses a renewed ID token of somebody else, and asks for nothing with it', async () => {
      // So short that it is renewed before its first use.
      const at = await company({ tampering: 'refreshedIdTokenOfAnother', idTokenSeconds: 30 });
      const alice = await at.employee('alice', docsOnly);
      await alice.signIn();
      await alice.until(() => alice.state('docs')?.kind === 'sessionEnded');
      const { code } = alice.connections.overview().people[0]!.failure!;
      assert.equal(code, 'identityProvider.accountMismatch');
      assert.deepEqual(await at.ledger('exchange', 'redemption', 'mcp'), []);
    });

    it('sends nothing to a token endpoint at an internal address', async () => {
      const at = await company({ tampering: 'metadataTokenEndpointElsewhere' });
      const { asked, fetch } = watched();
      const alice = await at.employee('alice', docsOnly, { fetch });
      await assert.rejects(alice.signIn(), { code: 'identityProvider.metadataInvalid' });
      assert.deepEqual(alice.opened, []);
      const { host } = new URL(at.sandbox.line.identityProvider.issuer);
      assert.deepEqual([...asked], [host]);
    });
  });

  describe('in the exchange', () => {
    const badGrants: readonly IdentityProviderTampering[] = [
      'idJagWrongAudience',
      'idJagWrongResource',
      'idJagWrongType',
      'idJagWrongClient',
      'idJagExpired',
      'idJagNotAJwt',
      'idJagTwoAudiences',
      'answerIssuedTokenTypeWrong',
      'answerMoreScopes',
      'answerNotJson',
      'answerOversized',
    ];
    for (const tampering of badGrants) {
      it(`drops the answer: ${tampering}`, async () => {
        const at = await company({ tampering });
        const alice = await at.settled('alice', docsOnly);
        const { state, code, remedy } = at.ending(alice, 'docs');
        assert.deepEqual(
          [state, code, remedy],
          ['misconfigured', 'exchange.answerInvalid', 'identityAdmin'],
        );
        await nothingSentOn(at);
      });
    }

    it('follows no redirect with what proves the sign-in', async () => {
      const at = await company({ tampering: 'answerRedirects' });
      const alice = await at.settled('alice', docsOnly);
      assert.equal(at.ending(alice, 'docs').code, 'network.captivePortal');
      await nothingSentOn(at);
      const places = (await at.sandbox.admin.ledger(0)).map(({ endpoint }) => endpoint);
      assert.ok(!places.includes('(unknown)'), places.join());
    });

    it('waits no more than 15 s for an answer that never ends', async () => {
      const at = await company({ tampering: 'answerNeverEnds' });
      const started = Date.now();
      const alice = await at.settled('alice', docsOnly);
      assert.ok(Date.now() - started < 20_000);
      const { state, code } = at.ending(alice, 'docs');
      assert.deepEqual([state, code], ['paused', 'identityProvider.unavailable']);
      await nothingSentOn(at);
    });

    it('finds a silent downgrade where access must be bound to this computer', async () => {
      const at = await company({ dpop: 'ignored' });
      const alice = await at.settled('alice', { ...docsOnly, servers: { dpop: 'always' } });
      assert.equal(at.ending(alice, 'docs').code, 'exchange.bindingMissing');
      await nothingSentOn(at);
    });

    it('redeems at no server what was issued for another', async () => {
      const at = await company({});
      const two = { only: ['docs', 'tickets'] };
      const alice = await at.settled('alice', two, { fetch: swapping('docs', 'tickets', at) });
      const { code, state } = at.ending(alice, 'tickets');
      assert.deepEqual([state, code], ['misconfigured', 'exchange.answerInvalid']);
      assert.equal(alice.state('docs')?.kind, 'connected');
      const redeemed = (await at.sandbox.admin.ledger(0))
        .filter(({ leg }) => leg === 'redemption')
        .map(({ id }) => id);
      assert.deepEqual(redeemed, ['docs']);
    });

    const nothingSentOn = async (at: VendorCompany) => {
      assert.equal((await at.ledger('exchange')).length, 1);
      assert.deepEqual(await at.ledger('redemption', 'mcp', 'fallback'), []);
    };
  });

  it("never uses another person's access after a switch of account", async () => {
    const at = await company({});
    const who = { name: 'alice' };
    const gate = lateExchange();
    const guest = await at.employee('alice', docsOnly, {
      fetch: gate.fetch,
      person: () => who.name,
    });
    await guest.signIn();
    await gate.held;
    await guest.connections.signOut('acme');
    // The browser would go on as alice.
    await at.sandbox.admin.endSession('alice');
    who.name = 'bob';
    const since = (await at.sandbox.admin.state()).ledger.last;
    const signedIn = guest.signIn();
    gate.release();
    await signedIn;
    await guest.until(() => guest.state('docs')?.kind === 'connected');
    const later = (await at.sandbox.admin.ledger(since)).filter(
      ({ leg }) => leg === 'redemption' || leg === 'mcp',
    );
    assert.ok(later.length > 0);
    assert.deepEqual([...new Set(later.map(({ person }) => person))], ['bob']);
  });

  it('believes no metadata of one identity provider in the place of another', async () => {
    const [honest, other] = [await company({}), await company({})];
    const theirs = new URL(other.sandbox.line.identityProvider.issuer);
    const { asked, fetch: watching } = watched();
    const fetch: typeof globalThis.fetch = (input, init) => {
      const url = urlOf(input);
      if (!url.pathname.startsWith('/.well-known/openid-configuration')) return watching(url, init);
      return globalThis.fetch(new URL(url.pathname, theirs), init);
    };
    const alice = await honest.employee('alice', docsOnly, { fetch });
    await assert.rejects(alice.signIn(), (error: { code?: string }) =>
      ['identityProvider.metadataInvalid', 'discovery.issuerMismatch'].includes(error.code ?? ''),
    );
    assert.deepEqual(alice.opened, []);
    assert.ok(!asked.has(theirs.host));
    assert.deepEqual(await other.ledger('signIn', 'exchange', 'redemption'), []);
    assert.ok(!isSettled(alice) || alice.state('docs')?.kind !== 'connected');
  });
});

type Fetch = typeof globalThis.fetch;

const urlOf = (input: Parameters<Fetch>[0]): URL =>
  new URL(input instanceof Request ? input.url : input);

/** Remembers every host that was asked. */
function watched() {
  const asked = new Set<string>();
  const fetch: Fetch = (input, init) => {
    asked.add(urlOf(input).host);
    return globalThis.fetch(input, init);
  };
  return { asked, fetch };
}

function deferred<T>() {
  const made: { resolve?: (value: T) => void } = {};
  const promise = new Promise<T>((resolve) => {
    made.resolve = resolve;
  });
  return { promise, resolve: (value: T) => made.resolve?.(value) };
}

const formOf = (init: RequestInit | undefined): URLSearchParams =>
  init?.body instanceof URLSearchParams ? init.body : new URLSearchParams();
const isExchange = (init: RequestInit | undefined): boolean =>
  formOf(init).get('grant_type')?.endsWith('token-exchange') === true;

/** Answers the exchange for `to` with what was issued for `from`. */
function swapping(from: string, to: string, { sandbox }: VendorCompany): Fetch {
  const audienceOf = (id: string) =>
    sandbox.line.servers.find((server) => server.id === id)?.authorizationServer;
  const issued = deferred<string>();
  return async (input, init) => {
    const audience = isExchange(init) ? formOf(init).get('audience') : undefined;
    const answer = await globalThis.fetch(input, init);
    if (audience === audienceOf(from)) issued.resolve(await answer.clone().text());
    if (audience !== audienceOf(to)) return answer;
    return new Response(await issued.promise, { headers: answer.headers });
  };
}

/** Holds the first exchange back until it is released. */
function lateExchange() {
  const held = deferred<undefined>();
  const released = deferred<undefined>();
  const state = { first: true };
  const fetch: Fetch = async (input, init) => {
    const answer = await globalThis.fetch(input, init);
    if (!isExchange(init) || !state.first) return answer;
    state.first = false;
    held.resolve(undefined);
    await released.promise;
    return answer;
  };
  return {
    fetch,
    held: held.promise,
    release: () => {
      released.resolve(undefined);
    },
  };
}
