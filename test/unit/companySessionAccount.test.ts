// Who may sign in, and what a stronger sign-in is for.
import assert from 'node:assert/strict';
import { ConnectError } from '../../src/core/errors.ts';
import { settle } from '../support/fakeClock.ts';
import { browser, harness, never, subject } from './companySessionRig.ts';

const acmeOnly = {
  accounts: { emailDomains: ['acme.example'], hostedDomain: undefined, tenant: undefined },
};
const selected = (h: ReturnType<typeof harness>) =>
  h.world.wishes.map((wish) => wish?.selectAccount ?? false);

describe('the account boundary of a company session', () => {
  it('refuses a foreign account before anything is asked for, and gives it back', async () => {
    const h = harness(undefined, acmeOnly);
    h.world.account = { id: 'x', label: 'alice@gmail.example' };
    h.world.membership = { emailDomain: 'gmail.example' };
    await assert.rejects(h.session.signIn(browser, never), {
      code: 'identityProvider.accountNotAllowed',
      facts: { actual: 'alice@gmail.example', expected: 'an account of acme.example' },
    });
    assert.deepEqual(h.states, ['signingIn', 'signedOut']);
    assert.deepEqual([h.world.revoked, h.kept.size], [['r1'], 0]);
    assert.equal(h.session.person().failure?.code, 'identityProvider.accountNotAllowed');
  });

  it('leaves whoever is signed in when a foreign account comes', async () => {
    const h = harness(undefined, acmeOnly);
    await h.session.signIn(browser, never);
    h.world.account = { id: 'x', label: 'alice@gmail.example' };
    h.world.membership = {};
    await assert.rejects(h.session.signIn(browser, never));
    const { session } = h.session.person();
    assert.ok(session.kind === 'signedIn' && session.account.label === 'alice@acme.example');
    assert.deepEqual(h.world.revoked, ['r2']);
  });

  it('asks which account on the sign-in after a mismatch, and on no other', async () => {
    const h = harness(undefined, acmeOnly);
    h.world.membership = {};
    await assert.rejects(h.session.signIn(browser, never));
    h.world.signIn = 'user.cancelled';
    await assert.rejects(h.session.signIn(browser, never));
    h.world.signIn = undefined;
    h.world.membership = { emailDomain: 'acme.example' };
    await h.session.signIn(browser, never);
    await h.session.signIn(browser, never);
    assert.deepEqual(selected(h), [false, true, true, false]);
  });

  it('ends a session from before the boundary was drawn', async () => {
    const before = harness();
    before.world.membership = { emailDomain: 'gmail.example' };
    await before.session.signIn(browser, never);
    const after = harness(before.kept, acmeOnly);
    await after.session.restore();
    await settle();
    assert.deepEqual(after.states, ['restoring', 'ended']);
    assert.equal(after.session.person().failure?.code, 'identityProvider.accountNotAllowed');
    assert.deepEqual([after.world.revoked, after.kept.size], [['r1'], 0]);
    await assert.rejects(subject(after), { code: 'identityProvider.sessionEnded' });
  });

  it('keeps a restored session that fits', async () => {
    const before = harness(undefined, acmeOnly);
    await before.session.signIn(browser, never);
    const after = harness(before.kept, acmeOnly);
    await after.session.restore();
    assert.deepEqual(after.states, ['restoring', 'signedIn']);
  });

  it('ends a session whose account moves away; what a renewal leaves out has not moved', async () => {
    const h = harness(undefined, acmeOnly);
    await h.session.signIn(browser, never);
    h.world.membership = {};
    await h.clock.advance(700_000);
    assert.equal((await subject(h)).token.reveal(), 'i2');
    h.world.membership = { emailDomain: '' };
    await h.clock.advance(700_000);
    await assert.rejects(subject(h), { code: 'identityProvider.accountNotAllowed' });
    assert.deepEqual([h.session.person().session.kind, h.kept.size], ['ended', 0]);
    await settle();
    assert.deepEqual(h.world.revoked, ['r3']);
  });
});

describe('a stronger sign-in', () => {
  const stepUp = { acrValues: 'phr' };
  const demand = (code: 'exchange.stepUpRequired' | 'server.stepUpRequired', facts: object) =>
    new ConnectError(code, facts);
  const asks = (h: ReturnType<typeof harness>, facts: object) =>
    h.session.prove(() => Promise.reject(demand('exchange.stepUpRequired', facts)));

  it('is asked for once; the same demand after it is a failure', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    await assert.rejects(asks(h, stepUp), { code: 'exchange.stepUpRequired', facts: stepUp });
    await h.session.signIn(browser, never, stepUp);
    assert.deepEqual(h.world.wishes[1]?.stepUp, stepUp);
    await assert.rejects(asks(h, stepUp), { code: 'exchange.stepUpFailed', facts: stepUp });
    await assert.rejects(asks(h, { acrValues: 'phrh' }), { code: 'exchange.stepUpRequired' });
    const atServer = h.session.judge(demand('server.stepUpRequired', stepUp));
    assert.equal(atServer.code, 'exchange.stepUpFailed');
  });

  it('may have grown too old since', async () => {
    const h = harness();
    await h.session.signIn(browser, never, { maxAgeSec: 300 });
    await assert.rejects(asks(h, { maxAgeSec: 300 }), { code: 'exchange.stepUpFailed' });
    await h.clock.advance(301_000);
    await assert.rejects(asks(h, { maxAgeSec: 300 }), { code: 'exchange.stepUpRequired' });
  });

  it('is of the same account', async () => {
    const h = harness();
    await h.session.signIn(browser, never);
    h.world.account = { id: 'sub-2', label: 'bob@acme.example' };
    await assert.rejects(h.session.signIn(browser, never, stepUp), {
      code: 'identityProvider.accountMismatch',
      facts: { expected: 'alice@acme.example', actual: 'bob@acme.example' },
    });
    assert.deepEqual(h.world.revoked, ['r2']);
    assert.equal((await subject(h)).token.reveal(), 'i1');
    h.world.account = { id: 'sub-1', label: 'alice@acme.example' };
    await h.session.signIn(browser, never, stepUp);
    assert.deepEqual(selected(h), [false, false, true]);
  });
});
