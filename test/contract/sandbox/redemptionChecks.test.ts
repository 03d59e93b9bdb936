// Each check of a redemption alone: well-signed ID-JAGs with one thing wrong, which no honest identity
// provider would issue.
import assert from 'node:assert/strict';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { acmeServers } from '../../../src/sandbox/catalogue.ts';
import {
  createRedemption,
  type Redemption,
  type RedemptionDependencies,
  type RedemptionRequest,
} from '../../../src/sandbox/redemption.ts';
import { Refusal } from '../../../src/sandbox/refusal.ts';

const issuer = 'http://127.0.0.1:1';
const audience = 'http://127.0.0.1:2';
const resource = 'http://127.0.0.1:3/mcp';
const client = { clientId: 'c-1', clientAuthentication: 'none' } as const;
type Claims = Readonly<Record<string, unknown>>;
/** When asked, not when this file was loaded: the ring takes minutes. */
const now = () => Math.floor(Date.now() / 1000);

describe('sandbox: what makes an ID-JAG unacceptable', () => {
  let keys: { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey };
  let plain: RedemptionDependencies;
  let redemption: Redemption;
  before(async () => {
    keys = await generateKeyPair('RS256', { extractable: true });
    plain = {
      issuer: audience,
      trustedIssuer: issuer,
      trustedKeys: createLocalJWKSet({ keys: [await exportJWK(keys.publicKey)] }),
      resources: new Map([[resource, acmeServers[0]!]]),
    };
    redemption = createRedemption(plain);
  });

  const claims = () => ({
    iss: issuer,
    sub: 'alice',
    aud: audience,
    client_id: 'c-1',
    jti: crypto.randomUUID(),
    iat: now(),
    exp: now() + 300,
    resource,
    scope: 'tickets:read',
  });
  const header = { alg: 'RS256', typ: 'oauth-id-jag+jwt' };

  async function redeem(wrong: object, wrongHeader: object = {}): Promise<string> {
    const assertion = await new SignJWT({ ...claims(), ...wrong })
      .setProtectedHeader({ ...header, ...wrongHeader })
      .sign(keys.privateKey);
    return outcome({ assertion });
  }

  const outcome = (
    form: Record<string, string>,
    { at = redemption, proven }: { at?: Redemption } & Pick<RedemptionRequest, 'proven'> = {},
  ): Promise<string> =>
    at.redeem({ form: new URLSearchParams(form), client, proven }).then(
      ({ person, server, scopes }) => [person, server.id, ...scopes].join(' '),
      (error: unknown) => (error as Refusal).error,
    );

  it('accepts one with nothing wrong, also with its audience in a list of one', async () => {
    assert.equal(await redeem({}), 'alice tickets tickets:read');
    assert.equal(await redeem({ aud: [audience] }), 'alice tickets tickets:read');
  });

  const wrong: Record<string, [Claims | (() => Claims), object?]> = {
    'an ordinary JWT': [{}, { typ: 'JWT' }],
    'no type': [{}, { typ: undefined }],
    'another issuer': [{ iss: 'http://127.0.0.1:9' }],
    'an issuer with a slash more': [{ iss: `${issuer}/` }],
    'another audience': [{ aud: 'http://127.0.0.1:9' }],
    'the token endpoint as audience': [{ aud: `${audience}/token` }],
    'two audiences': [{ aud: [audience, 'http://127.0.0.1:9'] }],
    'another client': [{ client_id: 'c-2' }],
    'no client': [{ client_id: undefined }],
    'no subject': [{ sub: undefined }],
    'no id': [{ jti: undefined }],
    'no end': [{ exp: undefined }],
    'no beginning': [{ iat: undefined }],
    'an end in the past': [() => ({ iat: now() - 300, exp: now() - 10 })],
    'too long a life': [() => ({ exp: now() + 3600 })],
    'a beginning in the future': [() => ({ iat: now() + 60, exp: now() + 300 })],
    'a resource of somebody else': [{ resource: 'http://127.0.0.1:9/mcp' }],
    'no resource': [{ resource: undefined }],
  };
  for (const [name, [claim, head]] of Object.entries(wrong)) {
    it(`refuses one with ${name}`, async () => {
      const claims = typeof claim === 'function' ? claim() : claim;
      assert.equal(await redeem(claims, head), 'invalid_grant');
    });
  }

  it('refuses algorithms it does not expect', async () => {
    const sign = async (alg: string, key: CryptoKey | Uint8Array) => {
      const assertion = await new SignJWT(claims())
        .setProtectedHeader({ ...header, alg })
        .sign(key);
      return redemption.redeem({ form: new URLSearchParams({ assertion }), client });
    };
    const { privateKey } = await generateKeyPair('ES256');
    await assert.rejects(sign('ES256', privateKey), Refusal);
    await assert.rejects(sign('HS256', new TextEncoder().encode('s'.repeat(32))), Refusal);
  });

  describe('with rules of its own', () => {
    const sign = (claim: object = {}) =>
      new SignJWT({ ...claims(), ...claim }).setProtectedHeader(header).sign(keys.privateKey);
    const ruled = (rules: NonNullable<RedemptionDependencies['rules']>) =>
      createRedemption({ ...plain, rules });

    it('takes an ID-JAG twice only where replay is allowed', async () => {
      const form = { assertion: await sign() };
      for (const [at, second] of [
        [ruled({ replayAllowed: true }), 'alice tickets tickets:read'],
        [ruled({}), 'invalid_grant'],
      ] as const) {
        assert.equal(await outcome(form, { at }), 'alice tickets tickets:read');
        assert.equal(await outcome(form, { at }), second);
      }
    });

    it('chooses the resource where it need not be named', async () => {
      const at = ruled({ resourceClaimRequired: false });
      const assertion = await sign({ resource: undefined });
      assert.equal(await outcome({ assertion }, { at }), 'alice tickets tickets:read');
    });

    it('knows people by the domain of their address, and whom it has a licence for', async () => {
      const domain = ruled({ emailDomains: ['acme.example'] });
      const own = await sign({ email: 'alice@acme.example' });
      assert.equal(await outcome({ assertion: own }, { at: domain }), 'alice tickets tickets:read');
      for (const email of ['alice@acme.example.net', 'acme.example@x', undefined]) {
        const foreign = await sign({ email });
        assert.equal(await outcome({ assertion: foreign }, { at: domain }), 'invalid_grant');
      }
      const noLicence = { error: 'access_denied', status: 403 };
      const at = ruled({ unlicensed: ['alice'], noLicence });
      assert.equal(await outcome({ assertion: await sign() }, { at }), 'access_denied');
    });

    it('lets only so long a life pass, and grants nothing where it is told to', async () => {
      const short = ruled({ longestIdJagSec: 60 });
      assert.equal(await outcome({ assertion: await sign() }, { at: short }), 'invalid_grant');
      const nothing = ruled({ grantsNothing: true });
      assert.equal(await outcome({ assertion: await sign() }, { at: nothing }), 'alice tickets');
    });

    // draft-ietf-oauth-identity-assertion-authz-grant §9.8, all ways an ID-JAG and a proof can meet.
    const taken = 'alice tickets tickets:read';
    const table = [
      ['supported', 'k', 'k', taken],
      ['supported', 'k', 'other', 'invalid_grant'],
      ['supported', 'k', undefined, 'invalid_grant'],
      ['supported', undefined, 'k', taken],
      ['supported', undefined, undefined, taken],
      ['required', undefined, undefined, 'invalid_grant'],
      ['required', 'k', 'k', taken],
      ['nonce', 'k', undefined, 'invalid_grant'],
      ['off', 'k', undefined, taken],
      ['ignored', 'k', 'k', taken],
    ] as const;
    for (const [dpop, jkt, proven, expected] of table) {
      it(`DPoP ${dpop}: bound to ${jkt ?? 'nothing'}, proven ${proven ?? 'nothing'}`, async () => {
        const assertion = await sign(jkt === undefined ? {} : { cnf: { jkt } });
        const at = ruled({ dpop });
        assert.equal(await outcome({ assertion }, { at, proven }), expected);
        if (expected !== taken) return;
        const form = new URLSearchParams({
          assertion: await sign(jkt === undefined ? {} : { cnf: { jkt } }),
        });
        const redeemed = await at.redeem({ form, client, proven });
        assert.equal(redeemed.jkt, ['off', 'ignored'].includes(dpop) ? undefined : proven);
      });
    }
  });
});
