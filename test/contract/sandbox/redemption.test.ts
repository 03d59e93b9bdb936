import assert from 'node:assert/strict';
import { generateKeyPair, SignJWT } from 'jose';
import { startSandbox, type Sandbox } from '../../support/sandbox.ts';
import {
  claimsOf,
  createEmployee,
  subject,
  type Answer,
  type Employee,
  type Tokens,
} from './employee.ts';

const refusal = ({ status, error }: Answer) => [status, error];

describe('sandbox: redeeming an ID-JAG at an authorization server', () => {
  let acme: Sandbox;
  let employee: Employee;
  let alice: Tokens;
  before(async function () {
    this.timeout(30_000);
    acme = await startSandbox();
    employee = createEmployee(acme.line);
    alice = await employee.signIn('alice');
  });
  after(() => acme.stop());

  async function idJag(server = 'tickets', scope?: string): Promise<string> {
    const answer = await employee.exchange(server, {
      ...subject(alice.refreshToken),
      ...(scope === undefined ? {} : { scope }),
    });
    return String(answer['access_token']);
  }

  it('publishes what it can do', async () => {
    for (const { issuer } of acme.line.authorizationServers) {
      const response = await fetch(`${issuer}/.well-known/oauth-authorization-server`);
      const document = (await response.json()) as Record<string, unknown>;
      assert.equal(document['issuer'], issuer);
      assert.deepEqual(document['authorization_grant_profiles_supported'], [
        'urn:ietf:params:oauth:grant-profile:id-jag',
      ]);
      assert.ok(
        (document['grant_types_supported'] as string[]).includes(
          'urn:ietf:params:oauth:grant-type:jwt-bearer',
        ),
      );
      for (const name of ['token', 'revocation', 'authorization', 'registration']) {
        assert.ok(String(document[`${name}_endpoint`]).startsWith(`${issuer}/`));
      }
    }
  });

  it('gives an access token for the scopes of the ID-JAG and no refresh token', async () => {
    const { access_token: value, ...rest } = await employee.redeem('tickets', {
      assertion: await idJag(),
    });
    assert.match(String(value), /^[\w-]{43}$/);
    assert.deepEqual(rest, {
      status: 200,
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'tickets:read tickets:write',
    });
  });

  it('grants the intersection of the scopes asked for and those of the ID-JAG', async () => {
    const narrow = await employee.redeem('tickets', {
      assertion: await idJag('tickets', 'tickets:read'),
      scope: 'tickets:read tickets:write',
    });
    assert.equal(narrow['scope'], 'tickets:read');
    const none = await employee.redeem('tickets', {
      assertion: await idJag('tickets', 'tickets:read'),
      scope: 'tickets:write',
    });
    assert.deepEqual(refusal(none), [400, 'invalid_scope']);
  });

  it('takes an ID-JAG once', async () => {
    const assertion = await idJag();
    assert.equal((await employee.redeem('tickets', { assertion })).status, 200);
    assert.deepEqual(refusal(await employee.redeem('tickets', { assertion })), [
      400,
      'invalid_grant',
    ]);
  });

  it('takes a resource only if it is the one of the ID-JAG', async () => {
    const { url } = acme.line.servers.find(({ id }) => id === 'builds')!;
    const resource = acme.line.servers.find(({ id }) => id === 'everything')!.url;
    const good = await employee.redeem('builds', {
      assertion: await idJag('builds'),
      resource: url,
    });
    assert.equal(good.status, 200);
    const bad = await employee.redeem('builds', { assertion: await idJag('builds'), resource });
    assert.deepEqual(refusal(bad), [400, 'invalid_target']);
  });

  it("refuses another server's ID-JAG", async () => {
    const answer = await employee.redeem('docs', { assertion: await idJag('tickets') });
    assert.deepEqual(refusal(answer), [400, 'invalid_grant']);
  });

  it("refuses another client's ID-JAG", async () => {
    const other = createEmployee(acme.line, 'client_secret_post');
    const answer = await other.redeem('tickets', { assertion: await idJag() });
    assert.deepEqual(refusal(answer), [400, 'invalid_grant']);
  });

  it('refuses an ID token, a changed ID-JAG and one without signature', async () => {
    const good = await idJag();
    const [header, , signature] = good.split('.');
    const claims = { ...claimsOf(good), sub: 'bob' };
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = encode({ alg: 'none', typ: 'oauth-id-jag+jwt' });
    for (const assertion of [
      alice.idToken,
      [header, encode(claims), signature].join('.'),
      [unsigned, encode(claims), ''].join('.'),
      'nonsense',
    ]) {
      const answer = await employee.redeem('tickets', { assertion });
      assert.deepEqual(refusal(answer), [400, 'invalid_grant']);
    }
    const twice = await employee.redeem('tickets', {});
    assert.deepEqual(refusal(twice), [400, 'invalid_request']);
  });

  it('refuses an ID-JAG signed by somebody else', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const assertion = await new SignJWT(claimsOf(await idJag()))
      .setProtectedHeader({ alg: 'RS256', typ: 'oauth-id-jag+jwt' })
      .sign(privateKey);
    assert.deepEqual(refusal(await employee.redeem('tickets', { assertion })), [
      400,
      'invalid_grant',
    ]);
  });

  it('refuses other grants and clients that do not prove themselves', async () => {
    const code = await employee.atAuthorizationServer('tickets', '/token', {
      grant_type: 'authorization_code',
      code: 'x',
    });
    assert.deepEqual(refusal(code), [400, 'unsupported_grant_type']);
    const forged = acme.line.authorizationServers.map((one) => ({
      ...one,
      clients: one.clients.map((client) => ({ ...client, clientSecret: 'wrong' })),
    }));
    for (const method of ['client_secret_basic', 'client_secret_post'] as const) {
      const stranger = createEmployee({ ...acme.line, authorizationServers: forged }, method);
      const answer = await stranger.redeem('tickets', { assertion: await idJag() });
      assert.deepEqual(refusal(answer), [401, 'invalid_client']);
    }
  });

  it('refuses a confidential client without its secret, or with it in another place', async () => {
    const wrongWay = acme.line.authorizationServers.map((one) => ({
      ...one,
      clients: one.clients.map((client) => ({
        ...one.clients.find(({ clientAuthentication }) => clientAuthentication !== 'none')!,
        clientAuthentication: client.clientAuthentication,
      })),
    }));
    for (const method of ['none', 'client_secret_post'] as const) {
      const stranger = createEmployee({ ...acme.line, authorizationServers: wrongWay }, method);
      const answer = await stranger.redeem('tickets', { assertion: await idJag() });
      assert.deepEqual(refusal(answer), [401, 'invalid_client']);
    }
  });

  it('takes an access token back, from its own client only', async () => {
    const { url } = acme.line.servers.find(({ id }) => id === 'docs')!;
    const value = await employee.access('docs', alice);
    const status = async () =>
      (await fetch(url, { headers: { authorization: `Bearer ${value}` } })).status;
    const other = createEmployee(acme.line, 'client_secret_basic');
    assert.equal(
      (await other.atAuthorizationServer('docs', '/revoke', { token: value })).status,
      200,
    );
    assert.notEqual(await status(), 401);
    assert.equal(
      (await employee.atAuthorizationServer('docs', '/revoke', { token: value })).status,
      200,
    );
    assert.equal(await status(), 401);
  });

  it('counts the ordinary way in as a fall-back', async () => {
    const { issuer } = acme.line.authorizationServers[0]!;
    const { ledger } = await acme.admin.state();
    const page = await fetch(`${issuer}/authorize?response_type=code&client_id=x`);
    assert.equal(page.status, 200);
    const registered = await fetch(`${issuer}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_name: 'somebody' }),
    });
    assert.equal(registered.status, 201);
    const entries = await acme.admin.ledger(ledger.last);
    assert.deepEqual(
      entries.map(({ leg, endpoint }) => [leg, endpoint]),
      [
        ['fallback', '/authorize'],
        ['fallback', '/register'],
      ],
    );
  });
});
