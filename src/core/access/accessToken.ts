// An access token together with how it is shown to its server: as Bearer, or with a proof of its key.
// Invariant: a bound token is never sent as Bearer, nor the reverse.
import type { Secret } from '../secret.ts';

export interface TokenRequest {
  readonly method: string;
  readonly url: string;
  readonly body?: Uint8Array;
}

export interface AccessToken {
  readonly secret: Secret;
  readonly scheme: 'Bearer' | 'DPoP';
  /** Headers for one request; a proof is good for one request only. */
  authorize(request: TokenRequest): Promise<Readonly<Record<string, string>>>;
  /** Learns from an answer; true when it asks for the same request with another proof (RFC 9449 §9). */
  asksAgain(response: Response): boolean;
}

/** @see RFC 6750 §2.1 */
export const bearerToken = (secret: Secret): AccessToken => ({
  secret,
  scheme: 'Bearer',
  authorize: () => Promise.resolve({ authorization: `Bearer ${secret.reveal()}` }),
  asksAgain: () => false,
});
