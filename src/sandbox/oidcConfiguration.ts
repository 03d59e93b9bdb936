// How Acme's identity provider is set up: who it knows, what it says of them, how long things live.
import { randomBytes } from 'node:crypto';
import { interactionPolicy, type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { people, type Person } from './catalogue.ts';
import type { Client } from './clients.ts';
import { registeredRedirects } from './redirects.ts';
import { signInPath } from './signInPage.ts';
import { askToSignOut, showError, showSignedOut } from './signOutPage.ts';
import { idJagTokenType, tokenExchangeGrant } from './tokenExchange.ts';

/** Everything of the provider that is setting rather than code. */
export function oidcConfiguration(clients: readonly Client[]): Configuration {
  const policy = interactionPolicy.base();
  policy.get('consent')?.checks.clear();
  return {
    clients: clients.map((client) => ({
      client_id: client.clientId,
      client_name: 'Enterprise MCP',
      ...(client.clientSecret === undefined ? {} : { client_secret: client.clientSecret }),
      token_endpoint_auth_method: client.clientAuthentication,
      application_type: 'native',
      redirect_uris: registeredRedirects,
      grant_types: ['authorization_code', 'refresh_token', tokenExchangeGrant],
      response_types: ['code'],
    })),
    claims: {
      openid: ['sub', 'auth_time'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
    },
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post'],
    conformIdTokenClaims: false,
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    discovery: { identity_chaining_requested_token_types_supported: [idJagTokenType] },
    expiresWithSession: () => true,
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: { enabled: false },
      revocation: { enabled: true },
      rpInitiatedLogout: { logoutSource: askToSignOut, postLogoutSuccessSource: showSignedOut },
    },
    findAccount: (_ctx, id) => accountOf(people.find((person) => person.id === id)),
    interactions: { policy, url: (_ctx, { uid }) => `${signInPath}/${uid}` },
    loadExistingGrant: grantEverything,
    renderError: showError,
    responseTypes: ['code'],
    routes: {
      authorization: '/authorize',
      end_session: '/sign-out',
      revocation: '/revoke',
      userinfo: '/userinfo',
    },
    ttl: { AccessToken: 300, AuthorizationCode: 60, IdToken: 600, Interaction: 900, ...longLived },
  };
}

const fourteenDays = 14 * 24 * 3600;
const longLived = { Grant: fourteenDays, RefreshToken: fourteenDays, Session: fourteenDays };

function accountOf(person: Person | undefined) {
  if (person === undefined) return undefined;
  const { id, name, username, email } = person;
  const claims = {
    sub: id,
    name,
    preferred_username: username,
    email,
    email_verified: true,
  };
  return { accountId: id, claims: () => Promise.resolve(claims) };
}

/** The company consented for its people: the session's grant, or a new one. */
async function grantEverything(ctx: KoaContextWithOIDC) {
  const { client, provider, session } = ctx.oidc;
  if (client === undefined || session?.accountId === undefined) return undefined;
  const known = session.grantIdFor(client.clientId);
  const grant = known === undefined ? undefined : await provider.Grant.find(known);
  if (grant !== undefined) return grant;
  const fresh = new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  fresh.addOIDCScope('openid profile email offline_access');
  await fresh.save();
  return fresh;
}
