// Who may speak where several clients may: whose key it is, decided without telling how much was right.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Keys } from './access.ts';

const scheme = 'Bearer ';

/**
 * @param hashes SHA-256 of each key, in hexadecimal, by client: as they are at each look
 * @param used told the client of each key that was right
 */
export function createKeyRing(
  hashes: () => ReadonlyMap<string, string>,
  used: (clientId: string) => void,
): Keys {
  const clientOf = (given: string): string | undefined => {
    if (!given.startsWith(scheme)) return undefined;
    const digest = createHash('sha256').update(given.slice(scheme.length)).digest();
    // All of them, of the digests: no time that tells whose key was nearly right.
    const [clientId] = [...hashes()]
      .filter(([, hash]) => timingSafeEqual(digest, Buffer.from(hash, 'hex')))
      .map(([id]) => id);
    return clientId;
  };
  return {
    matches: (given) => {
      const clientId = clientOf(given);
      if (clientId !== undefined) used(clientId);
      return clientId !== undefined;
    },
    clientOf,
  };
}
