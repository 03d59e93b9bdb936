// Whose sign-in a token exchange rests on. Invariant: a subject counts only while the person's
// session lives, and only for the client it was issued to.
import { errors as joseErrors, jwtVerify, type JWTPayload } from 'jose';
import type { Client, Provider } from 'oidc-provider';
import type { OidcStorage } from './oidcStorage.ts';
import type { PublicKeys } from './publicKeys.ts';
import { Refusal } from './refusal.ts';
import type { IdentityProviderSetup } from './setup.ts';

type RefreshToken = InstanceType<Provider['RefreshToken']>;

export interface Subject {
  readonly person: string;
  /** When the person proved who they are, seconds since the epoch. */
  readonly authTime: number | undefined;
  /** How strong that was. */
  readonly acr: string | undefined;
  /** Puts a successor in the place of a refresh token. */
  rotate?(): Promise<string>;
}

export interface SubjectDependencies {
  readonly provider: Provider;
  readonly storage: OidcStorage;
  readonly publicKeys: PublicKeys;
  readonly setup: IdentityProviderSetup;
}

/** RFC 8693 and the ID-JAG draft disagree on the name of a bad subject. */
const refused = ({ setup }: SubjectDependencies, description: string) =>
  new Refusal({ error: setup.subjectError ?? 'invalid_grant', description });

/**
 * The person an ID token stands for.
 * @see draft-ietf-oauth-identity-assertion-authz-grant §4.3.3, RFC 7521 §5.2
 */
export async function subjectOfIdToken(
  deps: SubjectDependencies,
  token: string,
  client: Client,
): Promise<Subject> {
  const claims = await verifyIdToken(deps, token, client.clientId);
  const sid = typeof claims['sid'] === 'string' ? claims['sid'] : '';
  const session = deps.storage.sessionBySid(sid, client.clientId);
  if (session === undefined || session.accountId !== claims.sub) {
    throw refused(deps, 'the session of subject_token has ended');
  }
  const { auth_time: authTime, acr } = claims;
  const offsetSec = deps.setup.clockOffsetSec ?? 0;
  return {
    person: claims.sub ?? '',
    authTime: typeof authTime === 'number' ? authTime - offsetSec : undefined,
    acr: typeof acr === 'string' ? acr : undefined,
  };
}

async function verifyIdToken(
  deps: SubjectDependencies,
  token: string,
  clientId: string,
): Promise<JWTPayload> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, deps.publicKeys, {
      currentDate: new Date(Date.now() + (deps.setup.clockOffsetSec ?? 0) * 1000),
      issuer: deps.provider.issuer,
      audience: clientId,
      algorithms: ['RS256'],
      requiredClaims: ['sub', 'exp', 'iat', 'sid'],
    });
    // An ID-JAG is signed with the same key: its type must not pass for an ID token.
    if (protectedHeader.typ !== undefined && protectedHeader.typ !== 'JWT') {
      throw refused(deps, 'subject_token is not an ID token');
    }
    return payload;
  } catch (error) {
    if (error instanceof joseErrors.JWTExpired) throw refused(deps, 'subject_token has expired');
    if (!(error instanceof joseErrors.JOSEError)) throw error;
    throw refused(deps, 'subject_token is not an ID token for this client');
  }
}

/**
 * The person a refresh token stands for, validated as in the refresh grant, reuse detection included.
 * @see draft-ietf-oauth-identity-assertion-authz-grant §4.3.3, RFC 9700 §4.14
 */
export async function subjectOfRefreshToken(
  deps: SubjectDependencies,
  token: string,
  client: Client,
): Promise<Subject> {
  const { provider } = deps;
  const found = await provider.RefreshToken.find(token, { ignoreExpiration: true });
  if (found === undefined || found.clientId !== client.clientId || found.isExpired) {
    throw refused(deps, 'subject_token is unknown, revoked, expired or for another client');
  }
  const { grantId = '', accountId: person, sessionUid = '' } = found;
  if (found.consumed !== undefined) {
    await Promise.all([
      provider.RefreshToken.revokeByGrantId(grantId),
      provider.AccessToken.revokeByGrantId(grantId),
      provider.Grant.find(grantId).then((grant) => grant?.destroy()),
    ]);
    throw refused(deps, 'subject_token was replaced by a newer one');
  }
  const session = await provider.Session.findByUid(sessionUid);
  if (session === undefined || (await provider.Grant.find(grantId)) === undefined) {
    throw refused(deps, 'the session of subject_token has ended');
  }
  return {
    person,
    authTime: found.authTime,
    acr: found.acr,
    rotate: () => successorOf(provider, found, client),
  };
}

async function successorOf(
  provider: Provider,
  found: RefreshToken,
  client: Client,
): Promise<string> {
  await found.consume();
  const { accountId, grantId = '', gty = '', scope = '' } = found;
  const kept = ['acr', 'amr', 'authTime', 'sessionUid', 'sid', 'nonce'] as const;
  const next = new provider.RefreshToken({
    ...Object.fromEntries(kept.map((name) => [name, found[name]])),
    ...{ accountId, client, grantId, gty, scope },
    expiresWithSession: true,
    rotations: (found.rotations ?? 0) + 1,
  });
  return next.save();
}
