// What an authorization server tells of itself, and where.
// @see RFC 8414 §2, OpenID Connect Discovery 1.0 §4
import { plainAuthentication } from './clients.ts';
import { pathOfIssuer } from './issuerPath.ts';
import type { AuthorizationServerSetup } from './setup.ts';

export const jwtBearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

export interface Endpoints {
  readonly issuer: string;
  readonly token: string;
  readonly authorization: string;
  readonly registration: string;
  readonly revocation: string;
  /** Path of the pages people confirm something on. */
  readonly pages: string;
  /** Path of the metadata; none where there is none. */
  readonly metadata: string | undefined;
}

/** @param tokenOrigin where the token endpoint lives, if not with its issuer */
export function endpointsOf(
  { tokenPath, metadataAt = 'oauthInserted' }: AuthorizationServerSetup,
  issuer: string,
  tokenOrigin: string | undefined,
): Endpoints {
  const { origin } = new URL(issuer);
  const path = pathOfIssuer(issuer);
  return {
    issuer,
    token: (tokenOrigin ?? origin) + (tokenPath ?? `${path}/token`),
    authorization: `${origin}${path}/authorize`,
    registration: `${origin}${path}/register`,
    revocation: `${origin}${path}/revoke`,
    pages: path,
    metadata: {
      oauthInserted: `/.well-known/oauth-authorization-server${path}`,
      openidInserted: `/.well-known/openid-configuration${path}`,
      openidAppended: `${path}/.well-known/openid-configuration`,
      nowhere: undefined,
    }[metadataAt],
  };
}

export function metadataOf(
  setup: AuthorizationServerSetup,
  endpoints: Endpoints,
  scopes: readonly string[],
): Readonly<Record<string, unknown>> {
  const methods = setup.clientAuthentication ?? plainAuthentication;
  const signing = ['ES256', 'RS256', 'PS256', 'EdDSA'];
  const signed = methods.includes('private_key_jwt');
  return {
    issuer: setup.claimsIssuer ?? endpoints.issuer,
    authorization_endpoint: endpoints.authorization,
    token_endpoint: endpoints.token,
    registration_endpoint: endpoints.registration,
    ...(setup.revocationEndpoint === false
      ? {}
      : {
          revocation_endpoint: endpoints.revocation,
          revocation_endpoint_auth_methods_supported: methods,
        }),
    token_endpoint_auth_methods_supported: methods,
    ...(signed ? { token_endpoint_auth_signing_alg_values_supported: signing } : {}),
    ...(setup.clientIdMetadataDocuments === true
      ? { client_id_metadata_document_supported: true }
      : {}),
    grant_types_supported: [
      'authorization_code',
      setup.advertisesGrant === false ? 'refresh_token' : jwtBearerGrant,
    ],
    ...(setup.advertisesProfile === false
      ? {}
      : {
          authorization_grant_profiles_supported: ['urn:ietf:params:oauth:grant-profile:id-jag'],
        }),
    ...((setup.dpop ?? 'off') === 'off' ? {} : { dpop_signing_alg_values_supported: signing }),
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    ...(setup.advertisesScopes === false ? {} : { scopes_supported: scopes }),
  };
}
