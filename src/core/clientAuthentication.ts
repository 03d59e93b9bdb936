// How we prove who is asking, at the identity provider and at a resource authorization server.
import { ConnectError } from './errors.ts';
import type { GuardedFetch } from './http.ts';
import type { ClientAuth, Configuration, ServerMetadata } from './oauth.ts';
import { oauthLibraries, type OAuthLibraries } from './oauthLibraries.ts';
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

/** Tolerated difference between the clocks, seconds. */
export const clockToleranceSec = 60;

/**
 * openid-client's configuration for one authorization server and our registration there.
 * @throws bug when a method that needs a secret comes without one
 */
export async function createOAuthClient(
  metadata: ServerMetadata,
  registration: ClientRegistration,
  fetch: GuardedFetch,
): Promise<Configuration> {
  const oauth = await oauthLibraries();
  const configuration = new oauth.Configuration(
    metadata,
    registration.clientId,
    { [oauth.clockTolerance]: clockToleranceSec },
    authenticationOf(oauth, registration),
  );
  configuration[oauth.customFetch] = (url, options) => fetch(url, options as RequestInit);
  // discovery.ts admits http endpoints on this computer only.
  if (metadata.issuer.startsWith('http:')) oauth.allowInsecureRequests(configuration);
  return configuration;
}

function authenticationOf(oauth: OAuthLibraries, registration: ClientRegistration): ClientAuth {
  const { method, secret } = registration;
  if (method === 'none') return oauth.None();
  if (secret === undefined) throw new ConnectError('bug', { reason: 'client secret missing' });
  return method === 'client_secret_basic'
    ? clientSecretBasic(registration.clientId, secret)
    : oauth.ClientSecretPost(secret.reveal());
}

/**
 * Form-encoded as RFC 6749 §2.3.1 asks, and no more than that: the library also escapes `-`, `_` and `.`,
 * which authorization servers that forget to decode then take for another client.
 */
function clientSecretBasic(clientId: string, secret: Secret): ClientAuth {
  return (_server, _client, _body, headers) => {
    const credentials = `${formEncoded(clientId)}:${formEncoded(secret.reveal())}`;
    headers.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`);
  };
}

const formEncoded = (value: string): string =>
  new URLSearchParams({ '': value }).toString().slice(1);
