// Who the extension is at a scenario's authorization server. Companies register it by hand; here the
// harness stands in for them.
import * as v from 'valibot';
import type { ClientRegistration } from '../core/client/clientRegistration.ts';
import { Secret } from '../core/secret.ts';
import type { Context, ServerMetadata } from './context.ts';

/** What the suite expects a client to be called where that may be a document. */
const documentClientId = 'https://conformance-test.local/client-metadata.json';

/** One without a private key: no scenario of the suite has one for us. */
export type PlainRegistration = Exclude<ClientRegistration, { method: 'private_key_jwt' }>;

const registeredSchema = v.object({
  client_id: v.string(),
  client_secret: v.optional(v.string()),
});

/** As the scenario says; as a document; by itself where it must have a secret (RFC 7591); or anyhow. */
export async function registeredAt(
  metadata: ServerMetadata,
  context: Context,
  redirectUri: string,
): Promise<PlainRegistration> {
  const offered = metadata.token_endpoint_auth_methods_supported;
  if (context.client_id !== undefined) {
    return registration(context.client_id, context.client_secret, offered);
  }
  if (metadata['client_id_metadata_document_supported'] === true) {
    return registration(documentClientId, undefined, offered);
  }
  const { registration_endpoint: endpoint } = metadata;
  if (endpoint === undefined || offered === undefined || offered.includes('none')) {
    return registration('conformance', undefined, offered);
  }
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Enterprise MCP',
      application_type: 'native',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
    }),
  });
  const made = v.parse(registeredSchema, await response.json());
  return registration(made.client_id, made.client_secret, offered);
}

/** With the first method both sides know; Basic where the server is silent (RFC 8414 §2). */
function registration(
  clientId: string,
  secret: string | undefined,
  offered: readonly string[] | undefined,
): PlainRegistration {
  if (secret === undefined) return { clientId, method: 'none' };
  const isBasic = offered === undefined || offered.includes('client_secret_basic');
  const method = isBasic ? 'client_secret_basic' : 'client_secret_post';
  return { clientId, method, secret: new Secret(secret) };
}
