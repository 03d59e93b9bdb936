// The key of this computer that proves who we are somewhere; it never leaves SecretStorage but to sign.
import { deviceKeyName } from './clientCredentials.ts';
import { ConnectError } from '../errors.ts';
import type { SecretStore } from '../ports.ts';
import type { ClientProfile } from '../profile/profile.ts';
import { createPrivateJwk, readSigningKey, type PublicJwk } from './signingKey.ts';

/** The public half of this computer's key for `client` at `issuer`; undefined before there is a usable one. */
export async function deviceKey(
  issuer: string,
  client: ClientProfile,
  store: SecretStore,
): Promise<PublicJwk | undefined> {
  const kept = await store.get(deviceKeyName(issuer, client));
  if (kept === undefined) return undefined;
  return (await readSigningKey(kept, client.clientAssertion.algorithm))?.publicJwk;
}

/**
 * Makes this computer's key.
 * @returns the public half to register; of the key there is, unless it is to be replaced
 */
export async function createDeviceKey(
  issuer: string,
  client: ClientProfile,
  store: SecretStore,
  options: { readonly replace?: boolean } = {},
): Promise<PublicJwk> {
  const known = options.replace === true ? undefined : await deviceKey(issuer, client, store);
  if (known !== undefined) return known;
  const privateJwk = await createPrivateJwk(client.clientAssertion.algorithm);
  await store.store(deviceKeyName(issuer, client), privateJwk);
  const created = await deviceKey(issuer, client, store);
  if (created === undefined) throw new ConnectError('storage.unavailable');
  return created;
}
