// The clients of the identity provider, as it wants to be told of them: registered ones, with the keys they
// have by now, and documents.
import type { Adapter, AdapterPayload } from 'oidc-provider';
import { readClientDocument, type ClientKeys } from './clientKeys.ts';
import type { Client, ClientAuthentication } from './clients.ts';
import { deviceCodeGrant } from './deviceGrant.ts';
import { registeredRedirects } from './redirects.ts';
import type { IdentityProviderSetup } from './setup.ts';
import { tokenExchangeGrant } from './tokenExchange.ts';

export function createOidcClients(
  clients: readonly Client[],
  keys: ClientKeys,
  setup: IdentityProviderSetup,
): Adapter {
  const grantTypes = [
    ...['authorization_code', 'refresh_token', tokenExchangeGrant],
    ...(setup.deviceGrant === true ? [deviceCodeGrant] : []),
  ];
  const metadata = (clientId: string, method: ClientAuthentication): AdapterPayload => ({
    client_id: clientId,
    client_name: 'Enterprise MCP',
    token_endpoint_auth_method: method,
    application_type: 'native',
    redirect_uris: registeredRedirects,
    grant_types: grantTypes,
    response_types: ['code'],
  });

  async function find(clientId: string): Promise<AdapterPayload | undefined> {
    const known = clients.find((one) => one.clientId === clientId);
    if (known !== undefined) {
      const { clientAuthentication: method, clientSecret } = known;
      return {
        ...metadata(clientId, method),
        ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
        ...(method === 'private_key_jwt' ? { jwks: { keys: [...keys.of(clientId)] } } : {}),
      };
    }
    if (setup.clientIdMetadataDocuments !== true) return undefined;
    const document = await readClientDocument(clientId);
    if (document === undefined) return undefined;
    const jwks = { keys: [...document.keys] };
    return { ...metadata(clientId, document.clientAuthentication), jwks };
  }

  const never = () => Promise.reject(new Error('clients are registered by the administrator'));
  return {
    find,
    findByUid: never,
    findByUserCode: never,
    upsert: never,
    consume: never,
    destroy: never,
    revokeByGrantId: never,
  };
}
