// Parties that mean harm, between a real employee and the others of the company: T5 (leads inside), T6
// (sends elsewhere), T7 (mixes up), T8 (what is another's), T9 (forges), T10 (downgrades), T18 (has it done twice).
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import {
  exportJWK,
  generateKeyPair,
  SignJWT,
  UnsecuredJWT,
  decodeJwt,
  decodeProtectedHeader,
} from 'jose';
import { generate } from 'selfsigned';
import { createDiscovery } from '../../../src/core/discovery/discovery.ts';
import { readProfile } from '../../../src/core/profile/profile.ts';
import { systemClock } from '../../../src/node/systemClock.ts';
import { openVendorCompany, type VendorCompany } from '../vendors/vendorCompany.ts';

type Fetch = typeof globalThis.fetch;
const urlOf = (input: Parameters<Fetch>[0]): URL =>
  new URL(input instanceof Request ? input.url : input);
const formOf = (init: RequestInit | undefined): URLSearchParams => {
  const { body } = init ?? {};
  return body instanceof URLSearchParams
    ? body
    : new URLSearchParams(typeof body === 'string' ? body : '');
};
const docsOnly = { only: ['docs'] };

describe('hostile parties', function () {
  this.timeout(40_000);
  let at: VendorCompany;
  /** Who must never be asked anything. */
  const canary = { heard: [] as string[], url: '' };
  const canaryServer = createServer((request, response) => {
    canary.heard.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"keys":[]}');
  });
  const servers: Server[] = [canaryServer];
  before(async () => {
    canaryServer.listen(0, '127.0.0.1');
    await once(canaryServer, 'listening');
    canary.url = `http://127.0.0.1:${(canaryServer.address() as AddressInfo).port}`;
    at = await openVendorCompany({ identityProvider: { issParameter: 'right' } });
  });
  after(async () => {
    await at.stop();
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  });
  beforeEach(async () => {
    await at.sandbox.admin.reset();
    canary.heard.length = 0;
  });
  const since = async () => (await at.sandbox.admin.state()).ledger.last;
  const legsSince = async (last: number) =>
    (await at.sandbox.admin.ledger(last)).map(({ leg }) => leg);

  it('T5 metadata of a public issuer leads nowhere inside, however the address is spelled', async () => {
    const { port } = new URL(canary.url);
    const inside = [
      ...[
        '127.0.0.1',
        'localhost',
        'localhost.',
        'a.localhost',
        '2130706433',
        '0x7f000001',
        '0x7f.1',
      ],
      ...['017700000001', '0177.0.0.1', '127.1', '[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]'],
      ...[
        '0.0.0.0',
        '[::]',
        '169.254.169.254',
        '10.0.0.1',
        '192.168.0.1',
        '172.16.0.1',
        '100.64.0.1',
      ],
      ...['[fe80::1]', '[fd00::1]', '[64:ff9b::7f00:1]', '①②⑦.0.0.1', '127。0。0。1'],
    ];
    const issuer = 'https://auth.acme.example';
    const never = new AbortController().signal;
    for (const host of inside) {
      for (const scheme of ['https', 'http']) {
        const metadata = {
          issuer,
          token_endpoint: `${scheme}://${host}:${port}/token`,
          jwks_uri: `${issuer}/keys`,
        };
        const asked: string[] = [];
        const discovery = createDiscovery({
          clock: systemClock,
          fetch: (input, init) => {
            const url = urlOf(input);
            asked.push(url.host);
            if (url.origin !== issuer) return fetch(input, init);
            const headers = { 'content-type': 'application/json' };
            return Promise.resolve(new Response(JSON.stringify(metadata), { headers }));
          },
        });
        await assert.rejects(
          discovery.authorizationServer(issuer, never),
          { code: 'discovery.metadataInvalid' },
          `${scheme}://${host}`,
        );
        assert.deepEqual([...new Set(asked)], ['auth.acme.example']);
      }
    }
    assert.deepEqual(canary.heard, []);
  });

  for (const [place, grant] of [
    ['identity provider', 'authorization_code'],
    ['identity provider', 'urn:ietf:params:oauth:grant-type:token-exchange'],
    ['authorization server', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
  ] as const) {
    it(`T6 ${place}: no redirect is followed with what ${grant.split(':').at(-1)!} carries`, async () => {
      for (const status of [301, 302, 303, 307, 308]) {
        const redirector = createServer((_request, response) => {
          response.writeHead(status, { location: `${canary.url}/token` }).end();
        });
        servers.push(redirector);
        redirector.listen(0, '127.0.0.1');
        await once(redirector, 'listening');
        const elsewhere = `http://127.0.0.1:${(redirector.address() as AddressInfo).port}/`;
        let redirected = 0;
        const alice = await at.employee('alice', docsOnly, {
          fetch: (input, init) => {
            if (formOf(init).get('grant_type') !== grant) return fetch(input, init);
            redirected++;
            // How it is asked, redirects included, stays as the product wants it.
            return fetch(elsewhere, init);
          },
        });
        await alice.signIn().catch(() => undefined);
        await alice.until(() => alice.state('docs')?.kind !== 'connecting');
        assert.notEqual(alice.state('docs')?.kind, 'connected');
        assert.ok(redirected > 0, `${status} was never answered`);
        await alice.dispose();
      }
      assert.deepEqual(canary.heard, []);
    });
  }

  const swaps: Record<string, (to: URL) => void> = {
    'the issuer of another': (to) => {
      to.searchParams.set('iss', 'https://evil.example');
    },
    'no issuer': (to) => {
      to.searchParams.delete('iss');
    },
    'two issuers': (to) => {
      to.searchParams.append('iss', 'https://evil.example');
    },
    'two codes': (to) => {
      to.searchParams.append('code', 'stolen');
    },
    'the state of another': (to) => {
      to.searchParams.set('state', 'x'.repeat(43));
    },
    'no state': (to) => {
      to.searchParams.delete('state');
    },
  };
  for (const [name, swap] of Object.entries(swaps)) {
    it(`T7 mix-up: an answer with ${name} is exchanged for nothing`, async () => {
      const sent: string[] = [];
      let swapped = 0;
      const alice = await at.employee('alice', docsOnly, {
        signInMs: 700,
        redirected: (to) => {
          if (to.pathname !== '/callback') return to;
          swapped++;
          swap(to);
          return to;
        },
        fetch: (input, init) => {
          if (init?.method === 'POST') sent.push(formOf(init).get('grant_type') ?? '');
          return fetch(input, init);
        },
      });
      const before = await since();
      await assert.rejects(alice.signIn());
      assert.equal(swapped, 1);
      assert.deepEqual(sent, []);
      const legs = await legsSince(before);
      for (const leg of ['exchange', 'redemption', 'mcp'] as const) assert.ok(!legs.includes(leg));
      assert.equal(alice.secrets.size, 0);
    });
  }

  it('T8 what one server was given is refused as the grant of another, and never sent there', async () => {
    const assertions: Record<string, string[]> = {};
    const kept: { grant?: string } = {};
    const fetch: Fetch = async (input, init) => {
      const form = formOf(init);
      const issuer = urlOf(input).origin;
      const assertion = form.get('assertion');
      if (assertion !== null) (assertions[issuer] ??= []).push(assertion);
      const response = await globalThis.fetch(input, init);
      if (!(form.get('grant_type') ?? '').endsWith('token-exchange') || !response.ok)
        return response;
      const answer = (await response.json()) as { access_token: string };
      kept.grant ??= answer.access_token;
      // The first grant of all, whoever asks.
      return Response.json({ ...answer, access_token: kept.grant }, { headers: response.headers });
    };
    const alice = await at.settled('alice', { only: ['docs', 'tickets'] }, { fetch });
    const states = ['docs', 'tickets'].map((id) => alice.state(id)?.kind);
    assert.deepEqual(states.sort(), ['connected', 'misconfigured']);
    const given = Object.values(assertions).flat();
    assert.equal(new Set(given).size, given.length);
    assert.equal(given.length, 1, 'it was redeemed twice');
  });

  it('T9 an ID token of a key the identity provider has not published is believed in no form', async () => {
    const attacker = await generateKeyPair('RS256', { extractable: true });
    const jwk = await exportJWK(attacker.publicKey);
    type Forge = (claims: object, header: object) => Promise<string> | string;
    const sign = (claims: object, header: object) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'RS256', ...header })
        .sign(attacker.privateKey);
    const forgeries: Record<string, Forge> = {
      'its own key': (claims, header) => sign(claims, header),
      'a key it brings along': (claims, header) => sign(claims, { ...header, jwk }),
      'a place for its keys': (claims, header) =>
        sign(claims, { ...header, jku: `${canary.url}/keys`, x5u: `${canary.url}/x5` }),
      'an unknown key id': (claims) => sign(claims, { kid: `${canary.url}/keys` }),
      'no signature': (claims) => new UnsecuredJWT({ ...claims }).encode(),
      'a secret everybody knows': async (claims, header) => {
        const published = JSON.stringify(jwk);
        return new SignJWT({ ...claims })
          .setProtectedHeader({ ...header, alg: 'HS256' })
          .sign(new TextEncoder().encode(published));
      },
    };
    for (const [name, forge] of Object.entries(forgeries)) {
      let forged = 0;
      const alice = await at.employee('alice', docsOnly, {
        fetch: async (input, init) => {
          const response = await fetch(input, init);
          if (formOf(init).get('grant_type') !== 'authorization_code') return response;
          const answer = (await response.json()) as { id_token: string };
          forged++;
          const claims = { ...decodeJwt(answer.id_token), sub: 'admin' };
          const { kid } = decodeProtectedHeader(answer.id_token);
          const token = await forge(claims, { kid });
          return Response.json({ ...answer, id_token: token });
        },
      });
      const before = await since();
      await assert.rejects(alice.signIn(), { code: 'identityProvider.idTokenInvalid' }, name);
      assert.equal(forged, 1);
      const legs = await legsSince(before);
      assert.ok(!legs.includes('exchange') && !legs.includes('redemption'), name);
      assert.equal(alice.secrets.size, 0);
      await alice.dispose();
    }
    assert.deepEqual(canary.heard, []);
  });

  it('T10 nothing is asked over http, or over https of a certificate nobody vouches for', async () => {
    const { profile } = at.sandbox.line as unknown as {
      profile: { identityProviders: object[]; servers: { id: string }[] };
    };
    const spoilt = (key: string, value: string) => ({
      ...profile,
      identityProviders: profile.identityProviders.map((one) =>
        key === 'issuer' ? { ...one, issuer: value } : one,
      ),
      servers: profile.servers.map((one) =>
        key !== 'issuer' && one.id === 'docs' ? { ...one, [key]: value } : one,
      ),
    });
    for (const key of ['issuer', 'url', 'authorizationServer']) {
      for (const scheme of ['http', 'HTTP', 'ws', 'ftp']) {
        const raw = spoilt(key, `${scheme}://docs.acme.example/mcp`);
        for (const source of ['managed', 'settings'] as const) {
          const { profile: read, problems } = readProfile(raw, source);
          assert.ok(
            problems.some(({ key: where }) => where.endsWith(key)),
            `${key} ${scheme}`,
          );
          assert.ok(!read?.servers.some(({ id }) => id === 'docs'));
        }
      }
    }
    const metadata = {
      issuer: 'https://auth.acme.example',
      token_endpoint: 'http://auth.acme.example/token',
    };
    const downgraded = createDiscovery({
      clock: systemClock,
      fetch: () => Promise.resolve(Response.json(metadata)),
    });
    await assert.rejects(
      downgraded.authorizationServer(metadata.issuer, new AbortController().signal),
      { code: 'discovery.metadataInvalid' },
    );
    const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }]);
    const heard: string[] = [];
    const impostor = createSecureServer({ key, cert }, (request) => heard.push(request.url ?? ''));
    servers.push(impostor);
    impostor.listen(0, '127.0.0.1');
    await once(impostor, 'listening');
    const there = `https://127.0.0.1:${(impostor.address() as AddressInfo).port}`;
    const alice = await at.employee('alice', docsOnly, {
      fetch: (input, init) => {
        const isGrant = formOf(init).get('grant_type')?.endsWith('jwt-bearer') === true;
        return fetch(isGrant ? `${there}/token` : input, init);
      },
    });
    await alice.signIn();
    await alice.until(() => !['connecting', 'signedOut'].includes(alice.state('docs')?.kind ?? ''));
    assert.equal(at.ending(alice, 'docs').code, 'network.tls');
    assert.deepEqual(heard, []);
    const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join('src', name), 'utf8'));
    assert.ok(sources.length > 100);
    for (const source of sources)
      assert.doesNotMatch(
        source,
        /rejectUnauthorized|NODE_TLS_REJECT_UNAUTHORIZED|checkServerIdentity/,
      );
  });

  it('T18 a redemption whose answer is lost is made anew with another grant, never with the same', async () => {
    const assertions: string[] = [];
    const alice = await at.employee('alice', docsOnly, {
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        const assertion = formOf(init).get('assertion');
        if (assertion === null) return response;
        assertions.push(assertion);
        // Done there, lost on the way.
        if (assertions.length === 1) throw new TypeError('fetch failed');
        return response;
      },
    });
    await alice.signIn();
    await alice.until(() => !['connecting', 'signedOut'].includes(alice.state('docs')?.kind ?? ''));
    if (alice.state('docs')?.kind !== 'connected') await alice.connections.checkNow();
    await alice.until(() => alice.state('docs')?.kind === 'connected', 20_000);
    assert.ok(assertions.length >= 2);
    assert.equal(new Set(assertions).size, assertions.length);
    assert.equal(new Set(assertions.map((one) => decodeJwt(one).jti)).size, assertions.length);
  });
});
