// A client that proves itself with a signed assertion at an authorization server.
// @see RFC 7523 §3, draft-ietf-oauth-rfc7523bis
import { createLocalJWKSet, decodeJwt, errors, jwtVerify, type JWK, type JWTPayload } from 'jose';
import type { ClientAssertionRules } from './setup.ts';

export const clientAssertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const assertionTyp = 'client-authentication+jwt';

export interface AssertionDependencies {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly rules: ClientAssertionRules;
  keysOf(clientId: string): Promise<readonly JWK[]> | readonly JWK[];
}

/** Whether an assertion obeys the rules of this party, signature and replay apart. */
export function obeysRules(
  claims: JWTPayload,
  typ: unknown,
  { issuer, tokenEndpoint, rules }: Omit<AssertionDependencies, 'keysOf'>,
): boolean {
  const { audience = 'either', typRequired = false, longestLifeSec = Infinity } = rules;
  const accepted = {
    issuer: [issuer],
    tokenEndpoint: [tokenEndpoint],
    either: [issuer, tokenEndpoint],
  }[audience];
  const named = [claims.aud ?? []].flat();
  const lifeSec = (claims.exp ?? Infinity) - (claims.iat ?? Date.now() / 1000);
  return (
    named.length > 0 &&
    named.every((one) => accepted.includes(one)) &&
    (!typRequired || typ === assertionTyp) &&
    lifeSec <= longestLifeSec
  );
}

/** Finds the client id an assertion proves; each assertion counts once. */
export function createAssertionCheck(
  deps: AssertionDependencies,
): (assertion: string) => Promise<string | undefined> {
  const used = new Set<string>();
  return async (assertion) => {
    try {
      const { sub: clientId = '' } = decodeJwt(assertion);
      const keys = createLocalJWKSet({ keys: [...(await deps.keysOf(clientId))] });
      const { payload, protectedHeader } = await jwtVerify(assertion, keys, {
        algorithms: ['ES256', 'RS256', 'PS256', 'EdDSA', 'Ed25519'],
        issuer: clientId,
        subject: clientId,
        requiredClaims: ['aud', 'exp', 'jti'],
        clockTolerance: 5,
      });
      const mark = `${clientId} ${payload.jti ?? ''}`;
      if (!obeysRules(payload, protectedHeader.typ, deps) || used.has(mark)) return undefined;
      used.add(mark);
      return clientId;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  };
}
