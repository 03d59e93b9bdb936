// The registrations of the product, one per way to authenticate, at the identity provider and at
// every authorization server. Secrets are made up per run: a sandbox must not teach people to ship one.
import { randomBytes } from 'node:crypto';

export type ClientAuthentication =
  'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';

export interface Client {
  /** An https URL (http on this computer) is a Client ID Metadata Document. */
  readonly clientId: string;
  readonly clientAuthentication: ClientAuthentication;
  readonly clientSecret?: string;
}

const suffixes: Readonly<Record<ClientAuthentication, string>> = {
  none: '',
  client_secret_basic: '-basic',
  client_secret_post: '-post',
  private_key_jwt: '-key',
};

/** What Acme knows. */
export const plainAuthentication: readonly ClientAuthentication[] = [
  'none',
  'client_secret_basic',
  'client_secret_post',
];

/** A registration of one client for each way to authenticate. */
export function registerClients(
  clientId: string,
  methods: readonly ClientAuthentication[] = plainAuthentication,
): readonly Client[] {
  return methods.map((clientAuthentication) => ({
    clientId: clientId + suffixes[clientAuthentication],
    clientAuthentication,
    ...(clientAuthentication.startsWith('client_secret')
      ? { clientSecret: randomBytes(24).toString('base64url') }
      : {}),
  }));
}

/**
 * The registration in `there` that belongs to the same installation as `client` does here: the one that
 * authenticates alike, or the first where none does.
 */
export function counterpart(client: Client, there: readonly Client[]): Client | undefined {
  return there.find((one) => one.clientAuthentication === client.clientAuthentication) ?? there[0];
}
