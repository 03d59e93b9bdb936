// Company sign-in at one identity provider: authorization code with PKCE in the system browser,
// refresh, and giving everything back. Knows nothing of storage or of who is asking.
import { createOAuthClient, type ClientRegistration } from './clientAuthentication.ts';
import { ConnectError, type Facts } from './errors.ts';
import type { GuardedFetch } from './http.ts';
import type { Configuration, ServerMetadata } from './oauth.ts';
import { fromOAuth } from './oauthError.ts';
import { oauthLibraries, type OAuthLibraries } from './oauthLibraries.ts';
import type { Account } from './overview.ts';
import type { OpenUrl, RedirectReceiver } from './ports.ts';
import { Secret } from './secret.ts';
import { hostOf } from './url.ts';

export interface IdToken {
  readonly token: Secret;
  /** `exp`, milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

/** What a sign-in or a refresh yields. */
export interface CompanyTokens {
  readonly account: Account;
  /** Absent when a refresh brought none, which OpenID Connect Core §12.2 allows. */
  readonly idToken: IdToken | undefined;
  readonly refreshToken: Secret | undefined;
}

export interface SignInClient {
  /**
   * Sends the person to the identity provider and waits for the way back.
   * @throws user.cancelled, user.timedOut, identityProvider.*, network.*
   * @see OpenID Connect Core §3.1, RFC 7636, RFC 9207
   */
  signIn(
    browser: { openUrl: OpenUrl; receiver: RedirectReceiver },
    signal: AbortSignal,
  ): Promise<CompanyTokens>;
  /**
   * A new ID token. Keeps the old refresh token when the answer brings none (RFC 6749 §6).
   * @throws identityProvider.sessionEnded on `invalid_grant`, identityProvider.*, network.*
   * @see OpenID Connect Core §12
   */
  refresh(refreshToken: Secret, account: Account): Promise<CompanyTokens>;
  /** Gives a refresh token back. @returns false where the identity provider offers no way. @see RFC 7009 */
  revoke(refreshToken: Secret): Promise<boolean>;
  /** Page that ends the browser's session; carries no credential, so the provider may ask to confirm. */
  endSessionUrl(account: Account): string | undefined;
}

export async function createSignInClient(deps: {
  metadata: ServerMetadata;
  registration: ClientRegistration;
  scopes: readonly string[];
  fetch: GuardedFetch;
}): Promise<SignInClient> {
  const { metadata, registration } = deps;
  const oauth = await oauthLibraries();
  const client = await createOAuthClient(metadata, registration, deps.fetch);
  // Without this the library trusts TLS alone for ID tokens from the token endpoint.
  oauth.enableNonRepudiationChecks(client);
  const facts: Facts = { host: hostOf(metadata.issuer) };
  return {
    signIn: (browser, signal) =>
      signIn({ oauth, client, facts, scopes: deps.scopes }, browser, signal),
    refresh: async (refreshToken, account) => {
      const answer = await oauth
        .refreshTokenGrant(client, refreshToken.reveal())
        .catch((error: unknown) => {
          throw fromOAuth(error, 'refresh', facts);
        });
      const idToken = idTokenOf(answer);
      if (idToken !== undefined && answer.claims()?.sub !== account.id) {
        throw new ConnectError('identityProvider.accountMismatch', facts);
      }
      return { account, idToken, refreshToken: refreshTokenOf(answer) ?? refreshToken };
    },
    revoke: async (refreshToken) => {
      if (metadata.revocation_endpoint === undefined) return false;
      await oauth.tokenRevocation(client, refreshToken.reveal(), {
        token_type_hint: 'refresh_token',
      });
      return true;
    },
    endSessionUrl: (account) => {
      if (metadata.end_session_endpoint === undefined) return undefined;
      const url = new URL(metadata.end_session_endpoint);
      url.searchParams.set('client_id', registration.clientId);
      url.searchParams.set('logout_hint', account.label);
      return url.href;
    },
  };
}

async function signIn(
  own: { oauth: OAuthLibraries; client: Configuration; facts: Facts; scopes: readonly string[] },
  browser: { openUrl: OpenUrl; receiver: RedirectReceiver },
  signal: AbortSignal,
): Promise<CompanyTokens> {
  const { oauth, client, facts, scopes } = own;
  const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
  const expectedState = oauth.randomState();
  const expectedNonce = oauth.randomNonce();
  const url = oauth.buildAuthorizationUrl(client, {
    redirect_uri: browser.receiver.redirectUri,
    scope: scopes.join(' '),
    code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
  });
  // Listening starts before the browser does: a fast provider must not come back to nobody.
  const back = browser.receiver.wait(expectedState, signal);
  back.catch(() => undefined);
  if (!(await browser.openUrl(url.href))) throw new ConnectError('user.cancelled');
  const answer = await oauth
    .authorizationCodeGrant(client, await back, {
      pkceCodeVerifier,
      expectedState,
      expectedNonce,
      idTokenExpected: true,
    })
    .catch((error: unknown) => {
      throw fromOAuth(error, 'signIn', facts);
    });
  const claims = answer.claims();
  if (claims === undefined) {
    throw new ConnectError('identityProvider.idTokenInvalid', { ...facts, reason: 'no ID token' });
  }
  const name = [claims['email'], claims['preferred_username'], claims['name']].find(
    (value): value is string => typeof value === 'string' && value !== '',
  );
  return {
    account: { id: claims.sub, label: name ?? claims.sub },
    idToken: idTokenOf(answer),
    refreshToken: refreshTokenOf(answer),
  };
}

type TokenAnswer = Awaited<ReturnType<OAuthLibraries['authorizationCodeGrant']>>;

function idTokenOf(answer: TokenAnswer): IdToken | undefined {
  const claims = answer.claims();
  return answer.id_token === undefined || claims === undefined
    ? undefined
    : { token: new Secret(answer.id_token), expiresAtMs: claims.exp * 1000 };
}

const refreshTokenOf = (answer: TokenAnswer): Secret | undefined =>
  answer.refresh_token === undefined ? undefined : new Secret(answer.refresh_token);
