// Company sign-in at one identity provider: authorization code with PKCE in the system browser,
// refresh, and giving everything back. Knows nothing of storage or of who is asking.
import * as oauth from 'openid-client';
import { createOAuthClient } from './clientAuthentication.ts';
import type { ClientRegistration } from './clientRegistration.ts';
import { ConnectError, type Facts } from './errors.ts';
import type { GuardedFetch } from './http.ts';
import { fromOAuth } from './oauthError.ts';
import type { Account } from './overview.ts';
import type { OpenUrl, RedirectReceiver } from './ports.ts';
import { Secret } from './secret.ts';
import { hostOf } from './url.ts';

export interface IdToken {
  readonly token: Secret;
  /** `exp`, milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

/** What a sign-in yields. */
export interface CompanyTokens {
  readonly account: Account;
  readonly idToken: IdToken | undefined;
  readonly refreshToken: Secret | undefined;
}

export interface Browser {
  readonly openUrl: OpenUrl;
  readonly receiver: RedirectReceiver;
}

export interface SignInClient {
  /**
   * Sends the person to the identity provider and waits for the way back.
   * @throws user.cancelled, user.timedOut, identityProvider.*, network.*
   * @see OpenID Connect Core §3.1, RFC 7636, RFC 9207
   */
  signIn(browser: Browser, signal: AbortSignal): Promise<CompanyTokens>;
  /**
   * A new ID token, undefined where the answer brings none (OpenID Connect Core §12.2). A new refresh
   * token goes to `onRotated`, and that is waited for, before anything else can fail: the provider has
   * already made the old one worthless. None means that the old one stays good (RFC 6749 §6).
   * @throws identityProvider.sessionEnded on `invalid_grant`, identityProvider.*, network.*
   * @see OpenID Connect Core §12
   */
  refresh(
    refreshToken: Secret,
    account: Account,
    onRotated: (refreshToken: Secret) => Promise<void>,
  ): Promise<IdToken | undefined>;
  /** Gives a refresh token back. @returns false where the identity provider offers no way. @see RFC 7009 */
  revoke(refreshToken: Secret): Promise<boolean>;
  /** Page that ends the browser's session; carries no credential, so the provider may ask to confirm. */
  endSessionUrl(account: Account): string | undefined;
}

interface SignInDeps {
  readonly metadata: oauth.ServerMetadata;
  readonly registration: ClientRegistration;
  readonly scopes: readonly string[];
  readonly fetch: GuardedFetch;
}

export function createSignInClient(deps: SignInDeps): SignInClient {
  const { metadata, registration } = deps;
  const tokenEndpoint = URL.parse(metadata.token_endpoint ?? '')?.href;
  const client = verifyingClient(deps, deps.fetch);
  const known: { keys?: ReturnType<typeof oauth.getJwksCache> } = {};
  const facts: Facts = { host: hostOf(metadata.issuer) };
  return {
    signIn: (browser, signal) => signIn(deps, browser, signal),
    refresh: async (refreshToken, account, onRotated) => {
      // A client of its own: two accounts may refresh at once, and each must hear of its own token.
      const own = verifyingClient(deps, async (url, init) => {
        const response = await deps.fetch(url, init);
        if (url === tokenEndpoint) await hearRotation(response, onRotated);
        return response;
      });
      if (known.keys !== undefined) oauth.setJwksCache(own, known.keys);
      const answer = await oauth
        .refreshTokenGrant(own, refreshToken.reveal())
        .catch((error: unknown) => {
          throw fromOAuth(error, 'refresh', facts);
        });
      known.keys = oauth.getJwksCache(own) ?? known.keys;
      const idToken = idTokenOf(answer);
      if (idToken !== undefined && answer.claims()?.sub !== account.id) {
        throw new ConnectError('identityProvider.accountMismatch', facts);
      }
      return idToken;
    },
    revoke: async (refreshToken) => {
      if (metadata.revocation_endpoint === undefined) return false;
      const hint = { token_type_hint: 'refresh_token' };
      await oauth.tokenRevocation(client, refreshToken.reveal(), hint);
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

async function hearRotation(
  response: Response,
  onRotated: (refreshToken: Secret) => Promise<void>,
): Promise<void> {
  if (!response.ok) return;
  const answer: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  const { refresh_token: token } = (answer ?? {}) as { refresh_token?: unknown };
  if (typeof token === 'string' && token !== '') await onRotated(new Secret(token));
}

/** Without this the library trusts TLS alone for ID tokens that come from the token endpoint. */
function verifyingClient(deps: SignInDeps, fetch: GuardedFetch): oauth.Configuration {
  const client = createOAuthClient(deps.metadata, deps.registration, fetch);
  oauth.enableNonRepudiationChecks(client);
  return client;
}

async function signIn(
  deps: SignInDeps,
  { openUrl, receiver }: Browser,
  signal: AbortSignal,
): Promise<CompanyTokens> {
  const facts: Facts = { host: hostOf(deps.metadata.issuer) };
  const bound: GuardedFetch = (url, init) => deps.fetch(url, { ...init, signal });
  const client = verifyingClient(deps, sendingRedirectUri(bound, receiver.redirectUri));
  const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
  const expectedState = oauth.randomState();
  const expectedNonce = oauth.randomNonce();
  const url = oauth.buildAuthorizationUrl(client, {
    redirect_uri: receiver.redirectUri,
    scope: deps.scopes.join(' '),
    code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
  });
  // Listening starts before the browser does: a fast provider must not come back to nobody.
  const back = receiver.wait(expectedState, signal);
  back.catch(() => undefined);
  if (!(await openUrl(url.href))) throw new ConnectError('user.cancelled');
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
  return companyTokens(answer, facts);
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

type TokenAnswer = Awaited<ReturnType<typeof oauth.authorizationCodeGrant>>;

function companyTokens(answer: TokenAnswer, facts: Facts): CompanyTokens {
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

function idTokenOf(answer: TokenAnswer): IdToken | undefined {
  const claims = answer.claims();
  return answer.id_token === undefined || claims === undefined
    ? undefined
    : { token: new Secret(answer.id_token), expiresAtMs: claims.exp * 1000 };
}

const refreshTokenOf = (answer: TokenAnswer): Secret | undefined =>
  answer.refresh_token === undefined ? undefined : new Secret(answer.refresh_token);
