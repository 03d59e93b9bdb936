// What an exchange rests on: the ID token or the refresh token, and what the answers teach.
import assert from 'node:assert/strict';
import { ConnectError } from '../../src/core/errors.ts';
import type { Subject } from '../../src/core/access/idJag.ts';
import { Secret } from '../../src/core/secret.ts';
import { settle } from '../support/fakeClock.ts';
import { browser, harness, held, never } from './companySessionRig.ts';

type Harness = ReturnType<typeof harness>;

const refusal = (oauthError: string) =>
  new ConnectError('identityProvider.signInAgain', { oauthError });

/** An identity provider that answers exchanges as `takes` says. */
function exchanges(h: Harness, takes: (subject: Subject) => ConnectError | undefined) {
  const log: string[] = [];
  const flight = { now: 0, most: 0 };
  const ask = async (given: Subject) => {
    log.push(given.token.reveal());
    flight.most = Math.max(flight.most, ++flight.now);
    await settle();
    flight.now--;
    const error = takes(given);
    if (error !== undefined) throw error;
    return { rotated: undefined };
  };
  return { log, flight, prove: () => h.session.prove(ask) };
}

/** Takes refresh tokens only, and replaces each in the answer; a replaced one ends everything. */
function rotating(h: Harness) {
  const log: string[] = [];
  const flight = { now: 0, most: 0 };
  const ask = async (given: Subject) => {
    log.push(given.token.reveal());
    if (given.kind === 'idToken') throw refusal('invalid_request');
    flight.most = Math.max(flight.most, ++flight.now);
    await settle();
    flight.now--;
    if (!h.world.valid.delete(given.token.reveal())) {
      h.world.valid.clear();
      throw refusal('invalid_grant');
    }
    const value = `r${++h.world.serial}`;
    h.world.valid.add(value);
    return { rotated: new Secret(value) };
  };
  return { log, flight, ask, prove: () => h.session.prove(ask) };
}

async function signedIn(...args: Parameters<typeof harness>): Promise<Harness> {
  const h = harness(...args);
  await h.session.signIn(browser, never);
  return h;
}

const onlyRefreshTokens = ({ kind }: Subject) =>
  kind === 'idToken' ? refusal('invalid_request') : undefined;

describe('the proof of a company sign-in', () => {
  it('is the ID token first, and the refresh token once the ID token is not taken', async () => {
    const h = await signedIn();
    const idp = exchanges(h, onlyRefreshTokens);
    await idp.prove();
    await idp.prove();
    assert.deepEqual(idp.log, ['i1', 'r1', 'r1']);
    assert.deepEqual(h.world.refreshes, []);
  });

  it('needs no renewal any more once it is the refresh token', async () => {
    const h = await signedIn();
    const idp = exchanges(h, onlyRefreshTokens);
    await idp.prove();
    await h.clock.advance(700_000);
    await idp.prove();
    assert.deepEqual([idp.log, h.world.refreshes], [['i1', 'r1', 'r1'], []]);
  });

  it('is renewed, not replaced by another kind, where an ID token has worked before', async () => {
    const h = await signedIn();
    const refused = { token: '' };
    const idp = exchanges(h, (given) =>
      given.token.reveal() === refused.token ? refusal('invalid_request') : undefined,
    );
    await idp.prove();
    refused.token = 'i1';
    await idp.prove();
    assert.deepEqual([idp.log, h.world.refreshes], [['i1', 'i1', 'i2'], ['r1']]);
  });

  it('is renewed once on invalid_grant, and asked with once more only', async () => {
    const h = await signedIn();
    const idp = exchanges(h, () => refusal('invalid_grant'));
    await assert.rejects(idp.prove(), { code: 'identityProvider.signInAgain' });
    assert.deepEqual([idp.log, h.world.refreshes], [['i1', 'i2'], ['r1']]);
    assert.equal(h.session.person().session.kind, 'signedIn');
  });

  it('that is refused in both kinds ends the session only when the refresh grant says so', async () => {
    for (const isDead of [false, true]) {
      const h = await signedIn();
      const idp = exchanges(h, () => refusal('invalid_request'));
      if (isDead) h.world.valid.clear();
      await assert.rejects(idp.prove(), {
        code: isDead ? 'identityProvider.sessionEnded' : 'identityProvider.signInAgain',
      });
      assert.deepEqual([idp.log, h.world.refreshes], [['i1', 'r1'], ['r1']]);
      assert.equal(h.session.person().session.kind, isDead ? 'ended' : 'signedIn');
    }
  });

  it('is what the profile says, whatever the answer', async () => {
    const idToken = await signedIn(undefined, { subjectToken: 'idToken' });
    const picky = exchanges(idToken, onlyRefreshTokens);
    await assert.rejects(picky.prove(), { code: 'identityProvider.signInAgain' });
    assert.deepEqual(picky.log, ['i1', 'i2']);
    const refreshToken = await signedIn(undefined, { subjectToken: 'refreshToken' });
    const idp = exchanges(refreshToken, () => undefined);
    await idp.prove();
    assert.deepEqual(idp.log, ['r1']);
  });

  it('as ID token of the profile is never the refresh token instead', async () => {
    const h = await signedIn(undefined, { subjectToken: 'idToken' });
    h.world.idTokenOnRefresh = false;
    await h.clock.advance(700_000);
    const idp = exchanges(h, () => undefined);
    await assert.rejects(idp.prove(), { code: 'identityProvider.signInAgain' });
    assert.deepEqual(idp.log, []);
  });

  it('needs no renewal after a restart where the profile says refresh token', async () => {
    const first = await signedIn(undefined, { subjectToken: 'refreshToken' });
    const next = harness(first.kept, { subjectToken: 'refreshToken' });
    await next.session.restore();
    const idp = exchanges(next, () => undefined);
    await idp.prove();
    assert.deepEqual([idp.log, next.world.refreshes], [['r1'], []]);
  });

  it('passes on what is no answer about it', async () => {
    const h = await signedIn();
    const idp = exchanges(h, () => new ConnectError('exchange.denied'));
    await assert.rejects(idp.prove(), { code: 'exchange.denied' });
    assert.deepEqual([idp.log, h.world.refreshes], [['i1'], []]);
  });
});

describe('a refresh token as proof', () => {
  it('that is replaced in the answer is stored, and the next exchange waits for it', async () => {
    const h = await signedIn(undefined, { subjectToken: 'refreshToken' });
    const idp = rotating(h);
    await Promise.all([1, 2, 3, 4].map(() => idp.prove()));
    assert.deepEqual(idp.log, ['r1', 'r2', 'r3', 'r4']);
    assert.equal(idp.flight.most, 1);
    assert.match([...h.kept.values()].join(), /"refreshToken":"r5"/);
  });

  it('is kept before the rest of the answer can fail', async () => {
    const h = await signedIn(undefined, { subjectToken: 'refreshToken' });
    const failing = h.session.prove(async ({ onRotated }) => {
      await onRotated?.(new Secret('r9'));
      throw new ConnectError('exchange.answerInvalid');
    });
    await assert.rejects(failing, { code: 'exchange.answerInvalid' });
    assert.match([...h.kept.values()].join(), /"refreshToken":"r9"/);
    assert.equal(h.session.person().session.kind, 'signedIn');
  });

  it('goes side by side once an answer shows that it stays', async () => {
    const h = await signedIn(undefined, { subjectToken: 'refreshToken' });
    const idp = exchanges(h, () => undefined);
    await Promise.all([1, 2, 3, 4, 5].map(() => idp.prove()));
    assert.deepEqual(idp.log, ['r1', 'r1', 'r1', 'r1', 'r1']);
    assert.equal(idp.flight.most, 4);
  });

  it('goes one at a time again once an answer replaces it after all', async () => {
    const h = await signedIn(undefined, { subjectToken: 'refreshToken' });
    await exchanges(h, () => undefined).prove();
    const idp = rotating(h);
    await idp.prove();
    await Promise.all([1, 2, 3].map(() => idp.prove()));
    assert.deepEqual([idp.log, idp.flight.most], [['r1', 'r2', 'r3', 'r4'], 1]);
  });

  it('that stays still keeps a renewal waiting until the exchanges under way have ended', async () => {
    const h = await signedIn(undefined, { subjectToken: 'refreshToken' });
    await exchanges(h, () => undefined).prove();
    const { promise, release } = held();
    const slow = h.session.prove(() => promise.then(() => ({ rotated: undefined })));
    const refused = h.session.prove((given) =>
      given.token.reveal() === 'r1'
        ? Promise.reject(refusal('invalid_grant'))
        : Promise.resolve({ rotated: undefined }),
    );
    await settle();
    assert.deepEqual(h.world.refreshes, []);
    release();
    await Promise.all([slow, refused]);
    assert.deepEqual(h.world.refreshes, ['r1']);
  });

  it('is learnt by many at once without a family being revoked', async () => {
    const h = await signedIn();
    const idp = rotating(h);
    await Promise.all([1, 2, 3].map(() => idp.prove()));
    assert.deepEqual(idp.log, ['i1', 'i1', 'i1', 'r1', 'r2', 'r3']);
    assert.equal(h.session.person().session.kind, 'signedIn');
  });

  it('never meets a renewal', async () => {
    const h = await signedIn();
    const { promise, release } = held();
    const seen: string[] = [];
    const slow = h.session.prove(async (given) => {
      if (given.kind === 'idToken') throw refusal('invalid_request');
      seen.push('exchange begins');
      await promise;
      seen.push('exchange ends');
      return { rotated: undefined };
    });
    await settle();
    const renewing = h.session.prove((given) =>
      given.token.reveal() === 'i1'
        ? Promise.reject(refusal('invalid_grant'))
        : Promise.resolve({ rotated: undefined, seen: seen.push(`renewed to ${given.kind}`) }),
    );
    await settle();
    assert.deepEqual([seen, h.world.refreshes], [['exchange begins'], []]);
    release();
    await Promise.all([slow, renewing]);
    assert.deepEqual(h.world.refreshes, ['r1']);
    assert.deepEqual(seen.slice(0, 2), ['exchange begins', 'exchange ends']);
  });

  it('that another window replaced is taken over before it is used', async () => {
    const h = await signedIn(undefined, { subjectToken: 'refreshToken' });
    const [[key, value] = ['', '']] = h.kept;
    h.kept.set(key, value.replace('r1', 'r77'));
    const idp = exchanges(h, () => undefined);
    await idp.prove();
    assert.deepEqual(idp.log, ['r77']);
  });

  it('that is refused ends the session when the refresh grant says so, and is tried again when not', async () => {
    for (const isDead of [false, true]) {
      const h = await signedIn(undefined, { subjectToken: 'refreshToken' });
      if (isDead) h.world.valid.clear();
      const idp = exchanges(h, (given) =>
        given.token.reveal() === 'r1' ? refusal('invalid_grant') : undefined,
      );
      if (isDead) {
        await assert.rejects(idp.prove(), { code: 'identityProvider.sessionEnded' });
        assert.deepEqual([h.session.person().session.kind, h.kept.size], ['ended', 0]);
      } else {
        await idp.prove();
        assert.deepEqual(idp.log, ['r1', 'r2']);
      }
    }
  });

  it('that comes after signing out is given back', async () => {
    const h = await signedIn(undefined, { subjectToken: 'refreshToken' });
    const idp = rotating(h);
    const { promise, release } = held();
    const late = h.session.prove(async (given) => {
      await promise;
      return idp.ask(given);
    });
    await settle();
    await h.session.signOut();
    release();
    await assert.rejects(late, { code: 'user.cancelled' });
    assert.deepEqual(h.world.revoked, ['r2']);
    assert.equal(h.kept.size, 0);
  });
});
