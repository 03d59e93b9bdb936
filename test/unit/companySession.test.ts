import assert from 'node:assert/strict';
import { ConnectError } from '../../src/core/errors.ts';
import type { Subject } from '../../src/core/access/idJag.ts';
import { settle } from '../support/fakeClock.ts';
import { browser, harness, held, never, subject } from './companySessionRig.ts';

describe('a company session', () => {
  it('signs in, keeps the refresh token and nothing else', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    assert.deepEqual(h.states, ['signingIn', 'signedIn']);
    const [stored = ''] = h.kept.values();
    assert.match(stored, /"refreshToken":"r1"/);
    assert.doesNotMatch(stored, /"i1"/);
    const proof = await subject(h);
    assert.deepEqual([proof.kind, proof.token.reveal()], ['idToken', 'i1']);
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
    assert.equal((await subject(after)).kind, 'idToken');
    assert.deepEqual(after.world.refreshes, ['r1']);
  });

  it('of another issuer or client is not taken', async () => {
    const h = harness(
      new Map([
        [
          'companySession acme',
          JSON.stringify({
            clientId: 'vscode',
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
    const subjects = await Promise.all([1, 2, 3, 4].map(() => subject(h)));
    assert.deepEqual([...new Set(subjects.map(({ token }) => token.reveal()))], ['i2']);
    assert.deepEqual(h.world.refreshes, ['r1']);
    assert.match([...h.kept.values()].join(), /"refreshToken":"r2"/);
  });

  it('renews a proof the identity provider refused, and only that one', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    const refuse = (given: Subject) =>
      given.token.reveal() === 'i1'
        ? Promise.reject(new ConnectError('identityProvider.signInAgain'))
        : Promise.resolve({ rotated: undefined });
    await Promise.all([1, 2, 3].map(() => h.session.prove(refuse)));
    assert.equal((await subject(h)).token.reveal(), 'i2');
    assert.deepEqual(h.world.refreshes, ['r1']);
  });

  it('uses the refresh token itself when a renewal brings no ID token', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    h.world.idTokenOnRefresh = false;
    await h.clock.advance(700_000);
    const proof = await subject(h);
    assert.deepEqual([proof.kind, proof.token.reveal()], ['refreshToken', 'r2']);
  });

  it('takes over the refresh token another window has stored', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    const [[key, value] = ['', '']] = h.kept;
    h.world.valid.delete('r1');
    h.world.valid.add('r77');
    h.kept.set(key, value.replace('r1', 'r77'));
    await h.clock.advance(700_000);
    await subject(h);
    assert.deepEqual(h.world.refreshes, ['r77']);
    assert.equal(h.session.person().session.kind, 'signedIn');
  });

  it('ends when the identity provider says so, and deletes what it kept', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    h.world.valid.clear();
    await h.clock.advance(700_000);
    await assert.rejects(subject(h), { code: 'identityProvider.sessionEnded' });
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
      await assert.rejects(subject(h), { code });
      assert.equal(h.kept.size, 1);
      h.world.refresh = undefined;
      assert.equal((await subject(h)).token.reveal(), 'i2');
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
    assert.equal((await subject(h)).token.reveal(), 'i1');
  });

  it('keeps a rotated refresh token although the rest of the renewal fails', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    h.world.afterRotation = 'identityProvider.unavailable';
    await h.clock.advance(700_000);
    await assert.rejects(subject(h), { code: 'identityProvider.unavailable' });
    assert.match([...h.kept.values()].join(), /"refreshToken":"r2"/);
    h.world.afterRotation = undefined;
    assert.equal((await subject(h)).token.reveal(), 'i3');
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

  it('gives back another account that a sign-in replaces, and what a renewal brings too late', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    h.world.account = { id: 'sub-2', label: 'bob@acme.example' };
    await h.session.signIn(browser, never);
    assert.deepEqual(h.world.revoked, ['r1']);
    const { promise, release } = held();
    h.world.hold = promise;
    await h.clock.advance(700_000);
    const renewing = subject(h);
    await settle();
    await (await h.session.signOut()).revoke();
    release();
    await assert.rejects(renewing, { code: 'user.cancelled' });
    assert.deepEqual(h.world.revoked, ['r1', 'r2', 'r3']);
    assert.equal(h.kept.size, 0);
  });

  it('gives nothing back of the account that stays signed in: it may end with it', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    await h.session.signIn(browser, never);
    const { promise, release } = held();
    const cancel = new AbortController();
    h.world.hold = promise;
    const late = h.session.signIn(browser, cancel.signal);
    await settle();
    cancel.abort();
    release();
    await assert.rejects(late, { code: 'user.cancelled' });
    assert.deepEqual(h.world.revoked, []);
    assert.equal((await subject(h)).token.reveal(), 'i2');
  });

  it('is signed out when another window has signed out', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    h.kept.clear();
    await h.clock.advance(700_000);
    await assert.rejects(subject(h), { code: 'user.signedOut' });
    assert.deepEqual([h.session.person().session.kind, h.kept.size], ['signedOut', 0]);
    assert.deepEqual(h.world.refreshes, []);
  });

  it('without a refresh token lasts as long as its ID token, and is not called ended', async () => {
    const h = harness();
    h.world.refreshTokens = false;
    await h.session.signIn(browser, never);
    await h.clock.advance(590_000);
    assert.equal((await subject(h)).token.reveal(), 'i1');
    await h.clock.advance(20_000);
    await assert.rejects(subject(h), { code: 'identityProvider.signInAgain' });
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
      else h.world.account = { id: 'sub-2', label: 'bob@acme.example' };
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
