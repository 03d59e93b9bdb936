import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createDiscovery } from '../../../src/core/discovery/discovery.ts';
import { ConnectError } from '../../../src/core/errors.ts';
import { keepMsOf } from '../../../src/core/discovery/metadataCache.ts';
import { FakeClock } from '../../support/fakeClock.ts';

const never = new AbortController().signal;
const issuer = 'https://auth.example';
const url = 'https://tickets.example/a/mcp';

const discoveryOf = (body: string) =>
  createDiscovery({
    clock: new FakeClock(),
    fetch: () =>
      Promise.resolve(new Response(body, { headers: { 'content-type': 'application/json' } })),
  });

/** The answer, or the error; anything but a ConnectError fails. */
async function settled<T>(promise: Promise<T>): Promise<T | undefined> {
  return promise.catch((error: unknown) => {
    assert.ok(ConnectError.is(error), String(error));
    assert.notEqual(error.code, 'bug');
    return undefined;
  });
}

const anyUrl = fc.oneof(
  fc.webUrl(),
  fc.constantFrom(url, 'https://tickets.example', 'https://tickets.example/a', issuer),
  fc.constantFrom(
    'https://tickets.example/ab',
    'http://tickets.example/a/mcp',
    'https://tickets.example.evil.example/a/mcp',
    'https://user@tickets.example/a/mcp',
    'http://169.254.169.254/latest',
    'https://2130706433/token',
    'https://0x7f.1/token',
    'https://[::ffff:10.0.0.1]/token',
    'https://[fe80::1]/token',
    'https://localhost/token',
    'https://localhost./token',
    'javascript:alert(1)',
  ),
);
const issuerDocument = fc.record(
  {
    issuer: fc.oneof(fc.constant(issuer), anyUrl, fc.jsonValue()),
    token_endpoint: fc.oneof(anyUrl, fc.jsonValue()),
    jwks_uri: fc.oneof(anyUrl, fc.jsonValue()),
    grant_types_supported: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const resourceDocument = fc.record(
  {
    resource: fc.oneof({ weight: 3, arbitrary: anyUrl }, fc.jsonValue()),
    authorization_servers: fc.oneof({ weight: 3, arbitrary: fc.array(anyUrl) }, fc.jsonValue()),
    scopes_supported: fc.jsonValue(),
    dpop_bound_access_tokens_required: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

describe('metadata (properties)', () => {
  it('is refused with a code of ours, whatever a server sends', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async (body) => {
        const discovery = discoveryOf(body);
        await settled(discovery.resource(url, never));
        await settled(discovery.authorizationServer(issuer, never));
        await settled(discovery.identityProvider(issuer, never));
      }),
    );
  });

  it('of an issuer is of that issuer, and leads nowhere inside this network', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(issuerDocument, async (document) => {
        const metadata = await settled(
          discoveryOf(JSON.stringify(document)).authorizationServer(issuer, never),
        );
        if (metadata === undefined) return;
        accepted++;
        assert.equal(metadata.issuer, issuer);
        for (const value of [metadata.token_endpoint, metadata.jwks_uri]) {
          if (value === undefined) continue;
          const { protocol, hostname, username } = new URL(value);
          assert.deepEqual([protocol, username], ['https:', '']);
          assert.doesNotMatch(
            hostname,
            /^(localhost\.?|127\..*|10\..*|169\.254\..*|\[::ffff:.*|\[fe80:.*)$/,
          );
        }
      }),
      { numRuns: 1_000 },
    );
    assert.ok(accepted > 20, `only ${accepted} were accepted at all`);
  });

  it('of a server is about that server or one above it, at the same origin', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(resourceDocument, async (document) => {
        const metadata = await settled(discoveryOf(JSON.stringify(document)).resource(url, never));
        if (metadata === undefined) return;
        accepted++;
        const published = new URL(metadata.resource);
        assert.equal(published.origin, new URL(url).origin);
        assert.ok(url.startsWith(metadata.resource.replace(/\/$/, '')), metadata.resource);
        assert.ok(metadata.authorizationServers.length > 0);
      }),
      { numRuns: 1_000 },
    );
    assert.ok(accepted > 20, `only ${accepted} were accepted at all`);
  });

  it('is kept from ten minutes to a day, whatever its headers say', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.stringMatching(/^[\x20-\x7e]{0,40}$/),
          fc.nat().map((sec) => `public, max-age=${sec}`),
          fc.constantFrom('no-store', 'max-age=0', 'max-age=-1', 'max-age=99999999999999'),
        ),
        fc.oneof(fc.nat().map(String), fc.stringMatching(/^[\x21-\x7e]{0,12}$/)),
        (control, age) => {
          const keepMs = keepMsOf(new Headers({ 'cache-control': control, age }));
          assert.ok(keepMs >= 600_000 && keepMs <= 86_400_000, String(keepMs));
        },
      ),
    );
  });
});
