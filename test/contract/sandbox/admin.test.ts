import assert from 'node:assert/strict';
import { request } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import { readProfile } from '../../../src/core/profile/profile.ts';
import { eventually } from '../../support/eventually.ts';
import { startSandbox, type LedgerEntry, type Sandbox } from '../../support/sandbox.ts';
import { createEmployee, subject } from './employee.ts';

describe("sandbox: the administrator's API, page and ledger", () => {
  let acme: Sandbox;
  before(async function () {
    this.timeout(30_000);
    acme = await startSandbox();
  });
  after(() => acme.stop());
  beforeEach(() => acme.admin.reset());

  it('starts with alice everywhere, bob at Docs and carol nowhere', async () => {
    const { people } = await acme.admin.state();
    assert.deepEqual(
      people.map(({ id, grants }) => [id, Object.keys(grants)]),
      [
        ['alice', ['tickets', 'docs', 'builds', 'everything']],
        ['bob', ['docs']],
        ['carol', []],
      ],
    );
  });

  it('prints a profile that fits the company', () => {
    const { profile, servers, identityProvider } = acme.line;
    assert.deepEqual(readProfile(profile, 'settings').problems, []);
    assert.deepEqual(profile['identityProviders'], [
      {
        id: 'acme',
        label: 'Acme',
        issuer: identityProvider.issuer,
        clientId: 'enterprise-mcp',
        clientAuthentication: 'none',
      },
    ]);
    assert.deepEqual(
      (profile['servers'] as { url: string; clientId: string }[]).map(({ url, clientId }) => [
        url,
        clientId,
      ]),
      servers.map(({ id, url }) => [
        url,
        `enterprise-mcp-${['builds', 'everything'].includes(id) ? 'platform' : id}`,
      ]),
    );
  });

  it('takes public keys of clients, shows them in documents, and takes no private one', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    for (const party of ['acme', 'docs', 'documents']) {
      await acme.admin.registerKey(party, 'desk', jwk);
    }
    const clientId = `${acme.line.admin.page}clients/desk.json`;
    const document = (await (await fetch(clientId)).json()) as Record<string, unknown>;
    assert.equal(document['client_id'], clientId);
    assert.equal(document['token_endpoint_auth_method'], 'private_key_jwt');
    assert.deepEqual(document['jwks'], { keys: [jwk] });
    const secret = await exportJWK(privateKey);
    await assert.rejects(acme.admin.registerKey('docs', 'desk', secret), /only the public part/);
    await assert.rejects(acme.admin.registerKey('nobody', 'desk', jwk), /no such party/);
  });

  it('counts sessions and access tokens, and takes them away', async () => {
    const employee = createEmployee(acme.line);
    const tokens = await employee.signIn('alice');
    await employee.access('docs', tokens);
    await employee.access('builds', tokens);
    const counts = async () => {
      const { sessions, accessTokens } = (await acme.admin.state()).people[0]!;
      return [sessions, accessTokens];
    };
    assert.deepEqual(await counts(), [1, 2]);
    await acme.admin.endSession('alice');
    assert.deepEqual(await counts(), [0, 2]);
    await acme.admin.revokeAccess('alice', 'docs');
    assert.deepEqual(await counts(), [0, 1]);
    await acme.admin.revokeAccess('alice');
    assert.deepEqual(await counts(), [0, 0]);
  });

  it('refuses grants and faults that make no sense', async () => {
    await assert.rejects(acme.admin.grant('alice', 'docs', ['tickets:read']), /docs:read/);
    await assert.rejects(acme.admin.grant('alice', 'docs', []), /scopes/);
    await assert.rejects(acme.admin.grant('mallory', 'docs', ['docs:read']), /no such person/);
    await assert.rejects(acme.admin.faults({ latencyMs: -1 }), /latencyMs/);
    await assert.rejects(acme.admin.faults({ serverDown: ['nothing'] }), /serverDown/);
  });

  describe('faults', () => {
    const metadata = () => fetch(`${acme.line.identityProvider.issuer}/jwks`);

    it('takes the identity provider down and up again', async () => {
      await acme.admin.faults({ identityProviderDown: true });
      await assert.rejects(metadata(), /fetch failed/);
      await acme.admin.faults({ downAs: 'unavailable' });
      assert.equal((await metadata()).status, 503);
      await acme.admin.faults({ identityProviderDown: false });
      assert.equal((await metadata()).status, 200);
    });

    it('takes single servers down', async () => {
      const [tickets, docs] = acme.line.authorizationServers;
      const known = '/.well-known/oauth-authorization-server';
      await acme.admin.faults({ authorizationServerDown: ['tickets'], serverDown: ['docs'] });
      await assert.rejects(fetch(tickets!.issuer + known), /fetch failed/);
      assert.equal((await fetch(docs!.issuer + known)).status, 200);
      await assert.rejects(fetch(acme.line.servers[1]!.url), /fetch failed/);
      assert.equal((await fetch(acme.line.servers[0]!.url)).status, 401);
    });

    it('makes the company slow, not its administration', async () => {
      const took = async (what: () => Promise<unknown>) => {
        const from = performance.now();
        await what();
        return performance.now() - from;
      };
      await acme.admin.faults({ latencyMs: 300 });
      assert.ok((await took(metadata)) >= 295);
      assert.ok((await took(() => acme.admin.state())) < 250);
    });
  });

  describe('the ledger', () => {
    it('tells every leg of a day with person, server and outcome', async () => {
      const from = (await acme.admin.state()).ledger.last;
      const employee = createEmployee(acme.line);
      const tokens = await employee.signIn('bob');
      await employee.exchange('tickets', subject(tokens.idToken));
      const value = await employee.access('docs', tokens);
      await fetch(acme.line.servers[1]!.url, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${value}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      });
      await employee.atAuthorizationServer('docs', '/revoke', { token: value });
      await employee.atIdentityProvider('/revoke', { token: tokens.refreshToken });
      const told = (await acme.admin.ledger(from)).map(
        ({ id, leg, endpoint, person = '-', server = '-', outcome, error = '-', detail = '-' }) =>
          [id, leg, endpoint, person, server, outcome, error, detail].join(' '),
      );
      assert.deepEqual(told, [
        'acme signIn /authorize - - ok - -',
        'acme signIn /sign-in/:uid - - ok - -',
        'acme signIn /sign-in/:uid bob - ok - -',
        'acme signIn /authorize/:uid bob - ok - -',
        'acme signIn /token bob - ok - -',
        'acme exchange /token bob tickets denied access_denied -',
        'acme exchange /token bob docs ok - -',
        'docs redemption /token bob docs ok - -',
        'docs mcp /mcp bob docs denied - tools/list',
        'docs revocation /revoke bob docs ok - -',
        'acme revocation /revoke bob - ok - -',
      ]);
    });

    it('never holds a token, wherever a client puts one', async () => {
      const employee = createEmployee(acme.line);
      const tokens = await employee.signIn('alice');
      const idJag = await employee.exchange('docs', subject(tokens.refreshToken));
      const assertion = String(idJag['access_token']);
      const access = await employee.redeem('docs', { assertion });
      const all: string[] = [
        tokens.idToken,
        tokens.refreshToken,
        tokens.accessToken,
        assertion,
        String(access['access_token']),
      ];
      const url = acme.line.servers[1]!.url;
      for (const token of all) {
        await fetch(`${url}/${token}?access_token=${token}`, { method: 'DELETE' });
        await fetch(`${acme.line.identityProvider.issuer}/sign-in/${token}`);
        await employee.exchange('docs', { ...subject(token), audience: token, scope: token });
        await employee.redeem('docs', { assertion: token, resource: token, scope: token });
        await fetch(url, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${all.at(-1) ?? ''}`,
            'content-type': 'application/json',
            'mcp-session-id': token,
          },
          body: JSON.stringify({
            jsonrpc: '2.0',
            id: token,
            method: token,
            params: { name: token },
          }),
        });
      }
      const text = JSON.stringify([await acme.admin.ledger(0), await acme.admin.state()]);
      for (const token of all) {
        assert.ok(!text.includes(token));
        assert.ok(!text.includes(token.split('.').at(-1) ?? token));
      }
    });

    it('streams what happens, from where the reader left off', async () => {
      await fetch(`${acme.line.identityProvider.issuer}/jwks`);
      const { last } = (await acme.admin.state()).ledger;
      const stop = new AbortController();
      const response = await fetch(`${acme.line.admin.api}/ledger/stream`, {
        headers: { 'last-event-id': String(last - 1) },
        signal: stop.signal,
      });
      const seen: LedgerEntry[] = [];
      const reading = (async () => {
        for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
          for (const [, data = ''] of chunk.matchAll(/^data: (.*)$/gm)) {
            seen.push(JSON.parse(data) as LedgerEntry);
          }
        }
      })();
      reading.catch(() => undefined);
      await fetch(acme.line.servers[0]!.url);
      await eventually('both entries arrive', () => seen.length === 2);
      stop.abort();
      assert.deepEqual(
        seen.map(({ seq, endpoint, status }) => [seq - last, endpoint, status]),
        [
          [0, '/jwks', 200],
          [1, '/mcp', 401],
        ],
      );
    });
  });

  describe('other web sites', () => {
    function ask(path: string, method: string, headers: Record<string, string>): Promise<number> {
      const { port } = new URL(acme.line.admin.api);
      return new Promise((resolve, reject) => {
        request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
          resolve(response.resume().statusCode ?? 0);
        })
          .on('error', reject)
          .end(method === 'POST' ? '{}' : undefined);
      });
    }
    const json = { 'content-type': 'application/json' };

    it('cannot reset the company', async () => {
      const own = new URL(acme.line.admin.api).origin;
      const reset = (headers: Record<string, string>) => ask('/api/reset', 'POST', headers);
      assert.equal(await reset({ ...json, origin: own }), 200);
      assert.equal(await reset({ ...json, origin: 'https://evil.example' }), 403);
      assert.equal(await reset({ ...json, origin: 'null' }), 403);
      assert.equal(await reset({ ...json, 'sec-fetch-site': 'cross-site' }), 403);
      assert.equal(await reset({ 'content-type': 'text/plain' }), 415);
      assert.equal(await reset({}), 415);
      assert.equal(
        await ask('/api/grants/alice/docs', 'DELETE', { origin: 'https://evil.example' }),
        403,
      );
    });

    it('cannot read it under a name of their own', async () => {
      assert.equal(await ask('/api/state', 'GET', { host: 'evil.example' }), 421);
      assert.equal(await ask('/', 'GET', { host: '127.0.0.1.evil.example:80' }), 421);
      assert.equal(await ask('/', 'GET', { host: 'acme.localhost' }), 200);
    });

    it('cannot frame the page or run anything in it', async () => {
      const page = await fetch(acme.line.admin.page);
      const policy = page.headers.get('content-security-policy') ?? '';
      assert.match(policy, /default-src 'none'/);
      assert.match(policy, /frame-ancestors 'none'/);
      const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1];
      assert.ok((await page.text()).includes(`<script nonce="${nonce}">`));
    });
  });
});
