import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import {
  createClientCheck,
  type ClientCheckDependencies,
} from '../../../src/sandbox/clientCheck.ts';
import { createClientKeys } from '../../../src/sandbox/clientKeys.ts';
import { registerClients } from '../../../src/sandbox/clients.ts';

const issuer = 'http://127.0.0.1:1';
const tokenEndpoint = `${issuer}/token`;
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

describe('sandbox: who asks at an authorization server', () => {
  async function server(own: Partial<ClientCheckDependencies> = {}) {
    const clients = registerClients('app', ['none', 'client_secret_basic', 'private_key_jwt']);
    const keys = createClientKeys();
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    keys.register('app-key', await exportJWK(publicKey));
    const check = createClientCheck({ clients, keys, issuer, tokenEndpoint, ...own });
    const assertion = (change: JWTPayload = {}, typ?: string, key = privateKey) =>
      new SignJWT({
        ...{ iss: 'app-key', sub: 'app-key', aud: issuer, jti: randomUUID() },
        exp: Math.floor(Date.now() / 1000) + 60,
        ...change,
      })
        .setProtectedHeader({ alg: 'ES256', ...(typ === undefined ? {} : { typ }) })
        .sign(key);
    const sent = async (clientAssertion: string, more: Record<string, string> = {}) =>
      check(
        more['authorization'],
        new URLSearchParams({
          client_assertion: clientAssertion,
          client_assertion_type: assertionType,
          ...more,
        }),
      );
    return { clients, check, assertion, sent };
  }

  it('takes a signed assertion of a registered key, once', async () => {
    const { assertion, sent } = await server();
    const once = await assertion();
    assert.equal((await sent(once))?.clientId, 'app-key');
    assert.equal(await sent(once), undefined);
    assert.equal((await sent(await assertion({ aud: tokenEndpoint })))?.clientId, 'app-key');
  });

  it('refuses an assertion that is not right in every way', async () => {
    const { assertion, sent } = await server();
    const now = Math.floor(Date.now() / 1000);
    const other = await generateKeyPair('ES256');
    const wrong = [
      await assertion({ aud: 'https://elsewhere.example' }),
      await assertion({ aud: [issuer, 'https://elsewhere.example'] }),
      await assertion({ iss: 'app' }),
      await assertion({ sub: 'app', iss: 'app' }),
      await assertion({ exp: now - 60 }),
      await assertion({}, undefined, other.privateKey),
      'not-a-jwt',
    ];
    for (const one of wrong) assert.equal(await sent(one), undefined);
    assert.equal(await sent(await assertion(), { client_assertion_type: 'other' }), undefined);
    assert.equal(await sent(await assertion(), { client_secret: 'too' }), undefined);
    assert.equal(await sent(await assertion(), { authorization: 'Basic eDp5' }), undefined);
  });

  it('insists on audience, type and life where it is told to', async () => {
    const assertionRules = { audience: 'issuer', typRequired: true, longestLifeSec: 120 } as const;
    const { assertion, sent } = await server({ assertionRules });
    const typ = 'client-authentication+jwt';
    const far = Math.floor(Date.now() / 1000) + 3600;
    assert.equal(await sent(await assertion()), undefined);
    assert.equal(await sent(await assertion({ aud: tokenEndpoint }, typ)), undefined);
    assert.equal(await sent(await assertion({ exp: far }, typ)), undefined);
    assert.equal((await sent(await assertion({}, typ)))?.clientId, 'app-key');
  });

  it('takes each client only the way it is registered', async () => {
    const { clients, check } = await server();
    const basic = clients.find(({ clientId }) => clientId === 'app-basic')!;
    const header = (id: string, secret = '') =>
      `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
    const none = new URLSearchParams();
    assert.equal(await check(header('app-basic', basic.clientSecret), none), basic);
    assert.equal(await check(header('app-basic', 'wrong'), none), undefined);
    assert.equal(await check(header('app'), none), undefined);
    const ask = (clientId: string) =>
      check(undefined, new URLSearchParams({ client_id: clientId }));
    assert.equal((await ask('app'))?.clientId, 'app');
    for (const id of ['app-basic', 'app-key', 'nobody']) assert.equal(await ask(id), undefined);
  });

  it('reads no document on another computer, nor any unless it is told to', async () => {
    for (const documents of [true, false]) {
      const { check } = await server({ documents });
      const form = new URLSearchParams({ client_id: 'https://app.example/client.json' });
      assert.equal(await check(undefined, form), undefined);
    }
  });
});
