// Signing in with a code: how often is asked, how long, and what ends it. Time is a clock that stands still.
import assert from 'node:assert/strict';
import { ConnectError } from '../../src/core/errors.ts';
import type { CompanyTokens } from '../../src/core/signIn/signIn.ts';
import type { ShowCode, SignInCode } from '../../src/core/ports.ts';
import { settle } from '../support/fakeClock.ts';
import { createRig, issuer, without } from './signInRig.ts';

const refusing = (error: string) => () => Response.json({ error }, { status: 400 });
const pending = refusing('authorization_pending');

function begin(change: Parameters<typeof createRig>[0] & { showCode?: ShowCode } = {}) {
  const { showCode, ...deps } = change;
  const rig = createRig(deps);
  const shown: SignInCode[] = [];
  const cancel = new AbortController();
  const start = () => {
    const way = { showCode: showCode ?? ((code: SignInCode) => void shown.push(code)) };
    const outcome: { tokens?: CompanyTokens; error?: ConnectError } = {};
    const done = rig.client.signIn(way, cancel.signal, { stepUp: { acrValues: 'phr' } }).then(
      (tokens) => void (outcome.tokens = tokens),
      (error: unknown) => void (outcome.error = ConnectError.from(error)),
    );
    return { outcome, done };
  };
  /** Seconds from one question to the next, until the sign-in ends. */
  const waits = async (outcome: { tokens?: unknown; error?: unknown }) => {
    const seconds: number[] = [];
    const isOver = () => outcome.tokens !== undefined || outcome.error !== undefined;
    for (;;) {
      while (rig.clock.pending.length === 0 && !isOver()) await settle();
      if (isOver()) return seconds;
      const [next = 0] = rig.clock.pending;
      seconds.push(next / 1000);
      await rig.clock.advance(next);
    }
  };
  return { ...rig, shown, cancel, start, waits };
}

describe('a sign-in with a code', () => {
  it('shows the code and asks until the person is done', async () => {
    const rig = begin();
    rig.world.answers = [pending, pending];
    const { outcome } = rig.start();
    assert.deepEqual(await rig.waits(outcome), [5, 5, 5]);
    assert.equal(outcome.tokens?.account.id, 'sub-1');
    assert.equal(outcome.tokens.refreshToken?.reveal(), 'r1');
    const { expiresAtMs, ...code } = rig.shown[0]!;
    assert.deepEqual(code, { userCode: 'ABCD-EFGH', verificationUri: `${issuer}/code` });
    assert.equal(expiresAtMs - rig.clock.now(), 585_000);
    const [device, token] = rig.world.requests;
    assert.deepEqual(Object.fromEntries(device!.body), {
      client_id: 'vscode',
      scope: 'openid email',
      acr_values: 'phr',
    });
    assert.deepEqual(Object.fromEntries(token!.body), {
      client_id: 'vscode',
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: 'd1',
    });
    assert.deepEqual(rig.world.opened, []);
  });

  it('waits as long as it is told, and longer when told to slow down', async () => {
    const rig = begin();
    rig.world.device = { interval: 2, verification_uri_complete: `${issuer}/code?c=1` };
    rig.world.answers = [pending, refusing('slow_down'), pending, refusing('slow_down'), pending];
    const { outcome } = rig.start();
    assert.deepEqual(await rig.waits(outcome), [2, 2, 7, 7, 12, 12]);
    assert.equal(rig.shown[0]?.verificationUriComplete, `${issuer}/code?c=1`);
  });

  it('never asks more than once a second', async () => {
    const rig = begin();
    rig.world.device = { interval: 0.01 };
    rig.world.answers = [pending];
    const { outcome } = rig.start();
    assert.deepEqual(await rig.waits(outcome), [1, 1]);
  });

  it('asks less and less often while nobody answers', async () => {
    const rig = begin();
    const down = () => Promise.reject(new ConnectError('network.unreachable'));
    const busy = () =>
      Promise.reject(new ConnectError('identityProvider.busy', { retryAfterSec: 90 }));
    rig.world.answers = [down, down, busy, pending];
    const { outcome } = rig.start();
    assert.deepEqual(await rig.waits(outcome), [5, 10, 20, 90, 90]);
    assert.ok(outcome.tokens);
  });

  for (const [error, code] of [
    ['access_denied', 'identityProvider.signInRefused'],
    ['expired_token', 'user.timedOut'],
    ['invalid_grant', 'identityProvider.responseInvalid'],
    ['invalid_client', 'identityProvider.clientRefused'],
  ] as const) {
    it(`ends on ${error}`, async () => {
      const rig = begin();
      rig.world.answers = [pending, refusing(error), pending];
      const { outcome } = rig.start();
      assert.deepEqual(await rig.waits(outcome), [5, 5]);
      assert.deepEqual([outcome.error?.code, outcome.error?.facts.oauthError], [code, error]);
    });
  }

  it('ends when the code has expired, however long that is said to be', async () => {
    for (const [expiresIn, endsSec] of [
      [12, 12],
      [1e9, 1_800],
    ] as const) {
      const rig = begin();
      rig.world.device = { expires_in: expiresIn };
      rig.world.answers = Array.from({ length: 400 }, () => pending);
      const { outcome, done } = rig.start();
      for (let turn = 0; turn < 50; turn++) await settle();
      for (let sec = 0; sec < endsSec; sec++) {
        assert.equal(outcome.error, undefined);
        await rig.clock.advance(1_000);
        for (let turn = 0; turn < 4; turn++) await settle();
      }
      await done;
      assert.equal(outcome.error?.code, 'user.timedOut');
    }
  });

  it('ends at once when it is cancelled, and asks no more', async () => {
    const rig = begin();
    const { outcome, done } = rig.start();
    for (let turn = 0; turn < 50; turn++) await settle();
    rig.cancel.abort();
    await done;
    assert.equal(outcome.error?.code, 'user.cancelled');
    assert.deepEqual([rig.clock.pending, rig.asked()], [[], ['/device']]);
  });

  it('ends when the code cannot be shown', async () => {
    const rig = begin({ showCode: () => Promise.reject(new ConnectError('user.cancelled')) });
    const { outcome, done } = rig.start();
    await done;
    assert.equal(outcome.error?.code, 'user.cancelled');
    assert.deepEqual(rig.asked(), ['/device']);
  });

  it('is not tried where it is not offered', async () => {
    const rig = begin({ metadata: without('device_authorization_endpoint') });
    const { outcome, done } = rig.start();
    await done;
    assert.equal(outcome.error?.code, 'identityProvider.deviceCodeNotOffered');
    assert.deepEqual(rig.asked(), []);
  });

  for (const [what, device] of [
    ['an address that is not https', { verification_uri: 'http://idp.example/code' }],
    ['a script', { verification_uri: 'javascript:alert(1)' }],
    ['another app', { verification_uri_complete: 'vscode://evil/x' }],
    ['a name before the host', { verification_uri: 'https://idp.example@evil.example/' }],
    ['a code with a line break', { user_code: 'A\nB' }],
    ['a code without end', { user_code: 'A'.repeat(65) }],
  ] as const) {
    it(`shows nobody ${what}`, async () => {
      const rig = begin();
      rig.world.device = device;
      const { outcome, done } = rig.start();
      await done;
      assert.equal(outcome.error?.code, 'identityProvider.responseInvalid');
      assert.deepEqual([rig.shown, rig.asked()], [[], ['/device']]);
    });
  }

  it('verifies the ID token, which has no nonce', async () => {
    const rig = begin();
    rig.world.forgery = { claims: { aud: 'other' } };
    const { outcome } = rig.start();
    await rig.waits(outcome);
    assert.equal(outcome.error?.code, 'identityProvider.idTokenInvalid');
  });
});
