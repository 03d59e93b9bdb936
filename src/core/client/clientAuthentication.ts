// How we prove who is asking, at the identity provider and at a resource authorization server.
import type { ClientAssertionStyle, ClientRegistration } from './clientRegistration.ts';
import { ConnectError } from '../errors.ts';
import type { GuardedFetch } from '../http/http.ts';
import * as oauth from 'openid-client';
import type { Secret } from '../secret.ts';
import { readSigningKey } from './signingKey.ts';
import { hostOf } from '../url.ts';

/** Tolerated difference between the clocks, seconds. */
export const clockToleranceSec = 60;

/** A client assertion lives as long as clocks may differ before that has a name of its own, seconds. */
const assertionLifeSec = 120;

/** openid-client's configuration for one authorization server and our registration there. */
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
  switch (registration.method) {
    case 'none':
      return oauth.None();
    case 'client_secret_basic':
      return clientSecretBasic(registration.clientId, registration.secret);
    case 'client_secret_post':
      return oauth.ClientSecretPost(registration.secret.reveal());
    case 'private_key_jwt':
      return privateKeyJwt(registration.key, registration.assertion);
  }
}

/** The library waits for it, though its types do not say so. */
type AsyncClientAuth = (...request: Parameters<oauth.ClientAuth>) => unknown;

/**
 * A new assertion for every request. Fails with profile.invalid when the key is none for its algorithm.
 * @see RFC 7523 §2.2 and §3, draft-ietf-oauth-rfc7523bis
 */
function privateKeyJwt(
  privateJwk: Secret,
  { audience, typ, algorithm }: ClientAssertionStyle,
): oauth.ClientAuth {
  const authenticate: AsyncClientAuth = async (server, client, body, headers) => {
    const key = await readSigningKey(privateJwk.reveal(), algorithm);
    if (key === undefined) throw unfitKey(server.issuer, algorithm);
    const style: oauth.ModifyAssertionFunction = (header, claims) => {
      header['alg'] = algorithm;
      if (typ !== undefined) header['typ'] = typ;
      if (audience === 'tokenEndpoint') claims['aud'] = server.token_endpoint;
      claims['exp'] = Number(claims['iat']) + assertionLifeSec;
      // Nothing but a reason to be refused when this clock is a little fast.
      delete claims['nbf'];
    };
    const own = key.kid === undefined ? {} : { kid: key.kid };
    const withKey: AsyncClientAuth = oauth.PrivateKeyJwt(
      { key: key.privateKey, ...own },
      { [oauth.modifyAssertion]: style },
    );
    await withKey(server, client, body, headers);
  };
  return authenticate;
}

const unfitKey = (issuer: string, algorithm: string): ConnectError =>
  new ConnectError('profile.invalid', {
    host: hostOf(issuer),
    key: 'clientKey',
    reason: `is no private key for ${algorithm}`,
  });

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
