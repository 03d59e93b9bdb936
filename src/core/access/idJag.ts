// The reason this extension exists: one Identity Assertion JWT Authorization Grant per server from
// the identity provider, inspected before anybody else sees it. redemption.ts trades it in.
// Invariant: an ID-JAG is asked for once per redemption, used at most once, kept nowhere.
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { ServerMetadata } from 'openid-client';
import { clockToleranceSec } from '../client/clientAuthentication.ts';
import type { ClientRegistration } from '../client/clientRegistration.ts';
import { isSkewed } from '../http/clockSkew.ts';
import type { DpopKey } from '../client/dpopKeys.ts';
import { ConnectError, type Facts } from '../errors.ts';
import {
  grantedScopes,
  namesOnly,
  requestGrant,
  scopeParameter,
  type GrantDeps,
} from './grantRequest.ts';
import { Secret } from '../secret.ts';
import { hostOf } from '../url.ts';

const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const tokenType = {
  idJag: 'urn:ietf:params:oauth:token-type:id-jag',
  idToken: 'urn:ietf:params:oauth:token-type:id_token',
  refreshToken: 'urn:ietf:params:oauth:token-type:refresh_token',
};

/** Who asks: proof of the company sign-in. */
export interface Subject {
  readonly token: Secret;
  readonly kind: 'idToken' | 'refreshToken';
  /** Keeps the successor of a refresh token before anything else about the answer can fail. */
  readonly onRotated?: (refreshToken: Secret) => Promise<void>;
}

/**
 * Asks with proof of the company sign-in; companySession.ts chooses it, renews it once when the identity
 * provider refuses it, and keeps a refresh token that the answer replaced.
 * @throws what `ask` throws, identityProvider.sessionEnded, identityProvider.signInAgain, user.signedOut
 */
export type Prove = <T extends { readonly rotated: Secret | undefined }>(
  ask: (subject: Subject) => Promise<T>,
) => Promise<T>;

export interface IdJagRequest {
  readonly identityProvider: ServerMetadata;
  readonly client: ClientRegistration;
  readonly subject: Subject;
  /** Issuer identifier of the resource authorization server, byte for byte; what `aud` must be. */
  readonly issuer: string;
  /** What the identity provider calls that server, where it is not its issuer (J33). */
  readonly audience?: string | undefined;
  /** Resource identifier of the MCP server, byte for byte. */
  readonly resource: string;
  readonly sendResource: boolean;
  readonly scopes: readonly string[];
  /** Our client id at the resource authorization server. */
  readonly clientIdThere: string;
  /** The key the ID-JAG must be bound to. */
  readonly proof?: DpopKey | undefined;
}

export interface IdJag {
  readonly assertion: Secret;
  /** What the identity provider granted. */
  readonly scopes: readonly string[];
  /** For the log and the administrator. */
  readonly jtiHash: string | undefined;
  /** The subject's successor, where the identity provider rotates refresh tokens in an exchange. */
  readonly rotated: Secret | undefined;
}

/**
 * Asks the identity provider for an ID-JAG and inspects it before anybody else sees it.
 * @throws exchange.*, identityProvider.*, network.*, profile.invalid
 * @see RFC 8693 §2, draft-ietf-oauth-identity-assertion-authz-grant §4.3
 */
export async function requestIdJag(request: IdJagRequest, deps: GrantDeps): Promise<IdJag> {
  const { identityProvider, subject, resource, audience = request.issuer } = request;
  const kept: { rotated?: Secret } = {};
  const { answer, facts } = await requestGrant(
    {
      leg: 'exchange',
      metadata: identityProvider,
      client: request.client,
      grantType: tokenExchange,
      parameters: {
        requested_token_type: tokenType.idJag,
        subject_token: subject.token.reveal(),
        subject_token_type: tokenType[subject.kind],
        audience,
        resource: request.sendResource ? resource : undefined,
        scope: scopeParameter(request.scopes),
      },
      proof: request.proof,
      facts: {
        host: hostOf(identityProvider.token_endpoint ?? identityProvider.issuer),
        audience,
        resource,
        scopes: request.scopes.join(' '),
      },
      onRefreshToken: async (refreshToken) => {
        // Only the answer to a refresh token replaces one; any other would be a second session.
        if (subject.kind !== 'refreshToken') return;
        kept.rotated = refreshToken;
        await subject.onRotated?.(refreshToken);
      },
    },
    deps,
  );
  if (answer['issued_token_type'] !== tokenType.idJag) {
    throw invalid(facts, 'the answer is not the kind of grant that was asked for');
  }
  const inspected = inspectIdJag(answer.access_token, request, { facts, nowMs: deps.clock.now() });
  const claims = inspected ?? {};
  // Said twice, it must be the same (J11).
  const resources = inspected === undefined ? [] : [claims['resource']];
  const isSaid = answer['resource'] !== undefined;
  if (isSaid && ![answer['resource'], ...resources].every((one) => namesOnly(one, resource))) {
    throw invalid(facts, 'the answer is for another resource');
  }
  const said = [claims['scope'], answer.scope];
  return {
    assertion: new Secret(answer.access_token),
    scopes: grantedScopes(request.scopes, said, { leg: 'exchange', facts }),
    jtiHash: typeof claims['jti'] === 'string' ? await shortHash(claims['jti']) : undefined,
    rotated: kept.rotated,
  };
}

const invalid = (facts: Facts, reason: string): ConnectError =>
  new ConnectError('exchange.answerInvalid', { ...facts, reason });

type Claims = Readonly<Record<string, unknown>>;
interface Inspection {
  readonly facts: Facts;
  readonly nowMs: number;
}

/** Reads, does not trust: the signature is for the authorization server. A JWE stays opaque (J12). */
function inspectIdJag(jwt: string, request: IdJagRequest, at: Inspection): Claims | undefined {
  if (jwt.split('.').length === 5) return undefined;
  const { facts } = at;
  const parsed = parse(() => ({ header: decodeProtectedHeader(jwt), claims: decodeJwt(jwt) }));
  if (parsed === undefined) throw invalid(facts, 'the grant cannot be read');
  const { header, claims } = parsed;
  if (header.typ?.toLowerCase() !== 'oauth-id-jag+jwt') {
    throw invalid(facts, 'the grant has another type');
  }
  if (!namesOnly(claims['aud'], request.issuer)) {
    throw invalid(facts, 'the grant is for another audience');
  }
  const { resource } = claims;
  if (resource !== undefined && !namesOnly(resource, request.resource)) {
    throw invalid(facts, 'the grant is for another resource');
  }
  if (claims['client_id'] !== request.clientIdThere) {
    const actual = typeof claims['client_id'] === 'string' ? claims['client_id'].slice(0, 200) : '';
    const both = { ...facts, expected: request.clientIdThere, actual };
    throw invalid(both, 'the grant is for another client');
  }
  requireOwnBinding(claims, request.proof, facts);
  requireTimes(claims, at);
  return claims;
}

/** Not ours, or gone without a word: somebody between us and the identity provider, or an older one. */
function requireOwnBinding(claims: Claims, proof: DpopKey | undefined, facts: Facts): void {
  const { jkt } = (claims['cnf'] ?? {}) as { jkt?: unknown };
  if (jkt !== proof?.thumbprint) throw new ConnectError('exchange.bindingMissing', facts);
}

function requireTimes({ exp, iat }: Claims, { facts, nowMs }: Inspection): void {
  const nowSec = nowMs / 1000;
  const isOver = typeof exp !== 'number' || exp + clockToleranceSec < nowSec;
  const isEarly = iat !== undefined && !(Number(iat) - clockToleranceSec <= nowSec);
  if (!isOver && !isEarly) return;
  if (isSkewed(facts)) throw new ConnectError('network.clockSkew', facts);
  throw invalid(facts, isOver ? 'the grant has expired' : 'the grant is not yet valid');
}

function parse<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

async function shortHash(value: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(value));
  return Buffer.from(digest).toString('hex').slice(0, 16);
}
