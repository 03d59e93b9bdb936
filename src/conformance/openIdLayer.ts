// The suite's authorization servers are plain OAuth; a company's identity provider is an OpenID Provider.
// This adds the difference on the way: signing keys, and an ID token in the answer to a code. Everything
// else of the sign-in is between core and the scenario.
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Fetch } from '../core/ports.ts';
import type { ServerMetadata } from './context.ts';

export interface OpenIdLayer {
  readonly metadata: ServerMetadata;
  readonly fetch: Fetch;
  /** What of the authorization request goes into the ID token. */
  authorizing(request: URL): void;
  /** Of the last answer, for the scenario's MCP server. */
  accessToken(): string | undefined;
}

export async function addOpenId(plain: ServerMetadata, fetch: Fetch): Promise<OpenIdLayer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const metadata = { ...plain, jwks_uri: `${plain.issuer}/conformance-keys` };
  const seen: { nonce?: string; audience?: string; accessToken?: string } = {};

  const idToken = () =>
    new SignJWT({ nonce: seen.nonce })
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer(plain.issuer)
      .setSubject('conformance')
      .setAudience(seen.audience ?? '')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey);

  return {
    metadata,
    fetch: async (input, init) => {
      if (input === metadata.jwks_uri) return Response.json({ keys: [await exportJWK(publicKey)] });
      const response = await fetch(input, init);
      if (input !== plain.token_endpoint || !response.ok) return response;
      const answer = (await response.json()) as { access_token: string };
      seen.accessToken = answer.access_token;
      return Response.json({ ...answer, id_token: await idToken() }, response);
    },
    authorizing: ({ searchParams }) => {
      seen.nonce = searchParams.get('nonce') ?? '';
      seen.audience = searchParams.get('client_id') ?? '';
    },
    accessToken: () => seen.accessToken,
  };
}
