// An identity provider of the harness's own, for scenarios that bring none: says yes to whatever is
// asked and counts every request, so that "nothing reached the identity provider" can be checked.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  calculateJwkThumbprint,
  EmbeddedJWK,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  SignJWT,
} from 'jose';

export interface HarnessIdentityProvider {
  readonly issuer: string;
  readonly idToken: string;
  /** Who the grants are for: our client id at the scenario's authorization server. */
  issueFor(clientId: string): void;
  /** Requests of any kind so far. */
  hits(): number;
  close(): void;
}

async function form(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return new URLSearchParams(text);
}

/** What binds the grant to the key of a proof that came along. @see RFC 9449 §4.3 and §6.1 */
async function binding({ headers }: IncomingMessage): Promise<object> {
  const proof = headers['dpop'];
  if (typeof proof !== 'string') return {};
  const { protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt' });
  const { jwk } = protectedHeader;
  return jwk === undefined ? {} : { cnf: { jkt: await calculateJwkThumbprint(jwk) } };
}

export async function startIdentityProvider(): Promise<HarnessIdentityProvider> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const world = { hits: 0, clientId: '' };
  const sign = (claims: Record<string, unknown>, typ: string) =>
    new SignJWT({ iss: issuerOf(), sub: 'conformance', ...claims })
      .setProtectedHeader({ alg: 'ES256', typ })
      .setIssuedAt()
      .setJti(crypto.randomUUID())
      .setExpirationTime('5m')
      .sign(privateKey);

  const answer = async (request: IncomingMessage): Promise<object> => {
    if (request.url === '/jwks') return { keys: [await exportJWK(publicKey)] };
    if (request.url !== '/token') {
      return {
        issuer: issuerOf(),
        token_endpoint: `${issuerOf()}/token`,
        jwks_uri: `${issuerOf()}/jwks`,
      };
    }
    const asked = await form(request);
    const aud = asked.get('audience');
    const resource = asked.get('resource');
    const claims = { aud, resource, client_id: world.clientId, ...(await binding(request)) };
    return {
      issued_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
      access_token: await sign(claims, 'oauth-id-jag+jwt'),
      token_type: 'N_A',
    };
  };
  const server = createServer((request, response) => {
    world.hits += 1;
    void answer(request).then((body) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    });
  });
  const issuerOf = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    issuer: issuerOf(),
    idToken: await sign({ aud: 'conformance' }, 'JWT'),
    issueFor: (clientId) => {
      world.clientId = clientId;
    },
    hits: () => world.hits,
    close: () => server.close(),
  };
}
