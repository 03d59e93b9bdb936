import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  calculateJwkThumbprint,
  compactDecrypt,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  SignJWT,
} from 'jose';
import type { IdentityProviderSetup } from '../../../src/sandbox/setup.ts';
import {
  claimsOf,
  createEmployee,
  subject,
  tokenType,
  type Answer,
  type Employee,
} from './employee.ts';
import {
  startVendorIdentityProvider,
  type VendorIdentityProvider,
} from './vendorIdentityProvider.ts';

const refusal = ({ status, error }: Answer) => [status, error];
const scopes = 'tickets:read tickets:write';

describe('sandbox: token exchange the way vendors do it', () => {
  const open: VendorIdentityProvider[] = [];
  afterEach(() => {
    for (const one of open.splice(0)) one.stop();
  });

  async function vendor(
    setup: IdentityProviderSetup,
    method: 'none' | 'client_secret_basic' = 'none',
  ) {
    const at = await startVendorIdentityProvider(setup);
    open.push(at);
    const employee = createEmployee(at.line, method);
    return { ...at, employee, alice: await employee.signIn('alice') };
  }
  const exchange = async (employee: Employee, token: string, form: Record<string, string> = {}) =>
    employee.exchange('tickets', { ...subject(token), ...form });

  for (const issuerPath of ['/', '/oauth2/default']) {
    it(`lives below the issuer path ${issuerPath}`, async () => {
      const { line, employee, alice } = await vendor({ issuerPath });
      const { issuer } = line.identityProvider;
      assert.ok(issuer.endsWith(issuerPath));
      const places = [`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`];
      if (issuerPath !== '/') {
        const { origin } = new URL(issuer);
        places.push(`${origin}/.well-known/openid-configuration${issuerPath}`);
        places.push(`${origin}/.well-known/oauth-authorization-server${issuerPath}`);
      }
      for (const place of places) {
        const document = (await (await fetch(place)).json()) as Record<string, unknown>;
        assert.equal(document['issuer'], issuer);
        const { pathname } = new URL(String(document['token_endpoint']));
        assert.equal(pathname, `${issuerPath.replace(/\/$/, '')}/token`);
      }
      const answer = await exchange(employee, alice.idToken);
      assert.equal(claimsOf(answer['access_token'])['iss'], issuer);
    });
  }

  it('names ledger entries below an issuer path as it does above', async () => {
    const { ledger } = await vendor({ issuerPath: '/oauth2/default' });
    const endpoints = ledger.since(0).map(({ endpoint, leg }) => `${leg} ${endpoint}`);
    assert.ok(endpoints.includes('signIn /oauth2/default/token'), endpoints.join());
    assert.ok(!endpoints.some((one) => one.includes('unknown')), endpoints.join());
  });

  it('takes only the subjects it is set up for, in the words of either document', async () => {
    for (const subjectError of ['invalid_request', 'invalid_grant'] as const) {
      const setup = { subjectTokens: ['refreshToken'], subjectError } as const;
      const { employee, alice } = await vendor(setup);
      assert.deepEqual(refusal(await exchange(employee, alice.idToken)), [400, subjectError]);
      assert.equal((await exchange(employee, alice.refreshToken)).status, 200);
    }
  });

  it('rotates a refresh token in the answer and ends the family when the old one comes again', async () => {
    const { employee, alice } = await vendor({ rotatesInExchange: true });
    const first = await exchange(employee, alice.refreshToken);
    const next = String(first['refresh_token']);
    assert.notEqual(next, alice.refreshToken);
    const second = await exchange(employee, next);
    assert.equal(second.status, 200);
    assert.equal((await exchange(employee, alice.idToken))['refresh_token'], undefined);
    const stolen = await exchange(employee, alice.refreshToken);
    assert.deepEqual(refusal(stolen), [400, 'invalid_grant']);
    const newest = await exchange(employee, String(second['refresh_token']));
    assert.deepEqual(refusal(newest), [400, 'invalid_grant']);
  });

  it('issues short ID tokens and no refresh token', async () => {
    const { employee, alice } = await vendor({ idTokenSeconds: 1, givesRefreshToken: false });
    assert.equal(alice.refreshToken, 'undefined');
    const { exp = 0, iat = 0 } = decodeJwt(alice.idToken);
    assert.equal(exp - iat, 1);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.deepEqual(refusal(await exchange(employee, alice.idToken)), [400, 'invalid_grant']);
  });

  it('knows no ID-JAG where it issues none, in its own words', async () => {
    const { employee, alice } = await vendor({ issuesIdJags: false, advertisesIdJags: false });
    assert.deepEqual(refusal(await exchange(employee, alice.idToken)), [400, 'invalid_request']);
    const other = await vendor({
      issuesIdJags: false,
      refusal: { error: 'unsupported_grant_type', status: 403, description: 'AADSTS70003' },
    });
    const answer = await exchange(other.employee, other.alice.idToken);
    assert.deepEqual(answer, {
      status: 403,
      error: 'unsupported_grant_type',
      error_description: 'AADSTS70003',
    });
  });

  it('says no in the words and with the status of the vendor', async () => {
    const { employee, alice } = await vendor({
      scopeMandatory: true,
      scopeNotGranted: { error: 'unauthorized_client', status: 403 },
      notGranted: { error: 'access_denied', status: 403 },
    });
    const ask = (scope?: string) =>
      exchange(employee, alice.idToken, scope === undefined ? {} : { scope });
    assert.deepEqual(refusal(await ask()), [400, 'invalid_scope']);
    assert.deepEqual(refusal(await ask('tickets:read admin')), [403, 'unauthorized_client']);
    assert.deepEqual(refusal(await ask('tickets:read')), [200, undefined]);
    const other = createEmployee(open[0]!.line);
    const bob = await other.signIn('bob');
    const answer = await exchange(other, bob.idToken, { scope: 'tickets:read' });
    assert.deepEqual(refusal(answer), [403, 'access_denied']);
  });

  it('narrows without a word', async () => {
    const setup = { narrowsTo: ['tickets:read'], answerHasScope: false };
    const { employee, alice } = await vendor(setup);
    const answer = await exchange(employee, alice.idToken, { scope: scopes });
    assert.equal(answer['scope'], undefined);
    assert.equal(claimsOf(answer['access_token'])['scope'], 'tickets:read');
  });

  it('shapes the answer and the ID-JAG', async () => {
    const { employee, alice, line } = await vendor({
      answerHasExpiresIn: false,
      answerTokenType: 'n_a',
      answerHasResource: true,
      resourceClaim: false,
      audienceAsArray: true,
      audienceAliases: { tickets: 'urn:acme:tickets' },
      idJagSeconds: 60,
      tenant: 't-1',
      claims: { hd: 'acme.example', tid: 't-1' },
    });
    const answer = await exchange(employee, alice.idToken, { audience: 'urn:acme:tickets' });
    const { access_token: idJag, ...rest } = answer;
    const resource = line.servers[0]!.url;
    assert.deepEqual(rest, {
      status: 200,
      issued_token_type: tokenType.idJag,
      token_type: 'n_a',
      scope: scopes,
      resource,
    });
    const claims = claimsOf(idJag);
    assert.deepEqual(
      [claims['aud'], claims['resource'], claims['tenant']],
      [[line.authorizationServers[0]!.issuer], undefined, 't-1'],
    );
    assert.equal(Number(claims['exp']) - Number(claims['iat']), 60);
    const who = claimsOf(alice.idToken);
    assert.deepEqual([who['hd'], who['tid']], ['acme.example', 't-1']);
    const byIssuer = await exchange(employee, alice.idToken);
    assert.equal(byIssuer.status, 200);
  });

  it('encrypts ID-JAGs so that only the authorization server reads them', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ECDH-ES', { crv: 'P-256' });
    const at = await startVendorIdentityProvider(
      { encryptsIdJags: true },
      { encryptTo: publicKey },
    );
    open.push(at);
    const employee = createEmployee(at.line);
    const alice = await employee.signIn('alice');
    const idJag = String((await exchange(employee, alice.idToken))['access_token']);
    assert.equal(idJag.split('.').length, 5);
    const { plaintext } = await compactDecrypt(idJag, privateKey);
    const inner = new TextDecoder().decode(plaintext);
    assert.equal(decodeProtectedHeader(inner).typ, 'oauth-id-jag+jwt');
    assert.equal(decodeJwt(inner).sub, 'alice');
  });

  it('asks for a stronger sign-in and is content once it got one', async () => {
    const stepUp = { tickets: { acr: 'phr', maxAgeSec: 300 } };
    const { employee, alice } = await vendor({ stepUp });
    const answer = await exchange(employee, alice.refreshToken);
    assert.deepEqual(
      [answer.status, answer['error'], answer['acr_values'], answer['max_age']],
      [400, 'insufficient_user_authentication', 'phr', 300],
    );
    const stronger = await employee.signIn('alice', { acr_values: 'phr', max_age: '300' });
    assert.equal(claimsOf(stronger.idToken)['acr'], 'phr');
    for (const token of [stronger.idToken, stronger.refreshToken]) {
      const idJag = await exchange(employee, token);
      assert.equal(claimsOf(idJag['access_token'])['acr'], 'phr');
    }
    // What was issued before the stronger sign-in is not stronger for it.
    const before = await exchange(employee, alice.idToken);
    assert.equal(before['error'], 'insufficient_user_authentication');
  });

  it('never reaches the strength where step-up does not work', async () => {
    const { employee } = await vendor({ stepUp: { tickets: { acr: 'phr' } }, stepUpWorks: false });
    const again = await employee.signIn('alice', { acr_values: 'phr' });
    const answer = await exchange(employee, again.idToken);
    assert.equal(answer['error'], 'insufficient_user_authentication');
  });

  describe('with proof of possession', () => {
    async function prover(at: VendorIdentityProvider) {
      const { privateKey, publicKey } = await generateKeyPair('ES256');
      const jwk = await exportJWK(publicKey);
      const url = `${at.line.identityProvider.issuer}/token`;
      const proof = (nonce?: string, htu = url) =>
        new SignJWT({ htm: 'POST', htu, jti: randomUUID(), ...(nonce && { nonce }) })
          .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
          .setIssuedAt()
          .sign(privateKey);
      const ask = (token: string, dpop: string) =>
        fetch(url, {
          method: 'POST',
          headers: { dpop },
          body: new URLSearchParams({
            grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
            requested_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
            audience: at.line.servers[0]!.authorizationServer,
            resource: at.line.servers[0]!.url,
            client_id: 'enterprise-mcp',
            ...subject(token),
          }),
        });
      return { proof, ask, jkt: await calculateJwkThumbprint(jwk) };
    }
    const json = async (response: Response) => (await response.json()) as Record<string, unknown>;

    it('binds the ID-JAG, once per proof and only for its own URL', async () => {
      const at = await vendor({ dpop: 'supported' });
      const { proof, ask, jkt } = await prover(at);
      const once = await proof();
      const bound = await json(await ask(at.alice.idToken, once));
      assert.deepEqual(claimsOf(bound['access_token'])['cnf'], { jkt });
      for (const bad of [once, await proof(undefined, 'https://elsewhere.example/token')]) {
        const answer = await json(await ask(at.alice.idToken, bad));
        assert.equal(answer['error'], 'invalid_dpop_proof');
      }
    });

    it('asks for a nonce first', async () => {
      const at = await vendor({ dpop: 'nonce' });
      const { proof, ask, jkt } = await prover(at);
      const first = await ask(at.alice.idToken, await proof());
      assert.equal((await json(first))['error'], 'use_dpop_nonce');
      const nonce = first.headers.get('dpop-nonce') ?? '';
      const second = await json(await ask(at.alice.idToken, await proof(nonce)));
      assert.deepEqual(claimsOf(second['access_token'])['cnf'], { jkt });
    });

    it('downgrades without a word', async () => {
      const at = await vendor({ dpop: 'ignored' });
      const { proof, ask } = await prover(at);
      const answer = await json(await ask(at.alice.idToken, await proof()));
      assert.equal(claimsOf(answer['access_token'])['cnf'], undefined);
    });
  });
});
