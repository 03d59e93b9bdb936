// Authorization servers of any vendor, by hand.
import assert from 'node:assert/strict';
import { loopback } from '../../support/httpBrowser.ts';
import { createHash, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { AuthorizationServerSetup, ServerSetup } from '../../../src/sandbox/setup.ts';
import { startCompany, type InProcessSandbox } from '../../support/company.ts';
import { createEmployee, subject, type Answer, type Employee, type Tokens } from './employee.ts';

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

interface Desk {
  readonly company: InProcessSandbox;
  readonly issuer: string;
  readonly url: string;
  readonly employee: Employee;
  readonly tokens: Tokens;
  readonly idJag: () => Promise<string>;
}

describe('sandbox: authorization servers and MCP servers of any vendor', function () {
  this.timeout(20_000);
  const open: InProcessSandbox[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.stop()));
  });

  async function desk(
    guard: Partial<AuthorizationServerSetup> = {},
    server: Partial<ServerSetup> = {},
  ): Promise<Desk> {
    const company = await startCompany({
      authorizationServers: [{ id: 'guard', label: 'Guard', ...guard }],
      servers: [
        {
          id: 'notes',
          label: 'Notes',
          authorizationServer: 'guard',
          scopes: ['read', 'write'],
          ...server,
        },
      ],
    });
    open.push(company);
    const employee = createEmployee(company.line);
    const tokens = await employee.signIn('alice');
    const { url, authorizationServer: issuer } = company.line.servers[0]!;
    return {
      ...{ company, issuer, url, employee, tokens },
      idJag: async () => {
        const answer = await employee.exchange('notes', subject(tokens.refreshToken));
        return String(answer['access_token']);
      },
    };
  }

  const refusal = ({ status, error }: Answer) => [status, error];

  describe('a confirmation a person owes', () => {
    it('is asked for, waited for with the same ID-JAG, and remembered', async () => {
      const { employee, idJag } = await desk({ interaction: { intervalSec: 1, expiresInSec: 60 } });
      const assertion = await idJag();
      const first = await employee.redeem('notes', { assertion });
      assert.deepEqual(refusal(first), [400, 'interaction_required']);
      assert.deepEqual([first['interval'], first['expires_in']], [1, 60]);
      const page = loopback(String(first['interaction_uri']));
      assert.match(await (await fetch(page)).text(), /Let alice use Guard/);
      const early = await employee.redeem('notes', { assertion });
      assert.deepEqual(refusal(early), [400, 'slow_down']);
      await fetch(`${page}/confirm`, { method: 'POST' });
      await new Promise((resolve) => setTimeout(resolve, 6000));
      const granted = await employee.redeem('notes', { assertion });
      assert.equal(granted.status, 200);
      const replayed = await employee.redeem('notes', { assertion });
      assert.deepEqual(refusal(replayed), [400, 'invalid_grant']);
      const later = await employee.redeem('notes', { assertion: await idJag() });
      assert.equal(later.status, 200);
      assert.equal((await fetch(page)).status, 404);
    });

    it('can be declined, and is over after its time', async () => {
      const { employee, idJag } = await desk({ interaction: { intervalSec: 0, expiresInSec: 1 } });
      const declined = await idJag();
      const asked = await employee.redeem('notes', { assertion: declined });
      const pending = await employee.redeem('notes', { assertion: declined });
      assert.deepEqual(refusal(pending), [400, 'interaction_pending']);
      await fetch(`${loopback(String(asked['interaction_uri']))}/decline`, { method: 'POST' });
      const no = await employee.redeem('notes', { assertion: declined });
      assert.deepEqual(refusal(no), [400, 'access_denied']);
      const slow = await idJag();
      await employee.redeem('notes', { assertion: slow });
      await new Promise((resolve) => setTimeout(resolve, 1100));
      const over = await employee.redeem('notes', { assertion: slow });
      assert.deepEqual(refusal(over), [400, 'invalid_grant']);
    });
  });

  it('has its token endpoint elsewhere when told so, and says where', async () => {
    const { issuer, idJag } = await desk({ tokenElsewhere: true, tokenPath: '/api/token' });
    const at = `${issuer}/.well-known/oauth-authorization-server`;
    const metadata = (await (await fetch(at)).json()) as { token_endpoint: string };
    assert.notEqual(new URL(metadata.token_endpoint).origin, issuer);
    assert.equal(new URL(metadata.token_endpoint).pathname, '/api/token');
    const body = new URLSearchParams({
      ...{ grant_type: jwtBearer, assertion: await idJag(), client_id: 'enterprise-mcp-guard' },
    });
    assert.equal((await fetch(metadata.token_endpoint, { method: 'POST', body })).status, 200);
  });

  it('tells the time of its own clock', async () => {
    const { issuer } = await desk({ clockOffsetSec: -3600 });
    const { headers } = await fetch(`${issuer}/.well-known/oauth-authorization-server`);
    const behindMs = Date.now() - Date.parse(headers.get('date') ?? '');
    assert.ok(Math.abs(behindMs - 3_600_000) < 5_000);
  });

  describe('access bound to a key', () => {
    async function bound(dpop: 'required' | 'nonce') {
      const at = await desk({ dpop }, { dpop });
      const { privateKey, publicKey } = await generateKeyPair('ES256');
      const jwk = await exportJWK(publicKey);
      const proof = (htm: string, htu: string, more: object = {}) =>
        new SignJWT({ htm, htu, jti: randomUUID(), ...more })
          .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk })
          .setIssuedAt()
          .sign(privateKey);
      const redeem = async (dpopProof?: string) =>
        fetch(`${at.issuer}/token`, {
          method: 'POST',
          headers: dpopProof === undefined ? {} : { dpop: dpopProof },
          body: new URLSearchParams({
            ...{ grant_type: jwtBearer, client_id: 'enterprise-mcp-guard' },
            assertion: await at.idJag(),
          }),
        });
      const call = (authorization: string, dpopProof?: string) =>
        fetch(at.url, {
          headers: {
            ...{ authorization, accept: 'text/event-stream' },
            ...(dpopProof === undefined ? {} : { dpop: dpopProof }),
          },
        });
      return { ...at, proof, redeem, call, tokenUrl: `${at.issuer}/token` };
    }
    const athOf = (token: string) => createHash('sha256').update(token).digest('base64url');

    it('takes a proof for this request only, once, with this token', async () => {
      const { url, proof, redeem, call, tokenUrl } = await bound('required');
      assert.equal((await redeem()).status, 400);
      assert.equal((await redeem(await proof('POST', `${tokenUrl}/x`))).status, 400);
      const answer = (await (await redeem(await proof('POST', tokenUrl))).json()) as {
        access_token: string;
        token_type: string;
      };
      const { access_token: token } = answer;
      assert.equal(answer.token_type, 'DPoP');
      const ath = athOf(token);
      const good = await proof('GET', url, { ath });
      // Without a session, a stream is refused by MCP and not by the check.
      assert.equal((await call(`DPoP ${token}`, good)).status, 400);
      const wrong: Record<string, [string, string | undefined]> = {
        'a proof used before': [`DPoP ${token}`, good],
        'no proof': [`DPoP ${token}`, undefined],
        'a bearer of it': [`Bearer ${token}`, await proof('GET', url, { ath })],
        'another method': [`DPoP ${token}`, await proof('POST', url, { ath })],
        'another URL': [`DPoP ${token}`, await proof('GET', tokenUrl, { ath })],
        'another token': [`DPoP ${token}`, await proof('GET', url, { ath: athOf('x') })],
        'no token': [`DPoP ${token}`, await proof('GET', url)],
      };
      for (const [name, [authorization, dpopProof]] of Object.entries(wrong)) {
        const response = await call(authorization, dpopProof);
        assert.equal(response.status, 401, name);
        assert.match(response.headers.get('www-authenticate') ?? '', /^DPoP algs="ES256/);
      }
    });

    it('asks for its own nonce at each place', async () => {
      const { url, proof, redeem, call, tokenUrl } = await bound('nonce');
      const asked = await redeem(await proof('POST', tokenUrl));
      assert.equal(((await asked.json()) as { error: string }).error, 'use_dpop_nonce');
      const nonce = asked.headers.get('dpop-nonce');
      const given = await redeem(await proof('POST', tokenUrl, { nonce }));
      const { access_token: token } = (await given.json()) as { access_token: string };
      const ath = athOf(token);
      const foreign = await call(`DPoP ${token}`, await proof('GET', url, { ath, nonce }));
      assert.equal(foreign.status, 401);
      assert.match(foreign.headers.get('www-authenticate') ?? '', /error="use_dpop_nonce"/);
      const own = foreign.headers.get('dpop-nonce');
      const known = await call(`DPoP ${token}`, await proof('GET', url, { ath, nonce: own }));
      assert.equal(known.status, 400);
    });
  });

  describe('at the MCP server', () => {
    const post = (url: string, token: string, body: object, headers: object = {}) =>
      fetch(url, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
          ...headers,
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...body }),
      });
    const initialize = (protocolVersion: string) => ({
      method: 'initialize',
      params: { protocolVersion, capabilities: {}, clientInfo: { name: 'test', version: '1' } },
    });
    const discover = (version: string) => ({
      method: 'server/discover',
      params: {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': version,
          'io.modelcontextprotocol/clientCapabilities': {},
          'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
        },
      },
    });
    const modern = (version: string) => ({
      'mcp-protocol-version': version,
      'mcp-method': 'server/discover',
    });

    it('challenges with everything it is told to', async () => {
      const { url, employee, tokens } = await desk(
        {},
        {
          metadataAt: 'custom',
          challengePrefix: 'Basic realm="a, b"',
          challengeParameters: { authorization_uri: 'https://x.example/"y"' },
          stepUp: { acr: 'strong', maxAgeSec: 60 },
        },
      );
      const metadata = `${new URL(url).origin}/.well-known/oauth-protected-resource/somewhere/else`;
      const { headers } = await fetch(url);
      assert.equal(
        headers.get('www-authenticate'),
        `Basic realm="a, b", Bearer resource_metadata="${metadata}", scope="read write", ` +
          'authorization_uri="https://x.example/\\"y\\""',
      );
      const weak = await post(
        url,
        await employee.access('notes', tokens),
        initialize('2025-11-25'),
      );
      assert.equal(weak.status, 401);
      assert.match(
        weak.headers.get('www-authenticate') ?? '',
        /Bearer error="insufficient_user_authentication", .*acr_values="strong", max_age="60"/,
      );
    });

    it('asks for the scopes a tool needs', async () => {
      const { url, employee, tokens } = await desk({}, { toolScopes: { add_note: ['write'] } });
      const readOnly = await employee.access('notes', tokens, 'read');
      const call = { method: 'tools/call', params: { name: 'add_note', arguments: { text: 'x' } } };
      const refused = await post(url, readOnly, call);
      assert.equal(refused.status, 403);
      assert.match(
        refused.headers.get('www-authenticate') ?? '',
        /error="insufficient_scope", .*scope="write"/,
      );
    });

    it('speaks the protocol of its era', async () => {
      const versions = { '2025-06-18': [200, 400], '2025-11-25': [200, 400] } as const;
      for (const [era, [hello, foreign]] of Object.entries(versions)) {
        const { url, employee, tokens } = await desk({}, { era: era as '2025-06-18' });
        const token = await employee.access('notes', tokens);
        const answer = await post(url, token, initialize('2025-11-25'));
        assert.equal(answer.status, hello);
        assert.match(await answer.text(), new RegExp(`"protocolVersion":"${era}"`));
        const other = await post(url, token, discover('2026-07-28'), modern('2026-07-28'));
        assert.equal(other.status, foreign);
      }
      for (const [era, hello] of [
        ['2026-07-28', 400],
        ['both', 200],
      ] as const) {
        const { url, employee, tokens } = await desk({}, { era });
        const token = await employee.access('notes', tokens);
        const answer = await post(url, token, discover('2026-07-28'), modern('2026-07-28'));
        assert.equal(answer.status, 200);
        assert.match(await answer.text(), /"supportedVersions":\["2026-07-28"/);
        assert.equal((await post(url, token, initialize('2025-11-25'))).status, hello);
        const later = await post(url, token, discover('2030-01-01'), modern('2030-01-01'));
        assert.deepEqual([later.status, /-32022/.test(await later.text())], [400, true]);
      }
    });
  });
});
