// Public keys of clients: registered by an administrator, or read from the document a client id points to.
import type { JWK } from 'jose';
import { isLoopbackName } from './loopback.ts';

export interface ClientKeys {
  /** Replaces what was registered for this client id. @throws TypeError for a key with a private part */
  readonly register: (clientId: string, jwk: JWK) => void;
  /** Keys registered for a client id. */
  of(clientId: string): readonly JWK[];
}

export function createClientKeys(): ClientKeys {
  const keys = new Map<string, JWK>();
  return {
    register(clientId, jwk) {
      if ('d' in jwk || 'k' in jwk) throw new TypeError('only the public part may leave a device');
      keys.set(clientId, jwk);
    },
    of: (clientId) => {
      const jwk = keys.get(clientId);
      return jwk === undefined ? [] : [jwk];
    },
  };
}

export interface ClientDocument {
  readonly clientId: string;
  readonly clientAuthentication: 'none' | 'private_key_jwt';
  readonly keys: readonly JWK[];
}

/**
 * The client a Client ID Metadata Document describes; nothing is fetched from another computer.
 * @see draft-ietf-oauth-client-id-metadata-document §4
 */
export async function readClientDocument(clientId: string): Promise<ClientDocument | undefined> {
  const url = URL.parse(clientId);
  if (url === null || !isLoopbackName(url.hostname) || url.pathname === '/') return undefined;
  const response = await fetch(url, { redirect: 'error' }).catch(() => undefined);
  if (response?.status !== 200) return undefined;
  const document = (await response.json().catch(() => undefined)) as
    | { client_id?: unknown; token_endpoint_auth_method?: unknown; jwks?: { keys?: unknown } }
    | undefined;
  if (document?.client_id !== clientId) return undefined;
  const keys = document.jwks?.keys;
  return {
    clientId,
    clientAuthentication:
      document.token_endpoint_auth_method === 'private_key_jwt' ? 'private_key_jwt' : 'none',
    keys: Array.isArray(keys) ? (keys as JWK[]) : [],
  };
}
