// An identity provider of the harness's own, for scenarios that bring none: says yes to whatever is
// asked and counts every request, so that "nothing reached the identity provider" can be checked.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export interface HarnessIdentityProvider {
  readonly issuer: string;
  readonly idToken: string;
  /** Requests of any kind so far. */
  hits(): number;
  close(): void;
}

async function form(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return new URLSearchParams(text);
}

export async function startIdentityProvider(
  clientIdThere: string,
): Promise<HarnessIdentityProvider> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const counted = { hits: 0 };
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
    return {
      issued_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
      access_token: await sign({ aud, resource, client_id: clientIdThere }, 'oauth-id-jag+jwt'),
      token_type: 'N_A',
    };
  };
  const server = createServer((request, response) => {
    counted.hits += 1;
    void answer(request).then((body) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    });
  });
  const issuerOf = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    issuer: issuerOf(),
    idToken: await sign({ aud: 'conformance' }, 'JWT'),
    hits: () => counted.hits,
    close: () => server.close(),
  };
}
