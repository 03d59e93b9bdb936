import assert from 'node:assert/strict';
import { createDiscovery } from '../../src/core/discovery/discovery.ts';
import { FakeClock } from '../support/fakeClock.ts';

const never = new AbortController().signal;

/** A discovery that is answered by URL, 404 elsewhere, and every URL it asked. */
function rig(documents: Readonly<Record<string, object>>, headers: Record<string, string> = {}) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const discovery = createDiscovery({
    clock,
    fetch: (input) => {
      const url = input as string;
      asked.push(url);
      const document = documents[url];
      return Promise.resolve(
        document === undefined
          ? new Response(null, { status: 404 })
          : Response.json(document, { headers }),
      );
    },
  });
  return { discovery, asked, clock };
}

describe('metadata of an authorization server', () => {
  const places: [issuer: string, inOrder: string[]][] = [
    [
      'https://as.example/t1',
      [
        'https://as.example/.well-known/oauth-authorization-server/t1',
        'https://as.example/.well-known/openid-configuration/t1',
        'https://as.example/t1/.well-known/openid-configuration',
      ],
    ],
    [
      'https://as.example/',
      [
        'https://as.example/.well-known/oauth-authorization-server',
        'https://as.example/.well-known/openid-configuration',
      ],
    ],
    [
      'https://as.example',
      [
        'https://as.example/.well-known/oauth-authorization-server',
        'https://as.example/.well-known/openid-configuration',
      ],
    ],
  ];
  for (const [issuer, inOrder] of places) {
    it(`of ${issuer} is looked for at its places in their order`, async () => {
      const { discovery, asked } = rig({});
      await assert.rejects(discovery.authorizationServer(issuer, never), {
        code: 'discovery.metadataMissing',
      });
      assert.deepEqual(asked, inOrder);
    });

    it(`of ${issuer} is taken from each of its places`, async () => {
      for (const place of inOrder) {
        const { discovery } = rig({
          [place]: { issuer, token_endpoint: 'https://else.example/t' },
        });
        const metadata = await discovery.authorizationServer(issuer, never);
        assert.equal(metadata.token_endpoint, 'https://else.example/t');
      }
    });
  }

  it('with another issuer is refused, be it only by a slash', async () => {
    const issuer = 'https://as.example';
    const at = `${issuer}/.well-known/oauth-authorization-server`;
    for (const other of [`${issuer}/`, 'https://AS.example', 'https://evil.example', undefined]) {
      const { discovery, asked } = rig({ [at]: { issuer: other } });
      await assert.rejects(discovery.authorizationServer(issuer, never), {
        code: 'discovery.issuerMismatch',
      });
      assert.deepEqual(asked, [at], 'nothing else is tried');
    }
  });

  const inside = [
    'http://127.0.0.1:6379/',
    'http://localhost:6379/token',
    'https://localhost./token',
    'https://169.254.169.254/latest/meta-data',
    'https://10.0.0.7/token',
    'https://192.168.1.1/token',
    'https://2130706433/token',
    'https://0x7f.1/token',
    'https://017700000001/token',
    'https://[::1]/token',
    'https://[::ffff:127.0.0.1]/token',
    'https://[fd00::1]/token',
    'https://[fe80::1]/token',
    'https://0.0.0.0/token',
    'https://100.64.0.1/token',
  ];
  for (const endpoint of inside) {
    it(`must not lead from outside to ${endpoint}`, async () => {
      const issuer = 'https://as.example';
      const at = `${issuer}/.well-known/oauth-authorization-server`;
      for (const name of ['token_endpoint', 'jwks_uri', 'revocation_endpoint']) {
        const { discovery, asked } = rig({ [at]: { issuer, [name]: endpoint } });
        await assert.rejects(discovery.authorizationServer(issuer, never), {
          code: 'discovery.metadataInvalid',
        });
        assert.deepEqual(asked, [at]);
      }
    });
  }

  it('of an issuer inside this network may stay there', async () => {
    const issuer = 'https://10.0.0.7';
    const at = `${issuer}/.well-known/oauth-authorization-server`;
    const { discovery } = rig({ [at]: { issuer, token_endpoint: 'https://10.0.0.8/token' } });
    const metadata = await discovery.authorizationServer(issuer, never);
    assert.equal(metadata.token_endpoint, 'https://10.0.0.8/token');
  });
});

describe('metadata once looked up', () => {
  const issuer = 'https://as.example';
  const at = `${issuer}/.well-known/oauth-authorization-server`;
  const minutes = 60_000;
  const kept: [name: string, headers: Record<string, string>, keptMs: number][] = [
    ['nothing said', {}, 60 * minutes],
    ['max-age=3600', { 'cache-control': 'public, max-age=3600' }, 60 * minutes],
    ['max-age less age', { 'cache-control': 'max-age=3600', age: '1200' }, 40 * minutes],
    ['a second', { 'cache-control': 'max-age=1' }, 10 * minutes],
    ['no-store', { 'cache-control': 'no-store' }, 10 * minutes],
    ['a year', { 'cache-control': 'max-age=31536000' }, 24 * 60 * minutes],
  ];
  for (const [name, headers, keptMs] of kept) {
    it(`is kept ${keptMs / minutes} min for ${name}, for everybody who asks`, async () => {
      const { discovery, asked, clock } = rig({ [at]: { issuer } }, headers);
      const ask = () => discovery.authorizationServer(issuer, never);
      await Promise.all([ask(), ask(), ask()]);
      await clock.advance(keptMs - 1);
      await ask();
      assert.equal(asked.length, 1);
      await clock.advance(1);
      await ask();
      assert.equal(asked.length, 2);
    });
  }

  it('is looked up again once when it has proved outdated, and only when it is not fresh', async () => {
    const { discovery, asked, clock } = rig({ [at]: { issuer } });
    assert.equal(discovery.outdated(issuer), false);
    await discovery.authorizationServer(issuer, never);
    assert.equal(discovery.outdated(issuer), false, 'just looked up');
    await clock.advance(10_000);
    assert.equal(discovery.outdated(issuer), true);
    assert.equal(discovery.outdated(issuer), false, 'dropped already');
    await discovery.authorizationServer(issuer, never);
    assert.equal(asked.length, 2);
  });

  it('is not kept when it was none', async () => {
    const { discovery, asked } = rig({});
    await assert.rejects(discovery.authorizationServer(issuer, never));
    await assert.rejects(discovery.authorizationServer(issuer, never));
    assert.equal(asked.length, 4);
  });
});

describe('metadata of an MCP server, as the profile expects it', () => {
  const url = 'https://tickets.example/mcp';
  const at = 'https://tickets.example/.well-known/oauth-protected-resource/mcp';
  const saying = (resource: string) =>
    rig({ [at]: { resource, authorization_servers: ['https://as.example'] } }).discovery;
  const prefix = { resource: undefined, resourceMatch: 'prefix' } as const;
  const exact = { resource: undefined, resourceMatch: 'exact' } as const;

  it('may be one above it, unless exactly itself is asked for', async () => {
    const origin = 'https://tickets.example';
    assert.equal((await saying(origin).resource(url, never, prefix)).resource, origin);
    await assert.rejects(saying(origin).resource(url, never, exact), {
      code: 'discovery.resourceMismatch',
    });
    assert.equal((await saying(url).resource(url, never, exact)).resource, url);
    await assert.rejects(saying(`${url}/`).resource(url, never, exact), {
      code: 'discovery.resourceMismatch',
    });
  });

  it('must be the identifier the profile names, where it names one', async () => {
    const named = { resource: 'https://tickets.example', resourceMatch: 'prefix' } as const;
    await assert.rejects(saying(url).resource(url, never, named), {
      code: 'discovery.resourceMismatch',
    });
    const published = await saying('https://tickets.example').resource(url, never, named);
    assert.equal(published.resource, 'https://tickets.example');
  });

  it('must be a place and nothing more', async () => {
    for (const odd of ['https://user@tickets.example/mcp', `${url}#part`]) {
      await assert.rejects(saying(odd).resource(url, never, prefix), {
        code: 'discovery.resourceMismatch',
      });
    }
  });
});
