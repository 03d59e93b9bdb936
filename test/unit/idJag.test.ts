import assert from 'node:assert/strict';
import { UnsecuredJWT } from 'jose';
import { requestAccess } from '../../src/core/accessRequest.ts';
import { ConnectError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import { FakeClock } from '../support/fakeClock.ts';

const idpIssuer = 'https://idp.example';
const issuer = 'https://auth.example';
const resource = 'https://tickets.example/mcp';
const clock = new FakeClock();
const idJagType = 'urn:ietf:params:oauth:token-type:id-jag';
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const client = { clientAuthentication: 'none', clientSecret: undefined } as const;

/** An ID-JAG as good as can be: its signature is not ours to check. */
const assertion = () => {
  const claims = { aud: issuer, resource, client_id: 'there', exp: clock.now() / 1000 + 300 };
  const header = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'oauth-id-jag+jwt' }));
  const payload = new UnsecuredJWT(claims).encode().split('.')[1] ?? '';
  return `${header.toString('base64url')}.${payload}.c2ln`;
};

/** All legs with these answers of the identity provider and of the authorization server. */
function access(answers: { exchange?: object; redemption?: object }, scopes = ['read']) {
  const signal = new AbortController().signal;
  const exchanged = { access_token: assertion(), token_type: 'N_A', issued_token_type: idJagType };
  const redeemed = { access_token: 'at', token_type: 'Bearer' };
  return requestAccess(
    {
      server: { ...client, url: resource, clientId: 'there', scopes, authorizationServer: issuer },
      identityProvider: {
        ...client,
        id: 'acme',
        label: 'Acme',
        issuer: idpIssuer,
        clientId: 'here',
        scopes: [],
        maxRequests: 4,
      },
      onStep: () => undefined,
      signal,
    },
    {
      clock,
      store: {
        get: () => Promise.resolve(undefined),
        store: async () => {},
        delete: async () => {},
      },
      subject: () => Promise.resolve({ token: new Secret('id'), kind: 'idToken' }),
      discovery: {
        resource: () =>
          Promise.resolve({ resource, authorizationServers: [issuer], scopesSupported: [] }),
        identityProvider: () =>
          Promise.resolve({ issuer: idpIssuer, token_endpoint: `${idpIssuer}/token` }),
        authorizationServer: () =>
          Promise.resolve({
            issuer,
            token_endpoint: `${issuer}/token`,
            grant_types_supported: [jwtBearer],
          }),
        forget: () => undefined,
      },
      toIdentityProvider: () =>
        Promise.resolve(Response.json({ ...exchanged, ...answers.exchange })),
      toAuthorizationServer: () =>
        Promise.resolve(Response.json({ ...redeemed, ...answers.redemption })),
    },
  );
}
const codeOf = (granted: Promise<unknown>) =>
  granted.then(
    () => 'granted',
    (error: unknown) => ConnectError.from(error).code,
  );

describe('the access to one server', () => {
  it('lives as long as its server says, and no longer than a day', async () => {
    const lives: [unknown, number][] = [
      [600, 600],
      ['600', 600],
      [9e15, 86_400],
      [undefined, 300],
    ];
    for (const [expires_in, seconds] of lives) {
      assert.equal((await access({ redemption: { expires_in } })).lifeMs, seconds * 1000);
    }
  });

  it('is of no use when it ends at once', async () => {
    for (const expires_in of [0, 1, 5]) {
      assert.equal(
        await codeOf(access({ redemption: { expires_in } })),
        'redemption.answerInvalid',
      );
    }
    assert.equal(await codeOf(access({ redemption: { expires_in: 6 } })), 'granted');
  });

  it('is refused when nothing of what was asked for is granted', async () => {
    for (const scope of ['', ' ', '   ']) {
      assert.equal(await codeOf(access({ exchange: { scope } })), 'exchange.scopeRefused');
      assert.equal(await codeOf(access({ redemption: { scope } })), 'redemption.scopeRefused');
      assert.equal(await codeOf(access({ exchange: { scope } }, [])), 'granted');
      assert.equal(await codeOf(access({ redemption: { scope } }, [])), 'granted');
    }
  });

  it('may be less than was asked for', async () => {
    const { scopes } = await access({ exchange: { scope: 'read' } }, ['read', 'write']);
    assert.deepEqual(scopes, ['read']);
    const more = access({ redemption: { scope: 'read admin' } });
    assert.equal(await codeOf(more), 'redemption.answerInvalid');
  });
});
