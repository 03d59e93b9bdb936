// Keys that access is bound to (RFC 9449): one per identity provider and authorization server, so that
// nobody can recognize a person across companies by the key.
import * as oauth from 'openid-client';
import { calculateJwkThumbprint, importJWK, type CryptoKey } from 'jose';
import { ConnectError } from '../errors.ts';
import type { SecretStore } from '../ports.ts';
import { createPrivateJwk, readSigningKey, type PublicJwk } from './signingKey.ts';

export const dpopAlgorithm = 'ES256';

export interface DpopKey {
  readonly privateKey: CryptoKey;
  /** Goes into the header of every proof. */
  readonly publicJwk: PublicJwk;
  /** What `cnf.jkt` must say. @see RFC 9449 §6.1 */
  readonly thumbprint: string;
  /** Proofs at token endpoints; remembers their nonces. */
  handle(client: oauth.Configuration): oauth.DPoPHandle;
}

export interface DpopKeys {
  /** @throws storage.unavailable */
  at(parties: BoundParties, store: SecretStore): Promise<DpopKey>;
  /** Newest nonce of each MCP server, by origin; token endpoints have nonces of their own. @see RFC 9449 §9 */
  readonly nonces: Map<string, string>;
}

/** Issuer identifiers. */
export interface BoundParties {
  readonly identityProvider: string;
  readonly authorizationServer: string;
}

/** Lives as long as the window. */
export function createDpopKeys(): DpopKeys {
  // Two servers that ask at once must not each make a key.
  const keys = new Map<string, Promise<DpopKey>>();
  return {
    nonces: new Map(),
    at: ({ identityProvider, authorizationServer }, store) => {
      const name = `dpopKey ${identityProvider} ${authorizationServer}`;
      const known = keys.get(name);
      if (known !== undefined) return known;
      const key = readOrCreate(name, store).catch((error: unknown) => {
        keys.delete(name);
        throw new ConnectError('storage.unavailable', {}, { cause: error });
      });
      keys.set(name, key);
      return key;
    },
  };
}

async function readOrCreate(name: string, store: SecretStore): Promise<DpopKey> {
  const kept = await store.get(name);
  const known = kept === undefined ? undefined : await dpopKey(kept);
  if (known !== undefined) return known;
  const privateJwk = await createPrivateJwk(dpopAlgorithm);
  await store.store(name, privateJwk);
  const created = await dpopKey(privateJwk);
  if (created === undefined) throw new ConnectError('bug');
  return created;
}

async function dpopKey(privateJwk: string): Promise<DpopKey | undefined> {
  const read = await readSigningKey(privateJwk, dpopAlgorithm);
  if (read === undefined) return undefined;
  const { privateKey } = read;
  const { kty, crv, x, y } = read.publicJwk as Record<string, string>;
  const publicJwk = { kty, crv, x, y } as { kty: string };
  const publicKey = (await importJWK({ ...publicJwk, ext: true }, dpopAlgorithm)) as CryptoKey;
  const made: { handle?: oauth.DPoPHandle } = {};
  return {
    privateKey,
    publicJwk,
    thumbprint: await calculateJwkThumbprint(publicJwk),
    handle: (client) => (made.handle ??= oauth.getDPoPHandle(client, { privateKey, publicKey })),
  };
}
