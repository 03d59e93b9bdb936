// Authorization code with PKCE in the system browser.
import * as oauth from 'openid-client';
import { createOAuthClient } from '../client/clientAuthentication.ts';
import { ConnectError } from '../errors.ts';
import type { GuardedFetch } from '../http/http.ts';
import type { Browser, SignInAttempt, SignInDeps } from './signIn.ts';
import type { TokenAnswer } from './tokenEndpoint.ts';
import { hostOf } from '../url.ts';

/** @throws user.cancelled, user.timedOut, identityProvider.*, network.* */
export async function signInInBrowser(
  attempt: SignInAttempt,
  { openUrl, receiver }: Browser,
): Promise<TokenAnswer> {
  const { metadata, registration, signal } = attempt;
  requireEndpoints(attempt);
  requirePkce(attempt);
  const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
  const expectedState = oauth.randomState();
  const expectedNonce = oauth.randomNonce();
  const url = oauth.buildAuthorizationUrl(
    createOAuthClient(metadata, registration, attempt.fetch),
    {
      ...attempt.wished,
      redirect_uri: receiver.redirectUri,
      scope: attempt.scopes.join(' '),
      code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: expectedState,
      nonce: expectedNonce,
    },
  );
  // Listening starts before the browser does: a fast provider must not come back to nobody.
  const back = receiver.wait(expectedState, signal);
  back.catch(() => undefined);
  if (!(await openUrl(url.href))) throw new ConnectError('user.cancelled');
  const maxAgeSec = attempt.wished['max_age'];
  const checks = {
    ...{ pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true },
    // Asked for, it must be so (OpenID Connect Core §3.1.2.1).
    ...(maxAgeSec === undefined ? {} : { maxAge: Number(maxAgeSec) }),
  };
  const cameBackTo = await back;
  return attempt.ask({
    leg: 'signIn',
    fetch: sendingRedirectUri(attempt.fetch, receiver.redirectUri),
    run: (client) => oauth.authorizationCodeGrant(client, cameBackTo, checks),
  });
}

function requireEndpoints({ metadata }: SignInDeps): void {
  const missing = (['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const).find(
    (name) => metadata[name] === undefined,
  );
  if (missing === undefined) return;
  const facts = { host: hostOf(metadata.issuer), reason: `${missing} is missing` };
  throw new ConnectError('identityProvider.metadataInvalid', facts);
}

/** A provider that ignores PKCE without a word would leave the code open to whoever intercepts it. */
function requirePkce({ metadata, pkceUnadvertised }: SignInDeps): void {
  const methods = metadata.code_challenge_methods_supported;
  if (methods === undefined ? pkceUnadvertised : methods.includes('S256')) return;
  throw new ConnectError('identityProvider.pkceNotOffered', { host: hostOf(metadata.issuer) });
}

/**
 * The library takes the redirect URI from the address the browser came back to, without its query. VS
 * Code's own callback has one, and the provider compares what was sent both times (RFC 6749 §4.1.3).
 */
function sendingRedirectUri(fetch: GuardedFetch, redirectUri: string): GuardedFetch {
  return (url, init) => {
    const body = init?.body;
    if (body instanceof URLSearchParams && body.has('redirect_uri')) {
      body.set('redirect_uri', redirectUri);
    }
    return fetch(url, init);
  };
}
