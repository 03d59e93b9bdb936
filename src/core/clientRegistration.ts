// Who we are at an authorization server, and how we prove it.
import type { Secret } from './secret.ts';

export const clientAuthenticationMethods = [
  'none',
  'client_secret_basic',
  'client_secret_post',
] as const;
export type ClientAuthenticationMethod = (typeof clientAuthenticationMethods)[number];

export interface ClientRegistration {
  readonly clientId: string;
  readonly method: ClientAuthenticationMethod;
  readonly secret: Secret | undefined;
}
