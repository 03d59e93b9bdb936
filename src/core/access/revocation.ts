// Giving access tokens back (RFC 7009), so that what is closed here is closed there too.
import { tokenRevocation } from 'openid-client';
import type { Access } from './accessRequest.ts';
import { createOAuthClient } from '../client/clientAuthentication.ts';
import type { ClientRegistration } from '../client/clientRegistration.ts';
import type { GuardedFetch } from '../http/http.ts';

/**
 * Revokes an access token where its authorization server offers that.
 * @returns false where it does not
 * @throws whatever kept the request from being answered; the token then lives until it expires
 * @see RFC 7009 §2
 */
export async function revokeAccess(
  access: Access,
  registration: ClientRegistration,
  fetch: GuardedFetch,
): Promise<boolean> {
  const { authorizationServer, token } = access;
  if (authorizationServer.revocation_endpoint === undefined) return false;
  const client = createOAuthClient(authorizationServer, registration, fetch);
  await tokenRevocation(client, token.secret.reveal(), { token_type_hint: 'access_token' });
  return true;
}
