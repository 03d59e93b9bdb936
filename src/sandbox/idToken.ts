// ID tokens other than the library makes them: by another clock, or as an attacker would.
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import type { IdentityProviderSetup, IdentityProviderTampering } from './setup.ts';
import type { SigningKeys } from './signingKeys.ts';

export type Occasion = 'signIn' | 'refresh';

/** The ID token to hand out in place of `idToken`. */
export async function alteredIdToken(
  idToken: string,
  occasion: Occasion,
  { setup, keys }: { readonly setup: IdentityProviderSetup; readonly keys: SigningKeys },
): Promise<string> {
  const tampering = applies(setup.tampering, occasion) ? setup.tampering : undefined;
  const offsetSec = setup.clockOffsetSec ?? 0;
  if (tampering === undefined && offsetSec === 0) return idToken;
  const claims = { ...shifted(decodeJwt(idToken), offsetSec), ...forgedClaims(tampering) };
  return signed(claims, tampering, keys);
}

function applies(tampering: IdentityProviderTampering | undefined, occasion: Occasion): boolean {
  return occasion === 'refresh'
    ? tampering === 'refreshedIdTokenOfAnother'
    : tampering?.startsWith('idToken') === true;
}

function shifted(claims: JWTPayload, bySec: number): JWTPayload {
  const times = ['iat', 'exp', 'auth_time']
    .map((name) => [name, claims[name]] as const)
    .flatMap(([name, at]) => (typeof at === 'number' ? [[name, at + bySec] as const] : []));
  return { ...claims, ...Object.fromEntries(times) };
}

function forgedClaims(tampering: IdentityProviderTampering | undefined): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  switch (tampering) {
    case 'idTokenWrongAudience':
      return { aud: 'somebody-else' };
    case 'idTokenWrongIssuer':
      return { iss: 'https://elsewhere.example' };
    case 'idTokenWrongNonce':
      return { nonce: 'not-the-one-that-was-sent' };
    case 'idTokenExpired':
      return { iat: now - 7200, exp: now - 3600 };
    case 'refreshedIdTokenOfAnother':
      return { sub: 'mallory', email: 'mallory@acme.example' };
    default:
      return {};
  }
}

async function signed(
  claims: JWTPayload,
  tampering: IdentityProviderTampering | undefined,
  { own, publicPem }: SigningKeys,
): Promise<string> {
  const { kid } = own;
  const jwt = new SignJWT(claims);
  if (tampering === 'idTokenAlgNone') return `${encoded({ alg: 'none' })}.${encoded(claims)}.`;
  if (tampering === 'idTokenHs256WithPublicKey') {
    const secret = new TextEncoder().encode(publicPem);
    return jwt.setProtectedHeader({ alg: 'HS256', kid }).sign(secret);
  }
  if (tampering !== 'idTokenForeignKid' && tampering !== 'idTokenEmbeddedJwk') {
    return jwt.setProtectedHeader({ alg: 'RS256', kid }).sign(own.key);
  }
  const foreign = await generateKeyPair('RS256', { extractable: true });
  const jwk = await exportJWK(foreign.publicKey);
  const header =
    tampering === 'idTokenForeignKid'
      ? { kid: 'of-somebody-else' }
      : { kid, jwk, jku: 'https://elsewhere.example/jwks' };
  return jwt.setProtectedHeader({ alg: 'RS256', ...header }).sign(foreign.privateKey);
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
