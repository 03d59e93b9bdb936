// Client secrets: from the administrator's file, or typed in once and kept in SecretStorage.
import type { ClientAuthenticationMethod, ClientRegistration } from './clientRegistration.ts';
import { ConnectError, type ErrorCode } from './errors.ts';
import type { SecretStore } from './ports.ts';
import { Secret } from './secret.ts';
import { hostOf } from './url.ts';

export interface ClientOwner {
  readonly clientId: string;
  readonly clientAuthentication: ClientAuthenticationMethod;
  readonly clientSecret: Secret | undefined;
}

/** A secret belongs to one issuer and one client there, whoever else moves into the profile. */
const keyOf = (issuer: string, clientId: string) => `clientSecret ${issuer} ${clientId}`;

/**
 * Our registration at `issuer`, with its secret where the method needs one.
 * @throws `missing` when nobody has stored the secret yet
 */
export async function registrationAt(
  issuer: string,
  owner: ClientOwner,
  store: SecretStore,
  missing: ErrorCode,
): Promise<ClientRegistration> {
  const { clientId, clientAuthentication: method } = owner;
  if (method === 'none') return { clientId, method, secret: undefined };
  const stored =
    owner.clientSecret === undefined ? await store.get(keyOf(issuer, clientId)) : undefined;
  const secret = owner.clientSecret ?? (stored === undefined ? undefined : new Secret(stored));
  if (secret === undefined) throw new ConnectError(missing, { host: hostOf(issuer) });
  return { clientId, method, secret };
}

export const storeClientSecret = (
  issuer: string,
  clientId: string,
  secret: Secret,
  store: SecretStore,
): Promise<void> => store.store(keyOf(issuer, clientId), secret.reveal());
