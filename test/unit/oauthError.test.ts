import assert from 'node:assert/strict';
import { ConnectError, errorCodes } from '../../src/core/errors.ts';
import { fromOAuth, type Leg } from '../../src/core/http/oauthError.ts';

const legs: readonly Leg[] = ['signIn', 'refresh', 'exchange', 'redemption'];
const answer = (error: unknown, leg: Leg, more: object = {}) =>
  fromOAuth({ error, status: 400, ...more }, leg, { host: 'idp.example' });

describe('OAuth errors', () => {
  const table: [leg: Leg, error: string, code: string][] = [
    ['signIn', 'access_denied', 'identityProvider.signInRefused'],
    ['refresh', 'invalid_grant', 'identityProvider.sessionEnded'],
    ['exchange', 'access_denied', 'exchange.denied'],
    ['exchange', 'invalid_target', 'exchange.targetRefused'],
    ['exchange', 'invalid_scope', 'exchange.scopeRefused'],
    ['exchange', 'unauthorized_client', 'exchange.clientNotAllowed'],
    ['exchange', 'invalid_grant', 'identityProvider.signInAgain'],
    ['exchange', 'invalid_request', 'identityProvider.signInAgain'],
    ['exchange', 'insufficient_user_authentication', 'exchange.stepUpRequired'],
    ['exchange', 'unsupported_grant_type', 'exchange.notSupported'],
    ['exchange', 'interaction_required', 'identityProvider.signInAgain'],
    ['exchange', 'invalid_dpop_proof', 'exchange.bindingMissing'],
    ['exchange', 'temporarily_unavailable', 'identityProvider.unavailable'],
    ['redemption', 'invalid_grant', 'redemption.refused'],
    ['redemption', 'access_denied', 'redemption.denied'],
    ['redemption', 'invalid_client', 'redemption.clientRefused'],
    ['redemption', 'invalid_target', 'redemption.refused'],
    ['redemption', 'insufficient_claims', 'redemption.refused'],
    ['redemption', 'interaction_pending', 'redemption.interactionRequired'],
    ['redemption', 'insufficient_user_authentication', 'server.stepUpRequired'],
    ['redemption', 'invalid_dpop_proof', 'redemption.bindingMissing'],
    ['redemption', 'slow_down', 'redemption.unavailable'],
    ['redemption', 'server_error', 'redemption.unavailable'],
  ];
  for (const [leg, error, code] of table) {
    it(`${leg}: ${error} is ${code}, whatever the status`, () => {
      for (const status of [400, 401, 403, 500]) {
        const known = answer(error, leg, { status });
        assert.deepEqual(
          [known.code, known.facts.oauthError, known.facts.status],
          [code, error, status],
        );
      }
    });
  }

  it('of any name end in a code of ours', () => {
    const names = [
      'constructor',
      'toString',
      '__proto__',
      'hasOwnProperty',
      'x'.repeat(500),
      '\u0000',
    ];
    for (const leg of legs) {
      for (const name of names) {
        const { code, facts } = answer(name, leg);
        assert.ok(errorCodes.includes(code), `${leg} ${name}`);
        assert.ok((facts.oauthError ?? '').length <= 64);
      }
    }
  });

  it('in a challenge count as well', () => {
    const challenge = { scheme: 'bearer', parameters: { error: 'invalid_client' } };
    const refusal = { status: 401, cause: [{ scheme: 'basic', parameters: {} }, challenge] };
    const { code, facts } = fromOAuth(refusal, 'redemption', {});
    assert.deepEqual([code, facts.oauthError], ['redemption.clientRefused', 'invalid_client']);
  });

  it('that a wrong clock explains are called that, and no others', () => {
    const skewed = { host: 'idp.example', clockOffsetSec: -121 };
    const codes = (['invalid_grant', 'invalid_dpop_proof', 'access_denied'] as const).map(
      (error) => fromOAuth({ error }, 'redemption', skewed).code,
    );
    assert.deepEqual(codes, ['network.clockSkew', 'network.clockSkew', 'redemption.denied']);
    const near = fromOAuth({ error: 'invalid_grant' }, 'redemption', { clockOffsetSec: 120 });
    assert.equal(near.code, 'redemption.refused');
  });

  it("never carry the other party's prose", () => {
    const known = answer('access_denied', 'exchange', { error_description: 'canary' });
    assert.doesNotMatch(JSON.stringify([known.message, known.facts]), /canary/);
  });

  it('let our own errors through, wherever the library put them', () => {
    const ours = new ConnectError('network.tls', { systemCode: 'CERT_HAS_EXPIRED' });
    const wrapped = new Error('a', { cause: new Error('b', { cause: ours }) });
    const known = fromOAuth(wrapped, 'exchange', { audience: 'https://auth.example' });
    assert.deepEqual(
      [known.code, known.facts],
      ['network.tls', { audience: 'https://auth.example', systemCode: 'CERT_HAS_EXPIRED' }],
    );
  });
});
