import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createRemoteJWKSet,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  type JWK,
} from 'jose';
import type {
  IdentityProviderSetup,
  IdentityProviderTampering,
} from '../../../src/sandbox/setup.ts';
import { claimsOf, createEmployee, redirectUri, subject, type Signer } from './employee.ts';
import {
  startVendorIdentityProvider,
  type VendorIdentityProvider,
} from './vendorIdentityProvider.ts';
import type { Visit } from './webBrowser.ts';

describe('sandbox: signing in the way vendors do it', () => {
  const open: VendorIdentityProvider[] = [];
  afterEach(() => {
    for (const one of open.splice(0)) one.stop();
  });
  async function vendor(setup: IdentityProviderSetup) {
    const at = await startVendorIdentityProvider(setup);
    open.push(at);
    const { issuer } = at.line.identityProvider;
    const metadata = async () =>
      (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as Record<
        string,
        unknown
      >;
    return { ...at, issuer, metadata };
  }

  const issCases = [
    ['right', true, (issuer: string) => issuer],
    ['wrong', true, () => 'https://elsewhere.example'],
    ['missing', true, () => null],
    ['unadvertised', undefined, (issuer: string) => issuer],
  ] as const;
  for (const [issParameter, advertised, expected] of issCases) {
    it(`comes back with a ${issParameter} iss, after a yes and after a no`, async () => {
      const { line, issuer, metadata } = await vendor({ issParameter });
      const { authorization_response_iss_parameter_supported: told } = await metadata();
      assert.equal(told, advertised);
      const employee = createEmployee(line);
      const no = await employee.browse(employee.authorization({ prompt: 'none' }).url);
      assert.equal(no.url.searchParams.get('error'), 'login_required');
      const page = await employee.browse(employee.authorization().url);
      const person = { username: 'alice', password: 'alice' };
      const yes = await employee.browser.submit(page, person, redirectUri);
      assert.ok(yes.url.searchParams.has('code'));
      for (const { url } of [no, yes]) assert.equal(url.searchParams.get('iss'), expected(issuer));
    });
  }

  it('says nothing of PKCE and of ID-JAGs where it is told not to', async () => {
    const { metadata } = await vendor({ advertisesPkce: false, advertisesIdJags: false });
    const document = await metadata();
    assert.equal(document['code_challenge_methods_supported'], undefined);
    assert.equal(document['identity_chaining_requested_token_types_supported'], undefined);
  });

  it('shows the sign-in page again for prompt=select_account and prompt=login', async () => {
    const { line } = await vendor({});
    const employee = createEmployee(line);
    await employee.signIn('alice');
    for (const [prompt, person] of [
      ['select_account', 'alice'],
      ['login', 'alice'],
      ['select_account', 'bob'],
    ] as const) {
      const asked = employee.authorization({ prompt });
      const page = await employee.browse(asked.url);
      const filled = { username: person, password: person };
      const next = await employee.browser.submit(page, filled, redirectUri);
      // Another account than before signs the old one out first, by a form that sends itself.
      const back = person === 'alice' ? next : await employee.browser.submit(next, {}, redirectUri);
      const answer = await employee.redeemCode(back, asked);
      assert.equal(claimsOf(answer['id_token'])['sub'], person);
    }
  });

  describe('with a key of the device', () => {
    const methods = ['private_key_jwt'] as const;
    async function device(setup: IdentityProviderSetup) {
      const at = await vendor({ ...setup, clientAuthentication: methods });
      const { publicKey, privateKey: key } = await generateKeyPair('ES256');
      at.identityProvider.registerKey('enterprise-mcp-key', await exportJWK(publicKey));
      const trying = async (signer: Omit<Signer, 'key'>) => {
        const employee = createEmployee(at.line, 'private_key_jwt', { key, ...signer });
        const { idToken } = await employee.signIn('alice');
        return idToken === 'undefined' ? 'refused' : 'signed in';
      };
      return { ...at, trying, tokenEndpoint: `${at.issuer}/token` };
    }

    for (const [audience, issuerWorks, tokenEndpointWorks] of [
      ['issuer', 'signed in', 'refused'],
      ['tokenEndpoint', 'refused', 'signed in'],
      ['either', 'signed in', 'signed in'],
    ] as const) {
      it(`takes assertions for the audience "${audience}"`, async () => {
        const { trying, issuer, tokenEndpoint } = await device({ clientAssertion: { audience } });
        assert.equal(await trying({ audience: issuer }), issuerWorks);
        assert.equal(await trying({ audience: tokenEndpoint }), tokenEndpointWorks);
        assert.equal(await trying({ audience: 'https://elsewhere.example' }), 'refused');
      });
    }

    it('insists on the type and the life of an assertion', async () => {
      const rules = { typRequired: true, longestLifeSec: 3600 };
      const { trying, issuer: audience } = await device({ clientAssertion: rules });
      const typ = 'client-authentication+jwt';
      assert.equal(await trying({ audience }), 'refused');
      assert.equal(await trying({ audience, typ, lifeSec: 3601 }), 'refused');
      assert.equal(await trying({ audience, typ, lifeSec: 3600 }), 'signed in');
    });

    it('knows no key but the registered one, and no private one', async () => {
      const { trying, issuer: audience, identityProvider } = await device({});
      const other = await generateKeyPair('ES256', { extractable: true });
      identityProvider.registerKey('enterprise-mcp-key', await exportJWK(other.publicKey));
      assert.equal(await trying({ audience }), 'refused');
      const secret = await exportJWK(other.privateKey);
      assert.throws(() => {
        identityProvider.registerKey('enterprise-mcp-key', secret);
      }, TypeError);
    });

    it('reads the key in the document a client id points to', async () => {
      const { publicKey, privateKey: key } = await generateKeyPair('ES256');
      const documents = createServer();
      await new Promise<void>((resolve) => documents.listen(0, '127.0.0.1', resolve));
      const clientId = `http://127.0.0.1:${(documents.address() as AddressInfo).port}/client.json`;
      const jwk: JWK = await exportJWK(publicKey);
      documents.on('request', (_request, response) => {
        const method = 'private_key_jwt';
        response.end(
          JSON.stringify({
            client_id: clientId,
            token_endpoint_auth_method: method,
            jwks: { keys: [jwk] },
          }),
        );
      });
      const at = await vendor({ clientAuthentication: methods, clientIdMetadataDocuments: true });
      assert.equal((await at.metadata())['client_id_metadata_document_supported'], true);
      const clients = [{ clientId, clientAuthentication: 'private_key_jwt' }] as const;
      const line = { ...at.line, identityProvider: { issuer: at.issuer, clients } };
      const employee = createEmployee(line, 'private_key_jwt', { key, audience: at.issuer });
      const tokens = await employee.signIn('alice');
      const answer = await employee.exchange('tickets', subject(tokens.idToken));
      assert.equal(claimsOf(answer['access_token'])['client_id'], clientId);
      documents.close();
      documents.closeAllConnections();
    });
  });

  describe('with a code on another device', () => {
    const device = 'urn:ietf:params:oauth:grant-type:device_code';
    async function begun(setup: IdentityProviderSetup = {}) {
      const at = await vendor({ deviceGrant: true, ...setup });
      const employee = createEmployee(at.line);
      const scope = 'openid profile email offline_access';
      const started = await employee.atIdentityProvider('/device/authorize', { scope });
      const poll = () =>
        employee.atIdentityProvider('/token', {
          grant_type: device,
          device_code: String(started['device_code']),
        });
      const next = (page: Visit, fields: Record<string, string> = {}) =>
        employee.browser.submit(page, fields, 'about:');
      return { ...at, employee, started, poll, next };
    }

    it('asks for the code, the person and a yes, and tells the device', async () => {
      const { employee, started, poll, next, metadata } = await begun();
      assert.match(String((await metadata())['device_authorization_endpoint']), /authorize$/);
      assert.equal(started['interval'], undefined);
      assert.equal((await poll())['error'], 'authorization_pending');
      const form = await employee.browse(String(started['verification_uri']));
      assert.equal(form.url.hostname, 'acme.localhost');
      const wrong = await next(form, { user_code: 'ZZZZ-ZZZZ' });
      assert.match(wrong.html, /did not work/);
      const question = await next(wrong, { user_code: String(started['user_code']) });
      assert.match(question.html, /Is this your device\?/);
      const signIn = await next(question);
      const done = await next(signIn, { username: 'alice', password: 'alice' });
      assert.match(done.html, /Go back to your device/);
      const answer = await poll();
      assert.equal(claimsOf(answer['id_token'])['sub'], 'alice');
      const idJag = await employee.exchange('tickets', subject(String(answer['refresh_token'])));
      assert.equal(idJag.status, 200);
    });

    it('takes the code from the link, and a no', async () => {
      const { employee, started, poll, next } = await begun();
      const sent = await employee.browse(String(started['verification_uri_complete']));
      const question = await next(sent);
      await next(question, { abort: 'yes' });
      assert.equal((await poll())['error'], 'access_denied');
    });

    it('tells a device that asks too often to slow down', async () => {
      const { started, poll } = await begun({ deviceIntervalSec: 1 });
      assert.equal(started['interval'], 1);
      assert.equal((await poll())['error'], 'authorization_pending');
      assert.equal((await poll())['error'], 'slow_down');
      await new Promise((resolve) => setTimeout(resolve, 1100));
      assert.equal((await poll())['error'], 'slow_down');
    });
  });

  describe('as an attacker in its place would', () => {
    const forgeries: Partial<
      Record<IdentityProviderTampering, (claims: Record<string, unknown>, jwt: string) => boolean>
    > = {
      idTokenAlgNone: (_claims, jwt) =>
        jwt.endsWith('.') && decodeProtectedHeader(jwt).alg === 'none',
      idTokenHs256WithPublicKey: (_claims, jwt) => decodeProtectedHeader(jwt).alg === 'HS256',
      idTokenForeignKid: (_claims, jwt) => decodeProtectedHeader(jwt).kid === 'of-somebody-else',
      idTokenEmbeddedJwk: (_claims, jwt) => decodeProtectedHeader(jwt).jwk !== undefined,
      idTokenWrongAudience: ({ aud }) => aud === 'somebody-else',
      idTokenWrongIssuer: ({ iss }) => iss === 'https://elsewhere.example',
      idTokenWrongNonce: ({ nonce }) => nonce !== 'n-1',
      idTokenExpired: ({ exp }) => Number(exp) < Date.now() / 1000,
    };
    for (const [tampering, forged] of Object.entries(forgeries)) {
      it(`forges an ID token: ${tampering}`, async () => {
        const { line } = await vendor({ tampering: tampering as IdentityProviderTampering });
        const { idToken } = await createEmployee(line).signIn('alice', { nonce: 'n-1' });
        assert.ok(forged(claimsOf(idToken), idToken), idToken);
      });
    }

    it('names another person when it renews', async () => {
      const { line } = await vendor({ tampering: 'refreshedIdTokenOfAnother' });
      const employee = createEmployee(line);
      const { idToken, refreshToken } = await employee.signIn('alice');
      assert.equal(claimsOf(idToken)['sub'], 'alice');
      const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
      const renewed = await employee.atIdentityProvider('/token', form);
      assert.equal(claimsOf(renewed['id_token'])['sub'], 'mallory');
    });

    it('sends tokens to where clouds keep credentials', async () => {
      const { metadata } = await vendor({ tampering: 'metadataTokenEndpointElsewhere' });
      assert.equal((await metadata())['token_endpoint'], 'http://169.254.169.254/token');
    });
  });

  it('lives by its own clock, and signs by it', async () => {
    const { line, issuer } = await vendor({ clockOffsetSec: -600 });
    const jwks = await fetch(`${issuer}/jwks`);
    const date = Date.parse(jwks.headers.get('date') ?? '');
    assert.ok(Math.abs(date - Date.now() + 600_000) < 5000);
    const employee = createEmployee(line);
    const { idToken } = await employee.signIn('alice');
    const { payload } = await jwtVerify(idToken, createRemoteJWKSet(new URL(`${issuer}/jwks`)), {
      currentDate: new Date(date),
    });
    const { exp = 0, iat = 0, auth_time: authTime } = payload;
    assert.ok(exp - iat === 600 && Number(authTime) <= iat && iat * 1000 <= date + 1000);
    const answer = await employee.exchange('tickets', subject(idToken));
    const claims = claimsOf(answer['access_token']);
    assert.ok(Number(claims['exp']) < Date.now() / 1000);
    assert.equal(claims['auth_time'], authTime);
  });
});
