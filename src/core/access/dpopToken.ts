// An access token bound to a key of this computer, and the proof of that key for each request.
import { SignJWT } from 'jose';
import type { AccessToken, TokenRequest } from './accessToken.ts';
import { parseChallenges } from '../http/challenge.ts';
import { ConnectError } from '../errors.ts';
import { dpopAlgorithm, type DpopKey } from '../client/dpopKeys.ts';
import type { Secret } from '../secret.ts';

/** What binds the access to one MCP server. */
export interface DpopBinding {
  readonly key: DpopKey;
  /** Of the MCP server: the token is shown, and nonces are taken, nowhere else. */
  readonly origin: string;
  /** Newest nonce by origin, shared by all tokens. */
  readonly nonces: Map<string, string>;
}

/** @see RFC 9449 §7 and §9 */
export const dpopToken = (secret: Secret, binding: DpopBinding): AccessToken => ({
  secret,
  scheme: 'DPoP',
  authorize: async (request) => ({
    authorization: `DPoP ${secret.reveal()}`,
    dpop: await proof(request, secret, binding),
  }),
  asksAgain: ({ status, headers }) => {
    const nonce = headers.get('dpop-nonce');
    if (nonce === null) return false;
    binding.nonces.set(binding.origin, nonce);
    return status === 401 && wantsNonce(headers.get('www-authenticate') ?? '');
  },
});

const wantsNonce = (header: string): boolean =>
  parseChallenges(header).some(
    ({ scheme, parameters }) => scheme === 'dpop' && parameters['error'] === 'use_dpop_nonce',
  );

/** One proof for one request. @see RFC 9449 §4.2 */
async function proof(
  { method, url, body }: TokenRequest,
  token: Secret,
  { key, origin, nonces }: DpopBinding,
): Promise<string> {
  const target = new URL(url);
  if (target.origin !== origin) throw new ConnectError('bug');
  const nonce = nonces.get(origin);
  return new SignJWT({
    htm: method,
    htu: origin + target.pathname,
    ath: await sha256(new TextEncoder().encode(token.reveal()), 'base64url'),
    ...(nonce === undefined ? {} : { nonce }),
    // MCP's DPoP draft: a proof is for one message, not for one endpoint.
    ...(body === undefined ? {} : { content_digest: `sha-256=:${await sha256(body, 'base64')}:` }),
  })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: dpopAlgorithm, jwk: key.publicJwk })
    .setJti(crypto.randomUUID())
    .setIssuedAt()
    .sign(key.privateKey);
}

async function sha256(bytes: Uint8Array, encoding: 'base64' | 'base64url'): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes));
  return Buffer.from(digest).toString(encoding);
}
