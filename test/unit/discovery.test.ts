import assert from 'node:assert/strict';
import { createDiscovery } from '../../src/core/discovery/discovery.ts';
import type { Fetch } from '../../src/core/ports.ts';
import { FakeClock } from '../support/fakeClock.ts';

const never = new AbortController().signal;
const wellKnown = '/.well-known/oauth-protected-resource';

const json = (body: unknown) => () => Response.json(body);
const page =
  (status: number, headers: Record<string, string> = {}) =>
  () =>
    new Response('<html>', { status, headers: { 'content-type': 'text/html', ...headers } });
const challenge = (metadata: string) => ({
  'www-authenticate': `Bearer resource_metadata="https://host${metadata}"`,
});
const bare401 = (metadata: string) => () =>
  new Response(null, { status: 401, headers: challenge(metadata) });

/** Metadata as found on a host that answers these paths, and everything else with `otherwise`. */
function discovery(
  answers: Record<string, () => Response>,
  otherwise = () => new Response(null, { status: 404 }),
) {
  const fetch = ((url: string) =>
    Promise.resolve((answers[new URL(url).pathname] ?? otherwise)())) as Fetch;
  return createDiscovery({ fetch, clock: new FakeClock() });
}
const resourceOf = async (url: string, ...host: Parameters<typeof discovery>) =>
  (await discovery(...host).resource(url, never)).resource;
const saying = (resource: string) => json({ resource, authorization_servers: ['https://as'] });

describe('metadata of an MCP server', () => {
  it('may speak for a whole host at the well-known places', async () => {
    const url = 'https://host/a/mcp';
    for (const at of [`${wellKnown}/a/mcp`, wellKnown]) {
      assert.equal(await resourceOf(url, { [at]: saying('https://host/') }), 'https://host/');
    }
  });

  it('that the server itself names speaks for that server only', async () => {
    const url = 'https://host/a/mcp';
    for (const claimed of ['https://host/', 'https://host/a', 'https://host/a/mcp?b']) {
      const answers = { '/a/mcp': bare401('/a/prm'), '/a/prm': saying(claimed) };
      await assert.rejects(resourceOf(url, answers), { code: 'discovery.resourceMismatch' });
    }
    const answers = { '/a/mcp': bare401('/a/prm'), '/a/prm': saying(url) };
    assert.equal(await resourceOf(url, answers), url);
  });

  it('that the server names may be the well-known one of a folder above', async () => {
    const at = `${wellKnown}/a`;
    const named = { '/a/b/mcp': bare401(at), [at]: saying('https://host/a') };
    assert.equal(await resourceOf('https://host/a/b/mcp', named), 'https://host/a');
    const root = { '/mcp': bare401(wellKnown), [wellKnown]: saying('https://host') };
    assert.equal(await resourceOf('https://host/mcp', root), 'https://host');
    const other = { '/a/b/mcp': bare401(at), [at]: saying('https://host/') };
    await assert.rejects(resourceOf('https://host/a/b/mcp', other), {
      code: 'discovery.resourceMismatch',
    });
  });

  it('is still found where the rest of the host answers with pages', async () => {
    const url = 'https://host/mcp';
    const named = { '/mcp': page(401, challenge('/prm')), '/prm': saying(url) };
    for (const status of [200, 403, 404, 405]) {
      assert.equal(await resourceOf(url, named, page(status)), url);
      const atRoot = { [wellKnown]: saying('https://host/') };
      assert.equal(await resourceOf(url, atRoot, page(status)), 'https://host/');
    }
  });

  it('is the network speaking when everything is a page', async () => {
    await assert.rejects(resourceOf('https://host/mcp', {}, page(200)), {
      code: 'network.captivePortal',
    });
  });

  it('is missing where a page stands but the server is there', async () => {
    const answers = [
      { '/mcp': page(401, challenge('/prm')) },
      { '/mcp': () => new Response(null, { status: 405 }) },
      { [wellKnown]: page(404) },
    ];
    for (const one of answers) {
      await assert.rejects(resourceOf('https://host/mcp', one, page(200)), {
        code: 'discovery.resourceMetadataMissing',
      });
    }
  });
});

describe('metadata of an issuer', () => {
  it('answered with a page is the network speaking', async () => {
    for (const find of ['authorizationServer', 'identityProvider'] as const) {
      await assert.rejects(discovery({}, page(200))[find]('https://as', never), {
        code: 'network.captivePortal',
      });
    }
  });

  it('may send the browser, and only the browser, to a name below localhost', async () => {
    const issuer = 'http://127.0.0.1:1';
    const at = '/.well-known/openid-configuration';
    const find = (endpoint: string, url: string) =>
      discovery({ [at]: json({ issuer, [endpoint]: url }) }).identityProvider(issuer, never);
    for (const name of ['authorization_endpoint', 'end_session_endpoint']) {
      assert.equal(
        (await find(name, 'http://acme.localhost:1/x'))[name],
        'http://acme.localhost:1/x',
      );
      await assert.rejects(find(name, 'http://acme.example/x'), {
        code: 'identityProvider.metadataInvalid',
      });
    }
    for (const name of ['token_endpoint', 'revocation_endpoint', 'jwks_uri']) {
      await assert.rejects(find(name, 'http://acme.localhost:1/x'), {
        code: 'identityProvider.metadataInvalid',
      });
    }
  });
});
