import assert from 'node:assert/strict';
import { requestIdJag } from '../../src/core/access/idJag.ts';
import { ConnectError } from '../../src/core/errors.ts';
import { createGuardedFetch, identityProviderParty } from '../../src/core/http/http.ts';
import { Secret } from '../../src/core/secret.ts';
import { FakeClock } from '../support/fakeClock.ts';

const issuer = 'https://idp.example';
const url = `${issuer}/token`;

const guarded = (answer: () => Response) =>
  createGuardedFetch(
    { clock: new FakeClock(), fetch: () => Promise.resolve(answer()) },
    identityProviderParty,
  );
const json = (body: unknown, status: number, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });

/** What an exchange makes of one answer of the token endpoint. */
function exchangeWith(answer: Response) {
  return requestIdJag(
    {
      identityProvider: { issuer, token_endpoint: url },
      client: { clientId: 'c', method: 'client_secret_basic', secret: new Secret('s') },
      subject: { token: new Secret('t'), kind: 'idToken' },
      issuer: 'https://auth.example',
      audience: undefined,
      sendResource: true,
      proof: undefined,
      resource: 'https://tickets.example/mcp',
      scopes: ['read'],
      clientIdThere: 'there',
    },
    { fetch: guarded(() => answer), clock: new FakeClock() },
  ).then(
    () => 'granted',
    (error: unknown) => ConnectError.from(error).code,
  );
}

describe('an answer of a token endpoint', () => {
  const refusals: [error: string, status: number, code: string][] = [
    ['access_denied', 503, 'exchange.denied'],
    ['access_denied', 429, 'exchange.denied'],
    ['invalid_grant', 500, 'identityProvider.signInAgain'],
    ['invalid_target', 502, 'exchange.targetRefused'],
    ['invalid_client', 500, 'identityProvider.clientRefused'],
  ];
  for (const [error, status, code] of refusals) {
    it(`${error} is a refusal with status ${status} too`, async () => {
      assert.equal(await exchangeWith(json({ error }, status)), code);
    });
  }

  const outages: [name: string, body: unknown, status: number, code: string][] = [
    ['temporarily_unavailable', { error: 'temporarily_unavailable' }, 503, 'unavailable'],
    ['server_error', { error: 'server_error' }, 500, 'unavailable'],
    ['slow_down', { error: 'slow_down' }, 429, 'busy'],
    ['a rate limit', { error: 'too_many_requests' }, 429, 'busy'],
    [
      'the error page of a proxy',
      { status: 503, error: 'Service Unavailable' },
      503,
      'unavailable',
    ],
    ['a list', ['access_denied'], 503, 'unavailable'],
    ['an error that is no text', { error: 7 }, 500, 'unavailable'],
    ['too much', { error: 'access_denied', x: 'x'.repeat(1_100_000) }, 500, 'unavailable'],
  ];
  for (const [name, body, status, code] of outages) {
    it(`with status ${status} and ${name} is an outage`, async () => {
      assert.equal(await exchangeWith(json(body, status)), `identityProvider.${code}`);
    });
  }

  it('is a refusal with the challenge that goes with it as well', async () => {
    const headers = { 'www-authenticate': 'Basic realm="x"' };
    const refused = exchangeWith(json({ error: 'invalid_client' }, 401, headers));
    assert.equal(await refused, 'identityProvider.clientRefused');
  });

  it('is no refusal when nothing was asked of it', async () => {
    const fetch = guarded(() => json({ error: 'access_denied' }, 503, { 'retry-after': '9' }));
    await assert.rejects(fetch(`${issuer}/jwks`), (error: ConnectError) => {
      assert.deepEqual(
        [error.code, error.facts.status, error.facts.retryAfterSec],
        ['identityProvider.unavailable', 503, 9],
      );
      return true;
    });
  });

  it('is let go of when it is refused', async () => {
    for (const init of [
      { status: 503 },
      { status: 302 },
      { headers: { 'content-type': 'text/html' } },
    ]) {
      let cancelled = false;
      const body = new ReadableStream({
        cancel: () => {
          cancelled = true;
        },
      });
      await assert.rejects(guarded(() => new Response(body, init))(url));
      assert.ok(cancelled, JSON.stringify(init));
    }
  });
});
