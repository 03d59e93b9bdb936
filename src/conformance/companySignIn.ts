// A scenario's authorization server in the place of the company's identity provider: core signs in there,
// with a browser that follows the redirect and nobody in front of it.
import { bearerToken, type AccessToken } from '../core/access/accessToken.ts';
import { ConnectError } from '../core/errors.ts';
import { createGuardedFetch, identityProviderParty } from '../core/http/http.ts';
import { Secret } from '../core/secret.ts';
import { createSignInClient } from '../core/signIn/signIn.ts';
import { startLoopbackReceiver } from '../node/loopbackReceiver.ts';
import type { Context, Harness, ServerMetadata } from './context.ts';
import { addOpenId } from './openIdLayer.ts';
import { registeredAt } from './registration.ts';

/** Scopes a profile has when nobody wrote any. */
const plainScopes = ['openid', 'profile', 'email', 'offline_access'];

/**
 * The access token of the sign-in; the extension itself has no use for it, the scenario's MCP server has.
 * @throws what the core throws
 */
export async function accessByCompanySignIn(
  url: string,
  context: Context,
  harness: Harness,
): Promise<AccessToken> {
  const { discovery, clock, signal } = harness;
  const published = await discovery.resource(url, signal);
  const plain = await discovery.identityProvider(published.authorizationServers[0] ?? '', signal);
  const openId = await addOpenId(plain, harness.fetch);
  const receiver = await startLoopbackReceiver({ organization: 'Conformance', timeoutMs: 10_000 });
  const client = createSignInClient({
    metadata: openId.metadata,
    registration: await registeredAt(plain, context, receiver.redirectUri),
    scopes: scopesOf(plain, published.scopesSupported),
    pkceUnadvertised: false,
    fetch: createGuardedFetch({ fetch: openId.fetch, clock }, identityProviderParty),
    clock,
  });
  const openUrl = async (address: string) => {
    openId.authorizing(new URL(address));
    return (await fetch(address)).ok;
  };
  try {
    await client.signIn({ openUrl, receiver }, signal);
  } finally {
    receiver.dispose();
  }
  const accessToken = openId.accessToken();
  if (accessToken === undefined) throw new ConnectError('bug');
  return bearerToken(new Secret(accessToken));
}

/** As the administrator who writes the profile: what the provider lists, and what the server needs. */
const scopesOf = (
  { scopes_supported: offered }: ServerMetadata,
  needed: readonly string[],
): readonly string[] => [
  ...plainScopes.filter((scope) => offered === undefined || offered.includes(scope)),
  ...needed,
];
