// Grants of company sign-in at the identity provider's token endpoint. Each with a client of its own: two
// accounts may ask at once, and each must hear of its own answer. Every ID token's signature is verified.
import { decodeProtectedHeader } from 'jose';
import * as oauth from 'openid-client';
import { membershipOf, type Membership } from './accountBoundary.ts';
import { createOAuthClient } from '../client/clientAuthentication.ts';
import type { ClientRegistration } from '../client/clientRegistration.ts';
import { clockOffsetSec } from '../http/clockSkew.ts';
import { ConnectError, type Facts } from '../errors.ts';
import type { GuardedFetch } from '../http/http.ts';
import { fromOAuth } from '../http/oauthError.ts';
import type { Clock } from '../ports.ts';
import { Secret } from '../secret.ts';
import { hostOf } from '../url.ts';

export interface IdToken {
  readonly token: Secret;
  /** `exp`, milliseconds since the epoch. */
  readonly expiresAtMs: number;
  readonly membership: Membership;
}

export type TokenAnswer = Awaited<ReturnType<typeof oauth.genericGrantRequest>>;

export interface TokenEndpointDeps {
  readonly metadata: oauth.ServerMetadata;
  readonly registration: ClientRegistration;
  readonly fetch: GuardedFetch;
  readonly clock: Clock;
}

export interface Grant {
  readonly leg: 'signIn' | 'refresh';
  readonly fetch: GuardedFetch;
  readonly run: (client: oauth.Configuration) => Promise<TokenAnswer>;
  /** Waited for before anything about the answer can fail. */
  readonly onRefreshToken?: (refreshToken: Secret) => Promise<void>;
}

/** Sends one grant; the ID token in the answer, if any, has passed every check. @throws identityProvider.*, network.* */
export type AskTokenEndpoint = (grant: Grant) => Promise<TokenAnswer>;

/** What an answer said before the library looked at it. */
interface Heard {
  facts: Facts;
  hasIdToken?: boolean;
}

export function createTokenEndpoint(deps: TokenEndpointDeps): AskTokenEndpoint {
  const known: { keys?: ReturnType<typeof oauth.getJwksCache> } = {};
  return async (grant) => {
    const heard: Heard = { facts: { host: hostOf(deps.metadata.issuer) } };
    const client = createOAuthClient(deps.metadata, deps.registration, hearing(deps, grant, heard));
    // Without this the library trusts TLS alone for ID tokens that come from the token endpoint.
    oauth.enableNonRepudiationChecks(client);
    if (known.keys !== undefined) oauth.setJwksCache(client, known.keys);
    try {
      const answer = await grant.run(client);
      await checkIdToken(answer, deps.registration.clientId);
      return answer;
    } catch (error) {
      throw failureOf(error, grant.leg, heard);
    } finally {
      known.keys = oauth.getJwksCache(client) ?? known.keys;
    }
  };
}

function hearing(deps: TokenEndpointDeps, grant: Grant, heard: Heard): GuardedFetch {
  const tokenEndpoint = URL.parse(deps.metadata.token_endpoint ?? '')?.href;
  return async (url, init) => {
    const response = await grant.fetch(url, init);
    if (url !== tokenEndpoint) return response;
    const offsetSec = clockOffsetSec(response.headers.get('date'), deps.clock.now());
    if (offsetSec !== undefined) heard.facts = { ...heard.facts, clockOffsetSec: offsetSec };
    if (!response.ok) return response;
    const body: unknown = await response
      .clone()
      .json()
      .catch(() => undefined);
    const answer = (body ?? {}) as { refresh_token?: unknown; id_token?: unknown };
    heard.hasIdToken = typeof answer.id_token === 'string';
    const { refresh_token: refreshToken } = answer;
    if (typeof refreshToken === 'string' && refreshToken !== '') {
      await grant.onRefreshToken?.(new Secret(refreshToken));
    }
    return response;
  };
}

function failureOf(error: unknown, leg: Grant['leg'], heard: Heard): ConnectError {
  const known = fromOAuth(error, leg, heard.facts);
  // An answer that would have been good but for its ID token.
  const isIdToken = heard.hasIdToken === true && known.facts.oauthError === undefined;
  return isIdToken && known.code === 'identityProvider.responseInvalid'
    ? new ConnectError('identityProvider.idTokenInvalid', known.facts, { cause: error })
    : known;
}

/**
 * What the library leaves open in an ID token from the token endpoint: whom it was issued to, and whether
 * the access token beside it is its own.
 * @see OpenID Connect Core §3.1.3.7, §3.1.3.8
 */
async function checkIdToken(answer: TokenAnswer, clientId: string): Promise<void> {
  const claims = answer.claims();
  if (claims === undefined || answer.id_token === undefined) return;
  const { azp, at_hash: hash } = claims;
  const refuse = (reason: string): never => {
    throw new ConnectError('identityProvider.idTokenInvalid', { reason });
  };
  if (azp !== undefined && azp !== clientId) refuse('azp names another client');
  if (hash !== undefined && hash !== (await leftHalfHash(answer.access_token, answer.id_token))) {
    refuse('at_hash does not fit');
  }
}

async function leftHalfHash(value: string, idToken: string): Promise<string> {
  const { alg = '' } = decodeProtectedHeader(idToken);
  const bits = /(256|384|512)$/.exec(alg)?.[1] ?? '512'; // Ed25519, EdDSA
  const digest = await crypto.subtle.digest(`SHA-${bits}`, new TextEncoder().encode(value));
  return Buffer.from(digest.slice(0, digest.byteLength / 2)).toString('base64url');
}

export function idTokenOf(answer: TokenAnswer): IdToken | undefined {
  const claims = answer.claims();
  return answer.id_token === undefined || claims === undefined
    ? undefined
    : {
        token: new Secret(answer.id_token),
        expiresAtMs: claims.exp * 1000,
        membership: membershipOf(claims),
      };
}
