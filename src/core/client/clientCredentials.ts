// What proves who we are somewhere: from the administrator's file, or kept in SecretStorage.
import type { ClientRegistration } from './clientRegistration.ts';
import { ConnectError } from '../errors.ts';
import type { SecretStore } from '../ports.ts';
import type { ClientProfile } from '../profile/profile.ts';
import { Secret } from '../secret.ts';
import { hostOf } from '../url.ts';

/** A secret belongs to one issuer and one client there, whoever else moves into the profile. */
const secretKeyOf = (issuer: string, clientId: string) => `clientSecret ${issuer} ${clientId}`;

/**
 * A client that is a document has one key per algorithm wherever it goes: the document names them. The
 * algorithm is part of the name, so that a change of it in the profile overwrites nothing.
 */
export function deviceKeyName(issuer: string, client: ClientProfile): string {
  const { clientId, clientAssertion } = client;
  const owner = clientId.startsWith('https:') ? clientId : `${issuer} ${clientId}`;
  return `deviceKey ${owner} ${clientAssertion.algorithm}`;
}

/**
 * Our registration at `issuer`, with what its method needs.
 * @throws *.clientSecretMissing, *.clientKeyMissing of `leg` when nobody has stored it yet
 */
export async function registrationAt(
  issuer: string,
  client: ClientProfile,
  store: SecretStore,
  leg: 'identityProvider' | 'redemption',
): Promise<ClientRegistration> {
  const { clientId, clientAuthentication: method } = client;
  if (method === 'none') return { clientId, method };
  const kept = async (name: string): Promise<Secret | undefined> => {
    const value = await store.get(name);
    return value === undefined ? undefined : new Secret(value);
  };
  const facts = { host: hostOf(issuer) };
  if (method === 'private_key_jwt') {
    const key = client.clientKey ?? (await kept(deviceKeyName(issuer, client)));
    if (key === undefined) throw new ConnectError(`${leg}.clientKeyMissing`, facts);
    return { clientId, method, key, assertion: client.clientAssertion };
  }
  const secret = client.clientSecret ?? (await kept(secretKeyOf(issuer, clientId)));
  if (secret === undefined) throw new ConnectError(`${leg}.clientSecretMissing`, facts);
  return { clientId, method, secret };
}

export const storeClientSecret = (
  issuer: string,
  clientId: string,
  secret: Secret,
  store: SecretStore,
): Promise<void> => store.store(secretKeyOf(issuer, clientId), secret.reveal());
