// Client ID Metadata Documents the company hosts for its own installations.
// @see draft-ietf-oauth-client-id-metadata-document §4
import { Router } from 'express';
import type { ClientKeys } from './clientKeys.ts';

/** Who registers keys for documents, in the administration. */
export const documentParty = 'documents';

/** `/<name>.json`, with the key an administrator registered for this name. */
export function clientDocuments(keys: ClientKeys, origin: string): Router {
  const router = Router();
  router.get('/:name.json', (request, response) => {
    const { name } = request.params;
    response.json({
      client_id: origin + request.originalUrl,
      client_name: 'Enterprise MCP',
      redirect_uris: ['http://127.0.0.1/callback'],
      grant_types: [
        'authorization_code',
        'refresh_token',
        'urn:ietf:params:oauth:grant-type:token-exchange',
        'urn:ietf:params:oauth:grant-type:jwt-bearer',
      ],
      token_endpoint_auth_method: keys.of(name).length > 0 ? 'private_key_jwt' : 'none',
      jwks: { keys: keys.of(name) },
    });
  });
  return router;
}
