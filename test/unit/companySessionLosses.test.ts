// A refresh token is worth a sign-in: none is lost or used twice, whatever happens in the middle of its renewal.
import assert from 'node:assert/strict';
import { browser, harness, held, never, subject } from './companySessionRig.ts';
import { settle } from '../support/fakeClock.ts';

const old = 900_000;
const keptToken = (kept: Map<string, string>) =>
  (JSON.parse([...kept.values()][0] ?? '{}') as { refreshToken?: string }).refreshToken;
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (error: unknown) => (error as { code: string }).code,
  );
const turns = async () => {
  for (let turn = 0; turn < 5; turn++) await settle();
};

describe('the refresh token of a company session', () => {
  it('is kept when the window closes while it is replaced, and not given back', async () => {
    const kept = new Map<string, string>();
    const h = harness(kept);
    await h.session.signIn(browser, never);
    await h.clock.advance(old);
    const gate = held();
    h.world.hold = gate.promise;
    const late = codeOf(subject(h));
    await turns();
    const left = h.session.leave();
    gate.release();
    await left;
    await late;
    assert.deepEqual([h.world.revoked, keptToken(kept)], [[], 'r2']);
    const next = harness(kept);
    next.world.valid = h.world.valid;
    next.world.serial = 10;
    await next.session.restore();
    assert.equal(await codeOf(subject(next)), 'ok');
    assert.equal(next.session.person().session.kind, 'signedIn');
  });

  it('goes back when the person signs out while it is replaced, also where the answer is no good', async () => {
    for (const afterRotation of [undefined, 'identityProvider.idTokenInvalid'] as const) {
      const h = harness();
      await h.session.signIn(browser, never);
      await h.clock.advance(old);
      const gate = held();
      h.world.hold = gate.promise;
      h.world.afterRotation = afterRotation;
      const late = codeOf(subject(h));
      await turns();
      await (await h.session.signOut()).revoke();
      gate.release();
      await late;
      await turns();
      assert.deepEqual(h.world.revoked, ['r1', 'r2']);
      assert.equal(h.kept.size, 0);
    }
  });

  it('is not used again when its successor could not be written', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    for (const storeBroken of [true, false, false]) {
      await h.clock.advance(old);
      h.world.storeBroken = storeBroken;
      await subject(h);
    }
    assert.deepEqual(h.world.refreshes, ['r1', 'r2', 'r3']);
    assert.equal(keptToken(h.kept), 'r4');
  });

  it('of another account that signed in in another window is neither deleted nor overwritten', async () => {
    const kept = new Map<string, string>();
    const a = harness(kept);
    await a.session.signIn(browser, never);
    const b = harness(kept);
    await b.session.restore();
    await b.session.signOut();
    b.world.account = { id: 'sub-2', label: 'bob@acme.example' };
    b.world.serial = 20;
    await b.session.signIn(browser, never);
    assert.equal(await codeOf(subject(a)), 'user.signedOut');
    assert.equal(a.session.person().session.kind, 'signedOut');
    a.world.valid.clear();
    await a.clock.advance(old);
    await codeOf(subject(a));
    assert.equal(keptToken(kept), 'r21');
    await b.clock.advance(old);
    assert.equal(await codeOf(subject(b)), 'ok');
  });

  it('ends with a session that its identity provider renews as somebody else', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    await h.clock.advance(old);
    h.world.afterRotation = 'identityProvider.accountMismatch';
    assert.equal(await codeOf(subject(h)), 'identityProvider.accountMismatch');
    await turns();
    assert.equal(h.session.person().session.kind, 'ended');
    assert.deepEqual([h.world.revoked, h.kept.size], [['r2'], 0]);
  });
});
