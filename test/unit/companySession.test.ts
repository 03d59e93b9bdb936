import assert from 'node:assert/strict';
import { CompanySession } from '../../src/core/companySession.ts';
import { ConnectError, type ErrorCode } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import type { CompanyTokens, SignInClient } from '../../src/core/signIn.ts';
import { createSessionStore } from '../../src/core/storedSession.ts';
import { FakeClock, settle } from '../support/fakeClock.ts';

const browser = {
  openUrl: () => Promise.resolve(true),
  receiver: {
    redirectUri: 'http://127.0.0.1:1/callback',
    wait: () => new Promise<URL>(() => undefined),
    dispose: () => undefined,
  },
};
const owner = { id: 'acme', issuer: 'https://idp.example', clientId: 'vscode' };
const never = new AbortController().signal;

/** A rotating identity provider behind a real session and a real store over a Map. */
function harness(kept = new Map<string, string>()) {
  const clock = new FakeClock();
  const world = {
    account: { id: 'sub-1', label: 'alice@acme.example' },
    serial: 0,
    refreshes: [] as string[],
    signIn: undefined as ErrorCode | undefined,
    refresh: undefined as ErrorCode | undefined,
    valid: new Set<string>(),
    idTokenOnRefresh: true,
    refreshTokens: true,
    storeBroken: false,
    /** Keeps the identity provider from answering. */
    hold: undefined as Promise<void> | undefined,
    /** Fails a refresh when the new refresh token is out already. */
    afterRotation: undefined as ErrorCode | undefined,
    revoked: [] as string[],
  };
  const tokens = (withIdToken: boolean): CompanyTokens => {
    const serial = ++world.serial;
    world.valid.add(`r${serial}`);
    return {
      account: world.account,
      idToken: withIdToken
        ? { token: new Secret(`i${serial}`), expiresAtMs: clock.now() + 600_000 }
        : undefined,
      refreshToken: world.refreshTokens ? new Secret(`r${serial}`) : undefined,
    };
  };
  const client: SignInClient = {
    signIn: async () => {
      await world.hold;
      if (world.signIn !== undefined) throw new ConnectError(world.signIn);
      return tokens(true);
    },
    refresh: async (refreshToken, _account, onRotated) => {
      const value = refreshToken.reveal();
      world.refreshes.push(value);
      await world.hold;
      if (world.refresh !== undefined) throw new ConnectError(world.refresh);
      if (!world.valid.delete(value)) throw new ConnectError('identityProvider.sessionEnded');
      const answer = tokens(world.idTokenOnRefresh);
      if (answer.refreshToken !== undefined) await onRotated(answer.refreshToken);
      if (world.afterRotation !== undefined) throw new ConnectError(world.afterRotation);
      return answer.idToken;
    },
    revoke: (refreshToken) => {
      world.revoked.push(refreshToken.reveal());
      return Promise.resolve(true);
    },
    endSessionUrl: () => 'https://idp.example/end',
  };
  const broken = () => Promise.reject(new ConnectError('bug'));
  const secrets = {
    get: (key: string) => (world.storeBroken ? broken() : Promise.resolve(kept.get(key))),
    store: (key: string, value: string) =>
      world.storeBroken ? broken() : Promise.resolve(void kept.set(key, value)),
    delete: (key: string) =>
      world.storeBroken ? broken() : Promise.resolve(void kept.delete(key)),
  };
  const session = new CompanySession({
    id: 'acme',
    label: 'Acme',
    client: () => Promise.resolve(client),
    store: createSessionStore(owner, secrets),
    clock,
    log: { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 },
  });
  const states: string[] = [];
  session.onDidChange(({ current }) => states.push(current.kind));
  return { session, world, clock, kept, states };
}

function held() {
  const parts: { release?: () => void } = {};
  const promise = new Promise<void>((resolve) => (parts.release = resolve));
  return { promise, release: () => parts.release?.() };
}

describe('a company session', () => {
  it('signs in, keeps the refresh token and nothing else', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    assert.deepEqual(h.states, ['signingIn', 'signedIn']);
    const [stored = ''] = h.kept.values();
    assert.match(stored, /"refreshToken":"r1"/);
    assert.doesNotMatch(stored, /"i1"/);
    const subject = await h.session.subject();
    assert.deepEqual([subject.kind, subject.token.reveal()], ['idToken', 'i1']);
  });

  it('keeps the ID token where there is no refresh token', async () => {
    const h = harness();
    h.world.refreshTokens = false;
    await h.session.signIn(browser, never);
    assert.match([...h.kept.values()].join(), /"token":"i1"/);
  });

  it('is found again by the next window', async () => {
    const before = harness();
    await before.session.signIn(browser, never);
    const after = harness(before.kept);
    after.world.valid.add('r1');
    await after.session.restore();
    assert.deepEqual(after.states, ['restoring', 'signedIn']);
    assert.equal((await after.session.subject()).kind, 'idToken');
    assert.deepEqual(after.world.refreshes, ['r1']);
  });

  it('of another issuer or client is not taken', async () => {
    const h = harness(
      new Map([
        [
          'companySession acme',
          JSON.stringify({
            ...owner,
            issuer: 'https://evil.example',
            account: { id: 'x', label: 'x' },
            sinceMs: 1,
            refreshToken: 'r',
          }),
        ],
      ]),
    );
    await h.session.restore();
    assert.deepEqual(h.states, ['restoring', 'signedOut']);
  });

  it('survives a half-written or foreign value in the store', async () => {
    for (const value of ['', '{', 'null', '{"issuer":1}', '[]']) {
      const h = harness(new Map([['companySession acme', value]]));
      await h.session.restore();
      assert.equal(h.session.person().session.kind, 'signedOut', value);
    }
  });

  it('renews once for many who ask, before the ID token runs out', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    await h.clock.advance(541_000);
    const subjects = await Promise.all([1, 2, 3, 4].map(() => h.session.subject()));
    assert.deepEqual([...new Set(subjects.map(({ token }) => token.reveal()))], ['i2']);
    assert.deepEqual(h.world.refreshes, ['r1']);
    assert.match([...h.kept.values()].join(), /"refreshToken":"r2"/);
  });

  it('renews a proof the identity provider refused, and only that one', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    const refused = await h.session.subject();
    assert.equal((await h.session.subject(refused)).token.reveal(), 'i2');
    assert.equal((await h.session.subject(refused)).token.reveal(), 'i2');
    assert.deepEqual(h.world.refreshes, ['r1']);
  });

  it('uses the refresh token itself when a renewal brings no ID token', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    h.world.idTokenOnRefresh = false;
    await h.clock.advance(700_000);
    const subject = await h.session.subject();
    assert.deepEqual([subject.kind, subject.token.reveal()], ['refreshToken', 'r2']);
  });

  it('takes over the refresh token another window has stored', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    const [[key, value] = ['', '']] = h.kept;
    h.world.valid.delete('r1');
    h.world.valid.add('r77');
    h.kept.set(key, value.replace('r1', 'r77'));
    await h.clock.advance(700_000);
    await h.session.subject();
    assert.deepEqual(h.world.refreshes, ['r77']);
    assert.equal(h.session.person().session.kind, 'signedIn');
  });

  it('ends when the identity provider says so, and deletes what it kept', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    h.world.valid.clear();
    await h.clock.advance(700_000);
    await assert.rejects(h.session.subject(), { code: 'identityProvider.sessionEnded' });
    assert.deepEqual(h.states, ['signingIn', 'signedIn', 'ended']);
    assert.equal(h.kept.size, 0);
  });

  for (const code of [
    'identityProvider.unavailable',
    'identityProvider.busy',
    'network.unreachable',
    'network.tls',
    'network.captivePortal',
    'identityProvider.responseInvalid',
    'identityProvider.clientRefused',
  ] as const) {
    it(`loses nothing on ${code}`, async () => {
      const h = harness();
      await h.session.signIn(browser, never);
      h.world.refresh = code;
      await h.clock.advance(700_000);
      await assert.rejects(h.session.subject(), { code });
      assert.equal(h.kept.size, 1);
      h.world.refresh = undefined;
      assert.equal((await h.session.subject()).token.reveal(), 'i2');
    });
  }

  it('goes back to where it was when a sign-in is cancelled, without an error', async () => {
    const h = harness();
    h.world.signIn = 'user.cancelled';
    await assert.rejects(h.session.signIn(browser, never), { code: 'user.cancelled' });
    assert.deepEqual(h.session.person(), {
      identityProvider: 'acme',
      label: 'Acme',
      session: { kind: 'signedOut' },
    });
  });

  it('shows why a sign-in failed', async () => {
    const h = harness();
    h.world.signIn = 'identityProvider.signInRefused';
    await assert.rejects(h.session.signIn(browser, never));
    assert.equal(h.session.person().failure?.code, 'identityProvider.signInRefused');
  });

  it('works without a keyring, and says that it will not last', async () => {
    const h = harness();
    h.world.storeBroken = true;
    await h.session.signIn(browser, never);
    assert.equal(h.session.person().failure?.code, 'storage.unavailable');
    assert.equal((await h.session.subject()).token.reveal(), 'i1');
  });

  it('keeps a rotated refresh token although the rest of the renewal fails', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    h.world.afterRotation = 'identityProvider.unavailable';
    await h.clock.advance(700_000);
    await assert.rejects(h.session.subject(), { code: 'identityProvider.unavailable' });
    assert.match([...h.kept.values()].join(), /"refreshToken":"r2"/);
    h.world.afterRotation = undefined;
    assert.equal((await h.session.subject()).token.reveal(), 'i3');
    assert.deepEqual(h.world.refreshes, ['r1', 'r2']);
  });

  it('stays signed out when a sign-in under way succeeds after all', async () => {
    const h = harness();
    const { promise, release } = held();
    h.world.hold = promise;
    const signingIn = h.session.signIn(browser, never);
    await settle();
    await h.session.signOut();
    release();
    await assert.rejects(signingIn, { code: 'user.cancelled' });
    assert.deepEqual([h.session.person().session.kind, h.kept.size], ['signedOut', 0]);
    assert.deepEqual(h.world.revoked, ['r1']);
  });

  it('obeys a cancel that comes while the identity provider answers', async () => {
    const h = harness();
    const { promise, release } = held();
    const cancel = new AbortController();
    h.world.hold = promise;
    const signingIn = h.session.signIn(browser, cancel.signal);
    await settle();
    cancel.abort();
    release();
    await assert.rejects(signingIn, { code: 'user.cancelled' });
    assert.deepEqual([h.session.person().session.kind, h.kept.size], ['signedOut', 0]);
  });

  it('goes on when a second sign-in is given up, and ends when it was signed out meanwhile', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    h.world.signIn = 'user.cancelled';
    await assert.rejects(h.session.signIn(browser, never));
    assert.equal(h.session.person().session.kind, 'signedIn');
    const { promise, release } = held();
    h.world.hold = promise;
    const again = h.session.signIn(browser, never);
    await settle();
    await h.session.signOut();
    release();
    await assert.rejects(again);
    assert.equal(h.session.person().session.kind, 'signedOut');
  });

  it('gives back what a sign-in replaces, and what a renewal brings too late', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    await h.session.signIn(browser, never);
    assert.deepEqual(h.world.revoked, ['r1']);
    const { promise, release } = held();
    h.world.hold = promise;
    await h.clock.advance(700_000);
    const renewing = h.session.subject();
    await settle();
    await (await h.session.signOut()).revoke();
    release();
    await assert.rejects(renewing, { code: 'user.cancelled' });
    assert.deepEqual(h.world.revoked, ['r1', 'r2', 'r3']);
    assert.equal(h.kept.size, 0);
  });

  it('is signed out when another window has signed out', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    h.kept.clear();
    await h.clock.advance(700_000);
    await assert.rejects(h.session.subject(), { code: 'user.signedOut' });
    assert.deepEqual([h.session.person().session.kind, h.kept.size], ['signedOut', 0]);
    assert.deepEqual(h.world.refreshes, []);
  });

  it('without a refresh token lasts as long as its ID token, and is not called ended', async () => {
    const h = harness();
    h.world.refreshTokens = false;
    await h.session.signIn(browser, never);
    await h.clock.advance(590_000);
    assert.equal((await h.session.subject()).token.reveal(), 'i1');
    await h.clock.advance(20_000);
    await assert.rejects(h.session.subject(), { code: 'identityProvider.signInAgain' });
    assert.deepEqual([h.session.person().session.kind, h.kept.size], ['signedIn', 1]);
  });

  it('found late does not undo what the person did meanwhile', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    const other = harness(h.kept);
    const restoring = other.session.restore();
    await other.session.signOut();
    await restoring;
    assert.equal(other.session.person().session.kind, 'signedOut');
  });

  it('found while a sign-in is open is there when that is given up, and given back when it is not', async () => {
    const first = harness();
    await first.session.signIn(browser, never);
    for (const isCancelled of [true, false]) {
      const h = harness(new Map(first.kept));
      const restoring = h.session.restore();
      const { promise, release } = held();
      h.world.hold = promise;
      if (isCancelled) h.world.signIn = 'user.cancelled';
      h.world.serial = 10;
      const signingIn = h.session.signIn(browser, never).catch(() => undefined);
      await restoring;
      release();
      await signingIn;
      assert.equal(h.session.person().session.kind, 'signedIn');
      assert.deepEqual(h.world.revoked, isCancelled ? [] : ['r1']);
    }
  });

  it('of another account is announced before the keyring has taken it', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    h.world.account = { id: 'sub-2', label: 'bob@acme.example' };
    const seen: string[] = [];
    const set = h.kept.set.bind(h.kept);
    h.kept.set = (key, value) => {
      seen.push('written');
      return set(key, value);
    };
    h.session.onDidChange(({ current }) => seen.push(current.kind));
    await h.session.signIn(browser, never);
    assert.deepEqual(seen, ['signingIn', 'signedIn', 'written']);
  });

  it('signs out here before anything else', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    const { revoke, endSessionUrl } = await h.session.signOut();
    assert.equal(h.session.person().session.kind, 'signedOut');
    assert.equal(h.kept.size, 0);
    assert.equal(await revoke(), true);
    assert.deepEqual(h.world.revoked, ['r1']);
    assert.equal(endSessionUrl, 'https://idp.example/end');
  });
});
