// The ID-JAG itself, as each vendor makes it and as an attacker would.
// @see draft-ietf-oauth-identity-assertion-authz-grant §3.1
import { randomUUID } from 'node:crypto';
import { CompactEncrypt, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import { people } from './catalogue.ts';
import type { IdentityProviderSetup, IdentityProviderTampering } from './setup.ts';
import type { SigningKeys } from './signingKeys.ts';
import type { Subject } from './subjectToken.ts';

export const plainIdJagSeconds = 300;

export interface GrantedAccess {
  readonly subject: Subject;
  readonly issuer: string;
  /** Issuer of the authorization server. */
  readonly audience: string;
  readonly clientId: string;
  readonly resource: string;
  readonly scope: string;
  /** Thumbprint of the key it is bound to. */
  readonly jkt: string | undefined;
  /** Key of the authorization server, where only that one may read it. */
  readonly encryptTo: CryptoKey | undefined;
}

export async function issueIdJag(
  access: GrantedAccess,
  { setup, keys }: { readonly setup: IdentityProviderSetup; readonly keys: SigningKeys },
): Promise<string> {
  const { tampering } = setup;
  if (tampering === 'idJagNotAJwt') return randomUUID();
  const typ = tampering === 'idJagWrongType' ? 'at+jwt' : 'oauth-id-jag+jwt';
  const jwt = await new SignJWT({ ...claimsOf(access, setup), ...forgedClaims(tampering, access) })
    .setProtectedHeader({ alg: 'RS256', kid: keys.own.kid, typ })
    .sign(keys.own.key);
  if (access.encryptTo === undefined) return jwt;
  return new CompactEncrypt(new TextEncoder().encode(jwt))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', typ, cty: 'JWT' })
    .encrypt(access.encryptTo);
}

function claimsOf(access: GrantedAccess, setup: IdentityProviderSetup): JWTPayload {
  const { subject, audience, resource, jkt } = access;
  const offsetSec = setup.clockOffsetSec ?? 0;
  const now = Math.floor(Date.now() / 1000) + offsetSec;
  const authTime = subject.authTime === undefined ? undefined : subject.authTime + offsetSec;
  const email = people.find(({ id }) => id === subject.person)?.email;
  return {
    client_id: access.clientId,
    ...(setup.resourceClaim === false ? {} : { resource }),
    scope: access.scope,
    ...(email === undefined ? {} : { email }),
    ...(authTime === undefined ? {} : { auth_time: authTime }),
    ...(subject.acr === undefined ? {} : { acr: subject.acr }),
    ...(setup.tenant === undefined ? {} : { tenant: setup.tenant }),
    ...(jkt === undefined ? {} : { cnf: { jkt } }),
    iss: access.issuer,
    sub: subject.person,
    aud: setup.audienceAsArray === true ? [audience] : audience,
    jti: randomUUID(),
    iat: now,
    exp: now + (setup.idJagSeconds ?? plainIdJagSeconds),
  };
}

function forgedClaims(
  tampering: IdentityProviderTampering | undefined,
  { audience, scope }: GrantedAccess,
): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  switch (tampering) {
    case 'idJagWrongAudience':
      return { aud: 'https://elsewhere.example' };
    case 'idJagWrongResource':
      return { resource: 'https://elsewhere.example/mcp' };
    case 'idJagWrongClient':
      return { client_id: 'somebody-else' };
    case 'idJagExpired':
      return { iat: now - 7200, exp: now - 3600 };
    case 'idJagTwoAudiences':
      return { aud: [audience, 'https://elsewhere.example'] };
    case 'answerMoreScopes':
      return { scope: `${scope} admin:everything` };
    default:
      return {};
  }
}
