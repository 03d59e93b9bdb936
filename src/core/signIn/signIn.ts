// Company sign-in at one identity provider: how a person proves who they are, how that is renewed, and how
// everything is given back. Knows nothing of storage or of who is asking.
import * as oauth from 'openid-client';
import { signInInBrowser } from './browserSignIn.ts';
import { createOAuthClient } from '../client/clientAuthentication.ts';
import { signInWithCode } from './deviceSignIn.ts';
import { ConnectError } from '../errors.ts';
import type { Account } from '../overview.ts';
import type { OpenUrl, RedirectReceiver, ShowCode } from '../ports.ts';
import { Secret } from '../secret.ts';
import { needsLogin, type StepUp } from './stepUp.ts';
import { createTokenEndpoint, idTokenOf } from './tokenEndpoint.ts';
import type { AskTokenEndpoint, IdToken, TokenAnswer, TokenEndpointDeps } from './tokenEndpoint.ts';
import { hostOf } from '../url.ts';

export type { IdToken };

/** What a sign-in yields. */
export interface CompanyTokens {
  readonly account: Account;
  readonly idToken: IdToken;
  readonly refreshToken: Secret | undefined;
}

/** The system browser and the way back from it. */
export interface Browser {
  readonly openUrl: OpenUrl;
  readonly receiver: RedirectReceiver;
}

/** Or a code to enter on any device, where a browser cannot come back. */
export type SignInWay = Browser | { readonly showCode: ShowCode };

/** What this sign-in is about, beyond who it is. */
export interface SignInWish {
  readonly stepUp?: StepUp | undefined;
  /** Ask which account, also when the browser knows one. */
  readonly selectAccount?: boolean;
}

export interface SignInClient {
  /**
   * Sends the person to the identity provider and waits for the way back.
   * @throws user.cancelled, user.timedOut, identityProvider.*, network.*
   * @see OpenID Connect Core §3.1, RFC 7636, RFC 9207, RFC 8628
   */
  signIn(way: SignInWay, signal: AbortSignal, wish?: SignInWish): Promise<CompanyTokens>;
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

export interface SignInDeps extends TokenEndpointDeps {
  readonly scopes: readonly string[];
  /** Sign in although the metadata does not promise PKCE. */
  readonly pkceUnadvertised: boolean;
}

/** One sign-in under way. */
export interface SignInAttempt extends SignInDeps {
  readonly ask: AskTokenEndpoint;
  readonly signal: AbortSignal;
  /** Parameters of the request that the wish asks for. */
  readonly wished: Readonly<Record<string, string>>;
}

export function createSignInClient(deps: SignInDeps): SignInClient {
  const { metadata, registration } = deps;
  const ask = createTokenEndpoint(deps);
  return {
    signIn: async (way, signal, wish = {}) => {
      const fetch: SignInDeps['fetch'] = (url, init) =>
        deps.fetch(url, { ...init, signal, urgent: true });
      const attempt = { ...deps, fetch, ask, signal, wished: parametersOf(wish) };
      const answer = await ('showCode' in way
        ? signInWithCode(attempt, way.showCode)
        : signInInBrowser(attempt, way));
      return companyTokens(answer, metadata.issuer);
    },
    refresh: async (refreshToken, account, onRotated) => {
      const answer = await ask({
        leg: 'refresh',
        fetch: deps.fetch,
        run: (client) => oauth.refreshTokenGrant(client, refreshToken.reveal()),
        onRefreshToken: onRotated,
      });
      const idToken = idTokenOf(answer);
      if (idToken !== undefined && answer.claims()?.sub !== account.id) {
        const facts = { host: hostOf(metadata.issuer) };
        throw new ConnectError('identityProvider.accountMismatch', facts);
      }
      return idToken;
    },
    revoke: async (refreshToken) => {
      if (metadata.revocation_endpoint === undefined) return false;
      const urgently: SignInDeps['fetch'] = (url, init) =>
        deps.fetch(url, { ...init, urgent: true });
      const client = createOAuthClient(metadata, registration, urgently);
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

/** @see OpenID Connect Core §3.1.2.1 */
function parametersOf({ stepUp, selectAccount }: SignInWish): Readonly<Record<string, string>> {
  const prompt = [
    ...(stepUp !== undefined && needsLogin(stepUp) ? ['login'] : []),
    ...(selectAccount === true ? ['select_account'] : []),
  ];
  return {
    ...(stepUp?.acrValues === undefined ? {} : { acr_values: stepUp.acrValues }),
    ...(stepUp?.maxAgeSec === undefined ? {} : { max_age: String(stepUp.maxAgeSec) }),
    ...(prompt.length === 0 ? {} : { prompt: prompt.join(' ') }),
  };
}

function companyTokens(answer: TokenAnswer, issuer: string): CompanyTokens {
  const claims = answer.claims();
  const idToken = idTokenOf(answer);
  if (claims === undefined || idToken === undefined) {
    const facts = { host: hostOf(issuer), reason: 'no ID token' };
    throw new ConnectError('identityProvider.idTokenInvalid', facts);
  }
  const name = [claims['email'], claims['preferred_username'], claims['name']].find(
    (value): value is string => typeof value === 'string' && value !== '',
  );
  const { refresh_token: refreshToken } = answer;
  return {
    account: { id: claims.sub, label: name ?? claims.sub },
    idToken,
    refreshToken: refreshToken === undefined ? undefined : new Secret(refreshToken),
  };
}
