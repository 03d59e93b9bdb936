// The reason this extension exists: one Identity Assertion JWT Authorization Grant per server from
// the identity provider, inspected, redeemed once at that server's authorization server.
// Invariant: an ID-JAG is asked for once per redemption, used at most once, kept nowhere.
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { genericGrantRequest, type ServerMetadata } from 'openid-client';
import { clockToleranceSec, createOAuthClient } from './clientAuthentication.ts';
import type { ClientRegistration } from './clientRegistration.ts';
import { ConnectError, type Facts } from './errors.ts';
import type { GuardedFetch } from './http.ts';
import { fromOAuth } from './oauthError.ts';
import { Secret } from './secret.ts';
import { marginMs } from './tokenBroker.ts';
import { hostOf } from './url.ts';

const grant = {
  tokenExchange: 'urn:ietf:params:oauth:grant-type:token-exchange',
  jwtBearer: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
};
const tokenType = {
  idJag: 'urn:ietf:params:oauth:token-type:id-jag',
  idToken: 'urn:ietf:params:oauth:token-type:id_token',
  refreshToken: 'urn:ietf:params:oauth:token-type:refresh_token',
};

/** Who asks: proof of the company sign-in. */
export interface Subject {
  readonly token: Secret;
  readonly kind: 'idToken' | 'refreshToken';
}

export interface IdJagRequest {
  readonly identityProvider: ServerMetadata;
  readonly client: ClientRegistration;
  readonly subject: Subject;
  /** Issuer identifier of the resource authorization server, byte for byte. */
  readonly audience: string;
  /** Resource identifier of the MCP server, byte for byte. */
  readonly resource: string;
  readonly scopes: readonly string[];
  /** Our client id at the resource authorization server. */
  readonly clientIdThere: string;
}

export interface IdJag {
  readonly assertion: Secret;
  /** What the identity provider granted. */
  readonly scopes: readonly string[];
  /** For the log and the administrator. */
  readonly jtiHash: string | undefined;
}

/**
 * Asks the identity provider for an ID-JAG and inspects it before anybody else sees it.
 * @throws exchange.*, identityProvider.*, network.*
 * @see RFC 8693 §2, draft-ietf-oauth-identity-assertion-authz-grant §4.3
 */
export async function requestIdJag(
  request: IdJagRequest,
  deps: { fetch: GuardedFetch; nowMs: number },
): Promise<IdJag> {
  const { audience, resource, scopes } = request;
  const facts: Facts = {
    host: hostOf(request.identityProvider.token_endpoint ?? request.identityProvider.issuer),
    audience,
    resource,
    scopes: scopes.join(' '),
  };
  const client = createOAuthClient(request.identityProvider, request.client, deps.fetch);
  const answer = await genericGrantRequest(client, grant.tokenExchange, {
    requested_token_type: tokenType.idJag,
    subject_token: request.subject.token.reveal(),
    subject_token_type: tokenType[request.subject.kind],
    audience,
    resource,
    ...(scopes.length > 0 ? { scope: scopes.join(' ') } : {}),
  }).catch((error: unknown) => {
    throw fromOAuth(error, 'exchange', facts);
  });
  if (answer['issued_token_type'] !== tokenType.idJag) {
    throw new ConnectError('exchange.answerInvalid', {
      ...facts,
      reason: 'the answer is not the kind of grant that was asked for',
    });
  }
  const claims = inspectIdJag(answer.access_token, request, deps.nowMs, facts);
  const granted = scopeList(answer.scope) ?? scopeList(claims?.['scope']) ?? scopes;
  requireGrantWithin(scopes, granted, 'exchange', facts);
  return {
    assertion: new Secret(answer.access_token),
    scopes: granted,
    jtiHash: typeof claims?.['jti'] === 'string' ? await shortHash(claims['jti']) : undefined,
  };
}

/** Reads, does not trust: the signature is for the authorization server. A JWE stays opaque (J12). */
function inspectIdJag(
  jwt: string,
  request: IdJagRequest,
  nowMs: number,
  facts: Facts,
): Readonly<Record<string, unknown>> | undefined {
  if (jwt.split('.').length === 5) return undefined;
  const refuse = (reason: string): never => {
    throw new ConnectError('exchange.answerInvalid', { ...facts, reason });
  };
  const parsed = parse(() => ({
    header: decodeProtectedHeader(jwt),
    claims: decodeJwt(jwt),
  }));
  if (parsed === undefined) return refuse('the grant cannot be read');
  const { header, claims } = parsed;
  if (header.typ?.toLowerCase() !== 'oauth-id-jag+jwt') refuse('the grant has another type');
  if (!names(claims['aud'], request.audience, 'only')) refuse('the grant is for another audience');
  const { resource, exp } = claims;
  if (resource !== undefined && !names(resource, request.resource)) {
    refuse('the grant is for another resource');
  }
  if (claims['client_id'] !== request.clientIdThere) refuse('the grant is for another client');
  if (typeof exp !== 'number' || exp + clockToleranceSec < nowMs / 1000) {
    refuse('the grant has expired');
  }
  return claims;
}

function parse<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function names(claim: unknown, value: string, only?: 'only'): boolean {
  const list: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return list.includes(value) && (only === undefined || list.length === 1);
}

export interface RedemptionRequest {
  readonly authorizationServer: ServerMetadata;
  readonly client: ClientRegistration;
  readonly idJag: IdJag;
  readonly resource: string;
}

export interface RedeemedToken {
  readonly token: Secret;
  readonly scopes: readonly string[];
  /** Seconds from receipt, when the server said so. */
  readonly expiresInSec: number | undefined;
}

/**
 * Trades the ID-JAG for an access token; asked once, for exactly the scopes the ID-JAG grants.
 * @throws redemption.*, network.*
 * @see RFC 7523 §2.1, draft-ietf-oauth-identity-assertion-authz-grant §4.4
 */
export async function redeemIdJag(
  request: RedemptionRequest,
  fetch: GuardedFetch,
): Promise<RedeemedToken> {
  const { authorizationServer, idJag, resource } = request;
  const facts: Facts = {
    host: hostOf(authorizationServer.token_endpoint ?? authorizationServer.issuer),
    audience: authorizationServer.issuer,
    resource,
    scopes: idJag.scopes.join(' '),
    ...(idJag.jtiHash === undefined ? {} : { jtiHash: idJag.jtiHash }),
  };
  const client = createOAuthClient(authorizationServer, request.client, fetch);
  const answer = await genericGrantRequest(client, grant.jwtBearer, {
    assertion: idJag.assertion.reveal(),
    resource,
    ...(idJag.scopes.length > 0 ? { scope: idJag.scopes.join(' ') } : {}),
  }).catch((error: unknown) => {
    throw fromOAuth(error, 'redemption', facts);
  });
  const scopes = scopeList(answer.scope) ?? idJag.scopes;
  if (answer.token_type !== 'bearer') {
    // A sender-constrained token sent as Bearer would be refused, or worse, accepted.
    throw new ConnectError('redemption.answerInvalid', { ...facts, reason: 'not a Bearer answer' });
  }
  requireGrantWithin(idJag.scopes, scopes, 'redemption', facts);
  const { expires_in: expiresInSec } = answer;
  if (expiresInSec !== undefined && expiresInSec * 1000 <= marginMs) {
    // It could never be sent, and every call would ask for another.
    throw new ConnectError('redemption.answerInvalid', { ...facts, reason: 'it ends at once' });
  }
  return { token: new Secret(answer.access_token), scopes, expiresInSec };
}

/** Where anything was asked for, some of it must be granted, and nothing else. */
function requireGrantWithin(
  asked: readonly string[],
  granted: readonly string[],
  leg: 'exchange' | 'redemption',
  facts: Facts,
): void {
  if (asked.length === 0) return;
  if (granted.length === 0) throw new ConnectError(`${leg}.scopeRefused`, facts);
  if (granted.every((scope) => asked.includes(scope))) return;
  throw new ConnectError(`${leg}.answerInvalid`, {
    ...facts,
    reason: 'more was granted than was asked for',
  });
}

function scopeList(value: unknown): readonly string[] | undefined {
  return typeof value === 'string' ? value.split(' ').filter((scope) => scope !== '') : undefined;
}

async function shortHash(value: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(value));
  return Buffer.from(digest).toString('hex').slice(0, 16);
}
