import assert from 'node:assert/strict';
import { startSandbox, type Sandbox } from '../../support/sandbox.ts';
import { claimsOf, createEmployee, redirectUri, subject } from './employee.ts';

describe('sandbox: signing in and out at the identity provider', () => {
  let acme: Sandbox;
  before(async function () {
    this.timeout(30_000);
    acme = await startSandbox();
  });
  after(() => acme.stop());

  it('shows its pages on acme.localhost and everything else on the issuer', async () => {
    const { issuer } = acme.line.identityProvider;
    const document = (await (
      await fetch(`${issuer}/.well-known/openid-configuration`)
    ).json()) as Record<string, unknown>;
    const pages = issuer.replace('127.0.0.1', 'acme.localhost');
    assert.deepEqual(
      {
        issuer: document['issuer'],
        authorization: document['authorization_endpoint'],
        endSession: document['end_session_endpoint'],
        token: document['token_endpoint'],
        revocation: document['revocation_endpoint'],
        jwks: document['jwks_uri'],
        iss: document['authorization_response_iss_parameter_supported'],
        pkce: document['code_challenge_methods_supported'],
        chaining: document['identity_chaining_requested_token_types_supported'],
        methods: document['token_endpoint_auth_methods_supported'],
      },
      {
        issuer,
        authorization: `${pages}/authorize`,
        endSession: `${pages}/sign-out`,
        token: `${issuer}/token`,
        revocation: `${issuer}/revoke`,
        jwks: `${issuer}/jwks`,
        iss: true,
        pkce: ['S256'],
        chaining: ['urn:ietf:params:oauth:token-type:id-jag'],
        methods: ['none', 'client_secret_basic', 'client_secret_post'],
      },
    );
  });

  it('signs a person in after a wrong password, with state and iss, and tells who it is', async () => {
    const employee = createEmployee(acme.line);
    const asked = employee.authorization({ nonce: 'n-1' });
    const page = await employee.browse(asked.url);
    assert.match(page.html, /<title>Sign in to Acme<\/title>/);
    assert.match(page.html, /alice, bob or carol; the password is the user name/);
    const refused = await employee.browser.submit(
      page,
      { username: 'alice', password: 'wrong' },
      redirectUri,
    );
    assert.equal(refused.status, 401);
    assert.match(refused.html, /role="alert"[^>]*>User name or password is wrong/);
    const back = await employee.browser.submit(
      refused,
      { username: 'alice', password: 'alice' },
      redirectUri,
    );
    assert.equal(back.url.searchParams.get('state'), asked.state);
    assert.equal(back.url.searchParams.get('iss'), acme.line.identityProvider.issuer);
    const answer = await employee.redeemCode(back, asked);
    const claims = claimsOf(answer['id_token']);
    assert.deepEqual(
      [claims['sub'], claims['aud'], claims['nonce'], claims['email'], claims['name']],
      ['alice', 'enterprise-mcp', 'n-1', 'alice@acme.example', 'Alice Archer'],
    );
    assert.equal(Number(claims['exp']) - Number(claims['iat']), 600);
    assert.equal(answer['expires_in'], 300);
  });

  it('sends a cancelled sign-in back as access_denied', async () => {
    const employee = createEmployee(acme.line);
    const page = await employee.browse(employee.authorization().url);
    const cancel = /href="([^"]*cancel)"/.exec(page.html)?.[1] ?? '';
    const back = await employee.browse(new URL(cancel, page.url).href);
    assert.equal(back.url.searchParams.get('error'), 'access_denied');
  });

  it('gives a refresh token for offline_access only, without asking for consent', async () => {
    const employee = createEmployee(acme.line);
    const asked = employee.authorization({ scope: 'openid email' });
    const page = await employee.browse(asked.url);
    const back = await employee.browser.submit(
      page,
      { username: 'bob', password: 'bob' },
      redirectUri,
    );
    const without = await employee.redeemCode(back, asked);
    assert.equal(without['refresh_token'], undefined);
    const tokens = await employee.signIn('bob');
    assert.match(tokens.refreshToken, /^[\w-]{20,}$/);
  });

  for (const [uri, allowed] of [
    ['http://127.0.0.1:1/stable-abc/callback?vscode-reqid=3&vscode-scheme=code-oss', true],
    ['http://localhost:65535/callback', true],
    ['https://vscode.dev/redirect', true],
    ['vscode://enterprise-mcp.enterprise-mcp/callback?windowId=1', true],
    ['vscode://somebody.else/callback', false],
    ['http://192.168.0.1/callback', false],
    ['http://127.0.0.1.evil.example/callback', false],
    ['http://user@127.0.0.1/callback', false],
    ['http://127.0.0.1:1/elsewhere', false],
    ['https://vscode.dev/redirect?url=x', false],
    ['javascript:alert(1)//callback', false],
  ] as const) {
    it(`${allowed ? 'allows' : 'refuses'} the redirect URI ${uri}`, async () => {
      const employee = createEmployee(acme.line);
      const page = await employee.browse(
        employee.authorization({ redirect_uri: uri, prompt: 'none' }).url,
        uri.split('?')[0],
      );
      const wentBack = page.url.searchParams.get('error') === 'login_required';
      assert.deepEqual([wentBack, page.status === 400], [allowed, !allowed]);
    });
  }

  it('needs PKCE, and the right verifier', async () => {
    const employee = createEmployee(acme.line);
    const asked = employee.authorization();
    const url = new URL(asked.url);
    url.searchParams.delete('code_challenge');
    url.searchParams.delete('code_challenge_method');
    const without = await employee.browse(url.href);
    assert.equal(without.url.searchParams.get('error'), 'invalid_request');
    const page = await employee.browse(asked.url);
    const back = await employee.browser.submit(
      page,
      { username: 'alice', password: 'alice' },
      redirectUri,
    );
    const answer = await employee.redeemCode(back, { ...asked, verifier: 'a'.repeat(43) });
    assert.deepEqual([answer.status, answer['error']], [400, 'invalid_grant']);
  });

  it('rotates refresh tokens of public clients and ends the family when one is used twice', async () => {
    const employee = createEmployee(acme.line);
    const { refreshToken } = await employee.signIn('alice');
    const refresh = (token: string) =>
      employee.atIdentityProvider('/token', { grant_type: 'refresh_token', refresh_token: token });
    const second = await refresh(refreshToken);
    assert.notEqual(second['refresh_token'], refreshToken);
    assert.equal(claimsOf(second['id_token'])['sub'], 'alice');
    assert.equal((await refresh(refreshToken))['error'], 'invalid_grant');
    assert.equal((await refresh(String(second['refresh_token'])))['error'], 'invalid_grant');
  });

  it('revokes a refresh token, for its own client only', async () => {
    const employee = createEmployee(acme.line);
    const other = createEmployee(acme.line, 'client_secret_basic');
    const { refreshToken } = await employee.signIn('alice');
    const revocation = { token: refreshToken, token_type_hint: 'refresh_token' };
    await other.atIdentityProvider('/revoke', revocation);
    assert.equal((await employee.exchange('tickets', subject(refreshToken))).status, 200);
    assert.equal((await employee.atIdentityProvider('/revoke', revocation)).status, 200);
    const answer = await employee.exchange('tickets', subject(refreshToken));
    assert.deepEqual([answer.status, answer['error']], [400, 'invalid_grant']);
  });

  it('signs out, asking only when the request does not prove who asks', async () => {
    const employee = createEmployee(acme.line);
    const tokens = await employee.signIn('alice');
    const pages = acme.line.identityProvider.issuer.replace('127.0.0.1', 'acme.localhost');
    const asking = await employee.browse(`${pages}/sign-out?client_id=enterprise-mcp`);
    assert.match(asking.html, /Sign out of Acme\?/);
    assert.doesNotMatch(asking.html, /<script/);
    const proven = await employee.browse(
      `${pages}/sign-out?${new URLSearchParams({ id_token_hint: tokens.idToken }).toString()}`,
    );
    assert.match(proven.html, /<script nonce="[^"]+">document\.querySelector/);
    const done = await employee.browser.submit(proven, { logout: 'yes' }, redirectUri);
    assert.match(done.html, /Signed out of Acme/);
    for (const token of [tokens.idToken, tokens.refreshToken]) {
      assert.equal((await employee.exchange('tickets', subject(token)))['error'], 'invalid_grant');
    }
  });

  it('goes back to the application after signing out when asked to', async () => {
    const employee = createEmployee(acme.line);
    const tokens = await employee.signIn('bob');
    const pages = acme.line.identityProvider.issuer.replace('127.0.0.1', 'acme.localhost');
    const query = new URLSearchParams({
      id_token_hint: tokens.idToken,
      post_logout_redirect_uri: 'http://127.0.0.1:50123/signed-out',
      state: 's-1',
    });
    const page = await employee.browse(`${pages}/sign-out?${query.toString()}`);
    const back = await employee.browser.submit(page, { logout: 'yes' }, 'http://127.0.0.1:50123/');
    assert.equal(back.url.href, 'http://127.0.0.1:50123/signed-out?state=s-1');
  });

  it('answers only under a name of this computer', async () => {
    const visit = await createEmployee(acme.line).browse(
      acme.line.identityProvider.issuer.replace('127.0.0.1', 'acme.example') + '/jwks',
    );
    assert.equal(visit.status, 421);
  });
});
