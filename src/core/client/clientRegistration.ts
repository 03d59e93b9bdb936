// Who we are at an authorization server, and how we prove it.
import type { Secret } from '../secret.ts';

export const clientAuthenticationMethods = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
] as const;
export type ClientAuthenticationMethod = (typeof clientAuthenticationMethods)[number];

export const signingAlgorithms = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

/** What the other side wants in a client assertion. @see RFC 7523 §3, rfc7523bis */
export interface ClientAssertionStyle {
  readonly audience: 'issuer' | 'tokenEndpoint';
  /** `typ` of the header; absent where the other side knows none. */
  readonly typ: 'client-authentication+jwt' | 'JWT' | undefined;
  readonly algorithm: SigningAlgorithm;
}

/** One member per method, so that none comes without what it needs. */
export type ClientRegistration = { readonly clientId: string } & (
  | { readonly method: 'none' }
  | { readonly method: 'client_secret_basic' | 'client_secret_post'; readonly secret: Secret }
  | {
      readonly method: 'private_key_jwt';
      /** Private JWK (RFC 7517), JSON. */
      readonly key: Secret;
      readonly assertion: ClientAssertionStyle;
    }
);
