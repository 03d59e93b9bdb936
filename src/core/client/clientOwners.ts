// Whose registrations need something that only this computer can give: a secret typed in, a key made here.
import { storeClientSecret } from './clientCredentials.ts';
import type { ClientProfile, IdentityProviderProfile, ServerProfile } from '../profile/profile.ts';
import type { SecretStore } from '../ports.ts';
import type { Secret } from '../secret.ts';

/** An identity provider or a server of the profile. */
export interface ClientOwner {
  readonly kind: 'identityProvider' | 'server';
  readonly id: string;
}

/** A registration of ours, and where it counts. */
export interface OwnedClient extends ClientOwner {
  readonly label: string;
  readonly clientId: string;
  readonly issuer: string;
}

/** One that needs something. */
export interface NeedyClient {
  readonly owned: OwnedClient;
  readonly needs: 'secret' | 'deviceKey';
  readonly client: ClientProfile;
  readonly storeSecret: (secret: Secret, store: SecretStore) => Promise<void>;
}

/** Those at an identity provider and its servers that no administrator's file helps out. */
export function needyClients(
  profile: IdentityProviderProfile,
  servers: readonly ServerProfile[],
): readonly NeedyClient[] {
  return [
    ...needy('identityProvider', profile, profile.issuer),
    ...servers.flatMap((server) => needy('server', server, server.authorizationServer)),
  ];
}

function needy(
  kind: ClientOwner['kind'],
  client: ClientProfile & { readonly id: string; readonly label: string },
  issuer: string,
): readonly NeedyClient[] {
  const needs = needOf(client);
  if (needs === undefined) return [];
  const { id, label, clientId } = client;
  return [
    {
      owned: { kind, id, label, clientId, issuer },
      needs,
      client,
      storeSecret: (secret, store) => storeClientSecret(issuer, clientId, secret, store),
    },
  ];
}

function needOf(client: ClientProfile): NeedyClient['needs'] | undefined {
  switch (client.clientAuthentication) {
    case 'none':
      return undefined;
    case 'client_secret_basic':
    case 'client_secret_post':
      return client.clientSecret === undefined ? 'secret' : undefined;
    case 'private_key_jwt':
      return client.clientKey === undefined ? 'deviceKey' : undefined;
  }
}
