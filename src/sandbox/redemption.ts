// Redeeming an ID-JAG: everything an authorization server must check before it trusts one.
// @see RFC 7523 §3, draft-ietf-oauth-identity-assertion-authz-grant §4.4.1
import { errors as joseErrors, jwtVerify, type JWTPayload } from 'jose';
import type { Client } from './clients.ts';
import type { ServerEntry } from './catalogue.ts';
import type { PublicKeys } from './publicKeys.ts';

export class RedemptionError extends Error {
  readonly error: string;

  constructor(error: string, description: string) {
    super(description);
    this.error = error;
  }
}

export interface Redeemed {
  readonly person: string;
  readonly server: ServerEntry;
  readonly scopes: readonly string[];
}

export interface RedemptionDependencies {
  /** This authorization server. */
  readonly issuer: string;
  readonly trustedIssuer: string;
  readonly trustedKeys: PublicKeys;
  /** Resource identifiers governed here. */
  readonly resources: ReadonlyMap<string, ServerEntry>;
}

export interface Redemption {
  /** @throws RedemptionError with the OAuth error code */
  redeem(form: URLSearchParams, client: Client): Promise<Redeemed>;
  forgetUsed(): void;
}

const skewSec = 5;
const longestLifeSec = 300;

export function createRedemption(deps: RedemptionDependencies): Redemption {
  const used = new Map<string, number>();

  /** An ID-JAG counts once, until it would have expired anyway. */
  function useOnce(jti: string, exp: number): void {
    const now = Date.now() / 1000;
    for (const [old, until] of used) if (until + skewSec < now) used.delete(old);
    if (used.has(jti)) throw new RedemptionError('invalid_grant', 'assertion was used before');
    used.set(jti, exp);
  }

  return {
    async redeem(form, client) {
      const assertions = form.getAll('assertion');
      if (assertions.length !== 1) {
        throw new RedemptionError('invalid_request', 'exactly one assertion is needed');
      }
      const claims = await verify(deps, assertions[0] ?? '');
      if (claims['client_id'] !== client.clientId) {
        throw new RedemptionError('invalid_grant', 'assertion is for another client');
      }
      useOnce(claims.jti ?? '', claims.exp ?? 0);
      const server = resourceOf(deps.resources, claims, form);
      return { person: claims.sub ?? '', server, scopes: scopesOf(server, claims, form) };
    },
    forgetUsed: () => {
      used.clear();
    },
  };
}

async function verify(deps: RedemptionDependencies, assertion: string): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(assertion, deps.trustedKeys, {
      algorithms: ['RS256'],
      typ: 'oauth-id-jag+jwt',
      issuer: deps.trustedIssuer,
      audience: deps.issuer,
      requiredClaims: ['sub', 'jti', 'iat', 'exp', 'client_id'],
      clockTolerance: skewSec,
      maxTokenAge: longestLifeSec,
    });
    if (Array.isArray(payload.aud) && payload.aud.length !== 1) {
      throw new RedemptionError('invalid_grant', 'assertion has several audiences');
    }
    if ((payload.exp ?? Infinity) - (payload.iat ?? 0) > longestLifeSec) {
      throw new RedemptionError('invalid_grant', 'assertion lives too long');
    }
    return payload;
  } catch (error) {
    if (!(error instanceof joseErrors.JOSEError)) throw error;
    throw new RedemptionError('invalid_grant', `assertion is not valid: ${error.code}`);
  }
}

function resourceOf(
  resources: RedemptionDependencies['resources'],
  claims: JWTPayload,
  form: URLSearchParams,
): ServerEntry {
  const claim = claims['resource'];
  const server = typeof claim === 'string' ? resources.get(claim) : undefined;
  if (server === undefined) {
    throw new RedemptionError('invalid_grant', 'assertion names no resource of this server');
  }
  // RFC 8707 §2: who asks for another resource than the grant is for gets neither.
  if (form.getAll('resource').some((asked) => asked !== claim)) {
    throw new RedemptionError('invalid_target', 'resource differs from the one in the assertion');
  }
  return server;
}

function scopesOf(
  server: ServerEntry,
  claims: JWTPayload,
  form: URLSearchParams,
): readonly string[] {
  const claim = typeof claims['scope'] === 'string' ? claims['scope'].split(' ') : [];
  const asked = form.get('scope')?.split(' ') ?? claim;
  const granted = server.scopes.filter((scope) => claim.includes(scope) && asked.includes(scope));
  if (granted.length === 0) throw new RedemptionError('invalid_scope', 'no scope is left');
  return granted;
}
