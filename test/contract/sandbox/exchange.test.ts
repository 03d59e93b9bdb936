import assert from 'node:assert/strict';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { startSandbox, type Sandbox } from '../../support/sandbox.ts';
import {
  createEmployee,
  subject,
  tokenType,
  type Answer,
  type Employee,
  type Tokens,
} from './employee.ts';

const refusal = ({ status, error }: Answer) => [status, error];

describe('sandbox: token exchange for an ID-JAG', () => {
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
  const tickets = () => acme.line.servers.find(({ id }) => id === 'tickets')!;

  for (const kind of ['idToken', 'refreshToken'] as const) {
    it(`issues an ID-JAG for a subject of kind ${kind}`, async () => {
      const answer = await employee.exchange('tickets', subject(alice[kind]));
      const { access_token: assertion, ...rest } = answer;
      assert.deepEqual(rest, {
        status: 200,
        issued_token_type: tokenType.idJag,
        token_type: 'N_A',
        expires_in: 300,
        scope: 'tickets:read tickets:write',
      });
      const { issuer } = acme.line.identityProvider;
      const { payload, protectedHeader } = await jwtVerify(
        String(assertion),
        createRemoteJWKSet(new URL(`${issuer}/jwks`)),
      );
      const { jti, exp = 0, iat = 0, auth_time: authTime, ...claims } = payload;
      assert.equal(protectedHeader.typ, 'oauth-id-jag+jwt');
      assert.match(String(jti), /^[0-9a-f-]{36}$/);
      assert.equal(exp - iat, 300);
      assert.ok(Number(authTime) <= iat && Number(authTime) > iat - 60);
      assert.deepEqual(claims, {
        iss: issuer,
        sub: 'alice',
        aud: tickets().authorizationServer,
        client_id: 'enterprise-mcp-tickets',
        resource: tickets().url,
        scope: 'tickets:read tickets:write',
        email: 'alice@acme.example',
      });
    });
  }

  for (const method of ['client_secret_basic', 'client_secret_post'] as const) {
    it(`names the client's own registration at the server for ${method}`, async () => {
      const confidential = createEmployee(acme.line, method);
      const tokens = await confidential.signIn('alice');
      assert.match(await confidential.access('docs', tokens), /^[\w-]{43}$/);
    });
  }

  it('narrows scopes to what is granted', async () => {
    await acme.admin.grant('alice', 'tickets', ['tickets:read']);
    const answer = await employee.exchange('tickets', {
      ...subject(alice.refreshToken),
      scope: 'tickets:read tickets:write',
    });
    assert.equal(answer['scope'], 'tickets:read');
    const none = await employee.exchange('tickets', {
      ...subject(alice.refreshToken),
      scope: 'tickets:write',
    });
    assert.deepEqual(refusal(none), [400, 'invalid_scope']);
    await acme.admin.grant('alice', 'tickets', ['tickets:read', 'tickets:write']);
  });

  it('denies what is not granted, and grants it once it is', async () => {
    const other = createEmployee(acme.line);
    const bob = await other.signIn('bob');
    const ask = async () => refusal(await other.exchange('tickets', subject(bob.refreshToken)));
    assert.deepEqual(await ask(), [400, 'access_denied']);
    await acme.admin.grant('bob', 'tickets', ['tickets:read']);
    assert.deepEqual(await ask(), [200, undefined]);
    await acme.admin.remove('bob', 'tickets');
    assert.deepEqual(await ask(), [400, 'access_denied']);
  });

  const docs = () => acme.line.servers.find(({ id }) => id === 'docs')!;
  const refusals: Record<string, [() => Record<string, string>, string]> = {
    'an unknown audience': [() => ({ audience: 'http://127.0.0.1:9' }), 'invalid_target'],
    'an audience and a resource that do not belong together': [
      () => ({ resource: docs().url }),
      'invalid_target',
    ],
    'the server as its own audience': [() => ({ audience: tickets().url }), 'invalid_target'],
    'an empty resource': [() => ({ resource: '' }), 'invalid_target'],
    'another requested type': [
      () => ({ requested_token_type: tokenType.idToken }),
      'invalid_request',
    ],
    'an actor': [() => ({ actor_token: alice.idToken }), 'invalid_request'],
    'no subject': [() => ({ subject_token: '' }), 'invalid_request'],
    'an access token as subject': [
      () => ({
        subject_token: alice.accessToken,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      }),
      'invalid_request',
    ],
    'an access token that claims to be a refresh token': [
      () => ({ subject_token: alice.accessToken }),
      'invalid_grant',
    ],
    'an ID token that claims to be a refresh token': [
      () => ({ subject_token: alice.idToken }),
      'invalid_grant',
    ],
    'a forged ID token': [
      () => subject(alice.idToken.replace(/\.[^.]+\./, '.eyJzdWIiOiJhbGljZSJ9.')),
      'invalid_grant',
    ],
  };
  for (const [name, [form, error]] of Object.entries(refusals)) {
    it(`refuses ${name}`, async () => {
      const answer = await employee.exchange('tickets', {
        ...subject(alice.refreshToken),
        ...form(),
      });
      assert.deepEqual(refusal(answer), [400, error]);
    });
  }

  it("refuses an ID-JAG as subject, and another client's tokens", async () => {
    const idJag = await employee.exchange('tickets', subject(alice.refreshToken));
    const again = await employee.exchange('tickets', subject(String(idJag['access_token'])));
    assert.deepEqual(refusal(again), [400, 'invalid_grant']);
    const other = createEmployee(acme.line, 'client_secret_basic');
    for (const token of [alice.idToken, alice.refreshToken]) {
      const answer = await other.exchange('tickets', subject(token));
      assert.deepEqual(refusal(answer), [400, 'invalid_grant']);
    }
  });

  it('refuses a client that does not prove itself', async () => {
    const { clients } = acme.line.identityProvider;
    const forged = {
      ...acme.line,
      identityProvider: {
        ...acme.line.identityProvider,
        clients: clients.map((client) => ({ ...client, clientSecret: 'wrong' })),
      },
    };
    const stranger = createEmployee(forged, 'client_secret_basic');
    const answer = await stranger.exchange('tickets', subject(alice.idToken));
    assert.deepEqual(refusal(answer), [401, 'invalid_client']);
  });

  it('ends the family when a replaced refresh token is the subject', async () => {
    const thief = createEmployee(acme.line);
    const { refreshToken } = await thief.signIn('alice');
    const next = await thief.atIdentityProvider('/token', {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
    });
    assert.deepEqual(refusal(await thief.exchange('docs', subject(refreshToken))), [
      400,
      'invalid_grant',
    ]);
    const newest = await thief.exchange('docs', subject(String(next['refresh_token'])));
    assert.deepEqual(refusal(newest), [400, 'invalid_grant']);
  });

  it('refuses every proof of a session an administrator ended, until the next sign-in', async () => {
    const other = createEmployee(acme.line);
    const bob = await other.signIn('bob');
    await acme.admin.endSession('bob');
    for (const token of [bob.idToken, bob.refreshToken]) {
      const answer = await other.exchange('docs', subject(token));
      assert.deepEqual(refusal(answer), [400, 'invalid_grant']);
    }
    const refreshed = await other.atIdentityProvider('/token', {
      grant_type: 'refresh_token',
      refresh_token: bob.refreshToken,
    });
    assert.deepEqual(refusal(refreshed), [400, 'invalid_grant']);
    const again = await other.signIn('bob');
    assert.equal((await other.exchange('docs', subject(again.idToken))).status, 200);
  });
});
