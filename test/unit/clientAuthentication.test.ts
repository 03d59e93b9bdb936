import assert from 'node:assert/strict';
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  jwtVerify,
  type JWK,
} from 'jose';
import { createDeviceKey, deviceKey } from '../../src/core/client/deviceKey.ts';
import {
  signingAlgorithms,
  type SigningAlgorithm,
} from '../../src/core/client/clientRegistration.ts';
import { registrationAt } from '../../src/core/client/clientCredentials.ts';
import { ConnectError } from '../../src/core/errors.ts';
import type { ClientProfile } from '../../src/core/profile/profile.ts';
import { Secret } from '../../src/core/secret.ts';
import { serverEntry } from '../support/entries.ts';
import { codeOf, factsOf, idJag, issuer, memoryStore, run, type Asked } from './legsRig.ts';

const document = 'https://clients.example/enterprise-mcp.json';

async function keyPair(algorithm: SigningAlgorithm, more: object = {}) {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  return { public: pair.publicKey, jwk: { ...(await exportJWK(pair.privateKey)), ...more } };
}

const withKey = (jwk: object, assertion: Partial<ClientProfile['clientAssertion']> = {}) => ({
  clientAuthentication: 'private_key_jwt' as const,
  clientKey: new Secret(JSON.stringify(jwk)),
  clientAssertion: {
    audience: 'issuer',
    typ: undefined,
    algorithm: 'ES256',
    ...assertion,
  } as const,
});

const assertionOf = ({ form }: Asked) => form.get('client_assertion') ?? assert.fail();

describe('private_key_jwt', () => {
  it('signs a new assertion for every request, in both legs', async () => {
    const key = await keyPair('ES256', { kid: 'k-1' });
    const legs = run({ server: withKey(key.jwk), identityProvider: withKey(key.jwk) });
    await legs.access;
    const idp = await jwtVerify(assertionOf(legs.exchanges[0]!), key.public);
    const ras = await jwtVerify(assertionOf(legs.redemptions[0]!), key.public);
    assert.equal(idp.payload.aud, 'https://idp.example');
    assert.equal(ras.payload.aud, issuer);
    assert.deepEqual([ras.payload.iss, ras.payload.sub], ['there', 'there']);
    assert.deepEqual(ras.protectedHeader, { alg: 'ES256', kid: 'k-1' });
    const { exp = 0, iat = 0, jti } = ras.payload;
    assert.equal(exp - iat, 120);
    assert.notEqual(jti, idp.payload.jti);
    const { form, headers } = legs.redemptions[0] ?? assert.fail();
    assert.equal(
      form.get('client_assertion_type'),
      'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    );
    assert.equal(headers.has('authorization'), false);
    assert.notEqual(form.get('assertion'), form.get('client_assertion'));
  });

  for (const algorithm of signingAlgorithms) {
    it(`signs with ${algorithm}, for the audience and of the type the other side wants`, async () => {
      const key = await keyPair(algorithm);
      const style = {
        algorithm,
        audience: 'tokenEndpoint',
        typ: 'client-authentication+jwt',
      } as const;
      const legs = run({ server: withKey(key.jwk, style) });
      await legs.access;
      const { payload, protectedHeader } = await jwtVerify(
        assertionOf(legs.redemptions[0]!),
        key.public,
      );
      assert.equal(payload.aud, `${issuer}/token`);
      assert.deepEqual(protectedHeader, { alg: algorithm, typ: 'client-authentication+jwt' });
    });
  }

  it('says which key of the profile is none', async () => {
    const rsa = (await keyPair('RS256')).jwk;
    const onlyPublic = { ...(await keyPair('ES256')).jwk, d: undefined };
    const otherAlgorithm = (await keyPair('ES256', { alg: 'RS256' })).jwk;
    for (const jwk of [
      rsa,
      onlyPublic,
      otherAlgorithm,
      { kty: 'EC', d: 'x' },
      { kty: 'oct', k: 'eA', d: 'x' },
    ]) {
      const legs = run({ server: withKey(jwk) });
      assert.equal(await codeOf(legs), 'profile.invalid');
      const facts = await factsOf(legs);
      assert.deepEqual([facts.key, facts.reason], ['clientKey', 'is no private key for ES256']);
      assert.equal(legs.redemptions.length, 0);
    }
    const short = await generateKeyPair('RS256', { extractable: true, modulusLength: 2048 });
    assert.equal(
      await codeOf(
        run({ server: withKey(await exportJWK(short.privateKey), { algorithm: 'RS256' }) }),
      ),
      'granted',
    );
  });

  it('is tried once more where the endpoint has moved', async () => {
    const key = await keyPair('ES256');
    let at = 'old';
    const refusal = Response.json({ error: 'invalid_client' }, { status: 401 });
    const legs = run({
      server: withKey(key.jwk, { audience: 'tokenEndpoint' }),
      redemption: [refusal, {}],
      discovery: {
        outdated: () => ((at = 'new'), true),
        authorizationServer: () =>
          Promise.resolve({
            issuer,
            token_endpoint: `${issuer}/${at}`,
            grant_types_supported: ['urn:ietf:params:oauth:grant-type:jwt-bearer'],
          }),
      },
    });
    assert.equal(await codeOf(legs), 'granted');
    const { payload } = await jwtVerify(assertionOf(legs.redemptions[1]!), key.public);
    assert.equal(payload.aud, `${issuer}/new`);
  });
});

describe('a client that is a document', () => {
  it('is named by its address, with no proof or with the key of this computer', async () => {
    const none = run({ server: { clientId: 'there', clientAuthentication: 'none' } });
    await none.access;
    assert.equal(none.redemptions[0]?.form.has('client_assertion'), false);
    const client = serverEntry({
      clientId: document,
      clientAuthentication: 'private_key_jwt',
    });
    const store = memoryStore();
    const jwk = await createDeviceKey(issuer, client, store);
    const grant = idJag({ client_id: document });
    const legs = run({ server: client, store, exchange: { access_token: grant } });
    await legs.access;
    const sent = assertionOf(legs.redemptions[0]!);
    const { payload, protectedHeader } = await jwtVerify(
      sent,
      await importJWK(jwk as JWK, 'ES256'),
    );
    assert.deepEqual(
      [payload.iss, payload.sub, protectedHeader.kid],
      [document, document, jwk['kid']],
    );
  });
});

describe('the key of this computer', () => {
  const client = (algorithm: SigningAlgorithm = 'ES256', clientId = 'there') =>
    serverEntry({
      clientId,
      clientAuthentication: 'private_key_jwt',
      clientAssertion: { audience: 'issuer', typ: undefined, algorithm },
    });

  for (const algorithm of signingAlgorithms) {
    it(`is made for ${algorithm}, and only its public half comes out`, async () => {
      const store = memoryStore();
      const made = await createDeviceKey(issuer, client(algorithm), store);
      assert.deepEqual(await deviceKey(issuer, client(algorithm), store), made);
      assert.deepEqual([made['alg'], made['use']], [algorithm, 'sig']);
      assert.equal(made['kid'], await calculateJwkThumbprint(made as JWK));
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) assert.ok(!(secret in made));
      const registration = await registrationAt(issuer, client(algorithm), store, 'redemption');
      assert.equal(registration.method, 'private_key_jwt');
    });
  }

  it('is overwritten only when told so', async () => {
    const store = memoryStore();
    assert.equal(await deviceKey(issuer, client(), store), undefined);
    const first = await createDeviceKey(issuer, client(), store);
    assert.deepEqual(await createDeviceKey(issuer, client(), store), first);
    const other = await createDeviceKey(issuer, client('EdDSA'), store);
    assert.notDeepEqual(other, first);
    assert.deepEqual(await deviceKey(issuer, client(), store), first);
    const second = await createDeviceKey(issuer, client(), store, { replace: true });
    assert.notDeepEqual(second, first);
    assert.deepEqual(await deviceKey(issuer, client(), store), second);
  });

  it('is one per issuer, but one everywhere for a document', async () => {
    const store = memoryStore();
    const other = 'https://other.example';
    const here = await createDeviceKey(issuer, client(), store);
    assert.notDeepEqual(await createDeviceKey(other, client(), store), here);
    const named = await createDeviceKey(issuer, client('ES256', document), store);
    assert.deepEqual(await createDeviceKey(other, client('ES256', document), store), named);
  });

  it('that is missing is said before anything is sent', async () => {
    const legs = run({ server: { clientAuthentication: 'private_key_jwt' } });
    assert.equal(await codeOf(legs), 'redemption.clientKeyMissing');
    assert.equal(legs.exchanges.length, 0);
    const idp = run({ identityProvider: { clientAuthentication: 'private_key_jwt' } });
    assert.equal(await codeOf(idp), 'identityProvider.clientKeyMissing');
    const { access } = legs;
    assert.ok(ConnectError.is(await access.catch((error: unknown) => error)));
  });
});
