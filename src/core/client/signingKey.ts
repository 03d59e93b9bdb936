// Private keys of this client as JWKs: made, read, and their public halves.
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type CryptoKey,
  type JWK,
} from 'jose';
import type { SigningAlgorithm } from './clientRegistration.ts';

/** A public JWK (RFC 7517): safe to show, to be registered somewhere. */
export type PublicJwk = Readonly<Record<string, unknown>>;

export interface SigningKey {
  readonly privateKey: CryptoKey;
  readonly publicJwk: PublicJwk;
  readonly kid: string | undefined;
}

/** A new private JWK, JSON, named by its thumbprint. @see RFC 7638 */
export async function createPrivateJwk(algorithm: SigningAlgorithm): Promise<string> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  return JSON.stringify({ ...jwk, kid, use: 'sig', alg: algorithm });
}

/**
 * The key in a private JWK, JSON; undefined when it is none, or none for `algorithm`.
 * @see RFC 7517 §4, RFC 7518 §6
 */
export async function readSigningKey(
  privateJwk: string,
  algorithm: SigningAlgorithm,
): Promise<SigningKey | undefined> {
  try {
    const jwk = JSON.parse(privateJwk) as JWK;
    if (jwk.alg !== undefined && jwk.alg !== algorithm) return undefined;
    const privateKey = await importJWK(only(jwk, [...publicNames, ...privateNames]), algorithm);
    if (privateKey instanceof Uint8Array || privateKey.type !== 'private') return undefined;
    return {
      privateKey,
      publicJwk: { ...only(jwk, publicNames), use: 'sig', alg: algorithm },
      kid: typeof jwk.kid === 'string' ? jwk.kid : undefined,
    };
  } catch {
    return undefined;
  }
}

const publicNames = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid'] as const;
const privateNames = ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const;

/** What makes the key and no more: neither notes about its use nor anything that is not known here. */
const only = (jwk: JWK, names: readonly (keyof JWK)[]): JWK =>
  Object.fromEntries(
    names.filter((name) => jwk[name] !== undefined).map((name) => [name, jwk[name]]),
  );
