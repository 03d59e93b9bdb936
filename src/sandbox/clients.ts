// The registrations of the product, one per way to authenticate, at the identity provider and at
// every authorization server. Secrets are made up per run: a sandbox must not teach people to ship one.
import { randomBytes } from 'node:crypto';

export type ClientAuthentication = 'none' | 'client_secret_basic' | 'client_secret_post';

export interface Client {
  readonly clientId: string;
  readonly clientAuthentication: ClientAuthentication;
  readonly clientSecret?: string;
}

const suffixes = new Map<ClientAuthentication, string>([
  ['none', ''],
  ['client_secret_basic', '-basic'],
  ['client_secret_post', '-post'],
]);

/** Three registrations of one client: public, and with a secret sent in either way. */
export function registerClients(clientId: string): readonly Client[] {
  return [...suffixes].map(([clientAuthentication, suffix]) => ({
    clientId: clientId + suffix,
    clientAuthentication,
    ...(clientAuthentication === 'none'
      ? {}
      : { clientSecret: randomBytes(24).toString('base64url') }),
  }));
}

/** The registration in `there` that belongs to the same installation as `client` does here. */
export function counterpart(client: Client, there: readonly Client[]): Client | undefined {
  return there.find((one) => one.clientAuthentication === client.clientAuthentication);
}
