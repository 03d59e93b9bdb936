// How we prove who is asking, at the identity provider and at a resource authorization server.
import type { ClientRegistration } from './clientRegistration.ts';
import { ConnectError } from './errors.ts';
import type { GuardedFetch } from './http.ts';
import * as oauth from 'openid-client';
import type { Secret } from './secret.ts';

/** Tolerated difference between the clocks, seconds. */
export const clockToleranceSec = 60;

/**
 * openid-client's configuration for one authorization server and our registration there.
 * @throws bug when a method that needs a secret comes without one
 */
export function createOAuthClient(
  metadata: oauth.ServerMetadata,
  registration: ClientRegistration,
  fetch: GuardedFetch,
): oauth.Configuration {
  const configuration = new oauth.Configuration(
    metadata,
    registration.clientId,
    { [oauth.clockTolerance]: clockToleranceSec },
    authenticationOf(registration),
  );
  configuration[oauth.customFetch] = (url, options) => fetch(url, options as RequestInit);
  // discovery.ts admits http endpoints on this computer only.
  if (metadata.issuer.startsWith('http:')) oauth.allowInsecureRequests(configuration);
  return configuration;
}

function authenticationOf(registration: ClientRegistration): oauth.ClientAuth {
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
function clientSecretBasic(clientId: string, secret: Secret): oauth.ClientAuth {
  return (_server, _client, _body, headers) => {
    const credentials = `${formEncoded(clientId)}:${formEncoded(secret.reveal())}`;
    headers.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`);
  };
}

const formEncoded = (value: string): string =>
  new URLSearchParams({ '': value }).toString().slice(1);
