// The identity provider's own key. Made up per run.
import { randomBytes } from 'node:crypto';
import {
  createLocalJWKSet,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type CryptoKey,
  type JSONWebKeySet,
} from 'jose';
import type { PublicKeys } from './publicKeys.ts';

export interface SigningKeys {
  readonly own: { readonly key: CryptoKey; readonly kid: string };
  readonly publicKeys: PublicKeys;
  /** The public key as text: what a verifier that mixes algorithms up takes for a secret. */
  readonly publicPem: string;
  /** For the provider itself. */
  readonly privateKeys: JSONWebKeySet;
}

export async function createSigningKeys(): Promise<SigningKeys> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const kid = randomBytes(8).toString('hex');
  const header = { kid, alg: 'RS256', use: 'sig' };
  return {
    own: { key: privateKey, kid },
    publicKeys: createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), ...header }] }),
    publicPem: await exportSPKI(publicKey),
    privateKeys: { keys: [{ ...(await exportJWK(privateKey)), ...header }] },
  };
}
