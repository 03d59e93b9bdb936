// Each check of a redemption alone: well-signed ID-JAGs with one thing wrong, which no honest identity
// provider would issue.
import assert from 'node:assert/strict';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import {
  createRedemption,
  RedemptionError,
  type Redemption,
} from '../../../src/sandbox/redemption.ts';
import { servers } from '../../../src/sandbox/catalogue.ts';

const issuer = 'http://127.0.0.1:1';
const audience = 'http://127.0.0.1:2';
const resource = 'http://127.0.0.1:3/mcp';
const client = { clientId: 'c-1', clientAuthentication: 'none' } as const;
const now = Math.floor(Date.now() / 1000);

describe('sandbox: what makes an ID-JAG unacceptable', () => {
  let keys: { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey };
  let redemption: Redemption;
  before(async () => {
    keys = await generateKeyPair('RS256', { extractable: true });
    redemption = createRedemption({
      issuer: audience,
      trustedIssuer: issuer,
      trustedKeys: createLocalJWKSet({ keys: [await exportJWK(keys.publicKey)] }),
      resources: new Map([[resource, servers[0]!]]),
    });
  });

  const claims = () => ({
    iss: issuer,
    sub: 'alice',
    aud: audience,
    client_id: 'c-1',
    jti: crypto.randomUUID(),
    iat: now,
    exp: now + 300,
    resource,
    scope: 'tickets:read',
  });
  const header = { alg: 'RS256', typ: 'oauth-id-jag+jwt' };

  async function redeem(wrong: object, wrongHeader: object = {}): Promise<string> {
    const assertion = await new SignJWT({ ...claims(), ...wrong })
      .setProtectedHeader({ ...header, ...wrongHeader })
      .sign(keys.privateKey);
    return redemption.redeem(new URLSearchParams({ assertion }), client).then(
      ({ person, server, scopes }) => [person, server.id, ...scopes].join(' '),
      (error: unknown) => (error as RedemptionError).error,
    );
  }

  it('accepts one with nothing wrong, also with its audience in a list of one', async () => {
    assert.equal(await redeem({}), 'alice tickets tickets:read');
    assert.equal(await redeem({ aud: [audience] }), 'alice tickets tickets:read');
  });

  const wrong: Record<string, [object, object?]> = {
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
    'an end in the past': [{ iat: now - 300, exp: now - 10 }],
    'too long a life': [{ exp: now + 3600 }],
    'a beginning in the future': [{ iat: now + 60, exp: now + 300 }],
    'a resource of somebody else': [{ resource: 'http://127.0.0.1:9/mcp' }],
    'no resource': [{ resource: undefined }],
  };
  for (const [name, [claim, head]] of Object.entries(wrong)) {
    it(`refuses one with ${name}`, async () => {
      assert.equal(await redeem(claim, head), 'invalid_grant');
    });
  }

  it('refuses algorithms it does not expect', async () => {
    const sign = async (alg: string, key: CryptoKey | Uint8Array) => {
      const assertion = await new SignJWT(claims())
        .setProtectedHeader({ ...header, alg })
        .sign(key);
      return redemption.redeem(new URLSearchParams({ assertion }), client);
    };
    const { privateKey } = await generateKeyPair('ES256');
    await assert.rejects(sign('ES256', privateKey), RedemptionError);
    await assert.rejects(sign('HS256', new TextEncoder().encode('s'.repeat(32))), RedemptionError);
  });
});
