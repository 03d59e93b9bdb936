// Whose sign-in a token exchange rests on. Invariant: a subject counts only while the person's
// session lives, and only for the client it was issued to.
import { errors as joseErrors, jwtVerify, type JWTPayload } from 'jose';
import { errors, type Client, type Provider } from 'oidc-provider';
import type { OidcStorage } from './oidcStorage.ts';
import type { PublicKeys } from './publicKeys.ts';

export interface Subject {
  readonly person: string;
  /** When the person proved who they are, seconds since the epoch. */
  readonly authTime: number | undefined;
}

export interface SubjectDependencies {
  readonly provider: Provider;
  readonly storage: OidcStorage;
  readonly publicKeys: PublicKeys;
}

const invalidGrant = (description: string) =>
  new errors.CustomOIDCProviderError('invalid_grant', description);

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
    throw invalidGrant('the session of subject_token has ended');
  }
  return { person: session.accountId ?? '', authTime: session.loginTs };
}

async function verifyIdToken(
  { provider, publicKeys }: SubjectDependencies,
  token: string,
  clientId: string,
): Promise<JWTPayload> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, publicKeys, {
      issuer: provider.issuer,
      audience: clientId,
      algorithms: ['RS256'],
      requiredClaims: ['sub', 'exp', 'iat', 'sid'],
    });
    // An ID-JAG is signed with the same key: its type must not pass for an ID token.
    if (protectedHeader.typ !== undefined && protectedHeader.typ !== 'JWT') {
      throw invalidGrant('subject_token is not an ID token');
    }
    return payload;
  } catch (error) {
    if (error instanceof joseErrors.JWTExpired) throw invalidGrant('subject_token has expired');
    if (!(error instanceof joseErrors.JOSEError)) throw error;
    throw invalidGrant('subject_token is not an ID token for this client');
  }
}

/**
 * The person a refresh token stands for, validated as in the refresh grant, reuse detection included.
 * @see draft-ietf-oauth-identity-assertion-authz-grant §4.3.3, RFC 9700 §4.14
 */
export async function subjectOfRefreshToken(
  { provider }: SubjectDependencies,
  token: string,
  client: Client,
): Promise<Subject> {
  const found = await provider.RefreshToken.find(token, { ignoreExpiration: true });
  if (found === undefined || found.clientId !== client.clientId || found.isExpired) {
    throw invalidGrant('subject_token is unknown, revoked, expired or for another client');
  }
  const { grantId = '', accountId: person, sessionUid = '' } = found;
  if (found.consumed !== undefined) {
    await Promise.all([
      provider.RefreshToken.revokeByGrantId(grantId),
      provider.AccessToken.revokeByGrantId(grantId),
      provider.Grant.find(grantId).then((grant) => grant?.destroy()),
    ]);
    throw invalidGrant('subject_token was replaced by a newer one');
  }
  const session = await provider.Session.findByUid(sessionUid);
  if (session === undefined || (await provider.Grant.find(grantId)) === undefined) {
    throw invalidGrant('the session of subject_token has ended');
  }
  return { person, authTime: session.loginTs };
}
