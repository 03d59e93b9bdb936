// Redeeming an ID-JAG: everything an authorization server must check before it trusts one.
// @see RFC 7523 §3, draft-ietf-oauth-identity-assertion-authz-grant §4.4.1
import {
  compactDecrypt,
  errors as joseErrors,
  jwtVerify,
  type CryptoKey,
  type JWTPayload,
} from 'jose';
import { boundKey } from './boundKey.ts';
import type { AuthorizationServerEntry, ServerEntry } from './catalogue.ts';
import type { Client } from './clients.ts';
import type { Interactions } from './interactions.ts';
import type { PublicKeys } from './publicKeys.ts';
import { Refusal } from './refusal.ts';

export interface Redeemed {
  readonly person: string;
  readonly server: ServerEntry;
  /** Resource identifier of the server. */
  readonly resource: string;
  readonly scopes: readonly string[];
  /** Thumbprint of the key the access is bound to. */
  readonly jkt: string | undefined;
  readonly authTime: number | undefined;
  readonly acr: string | undefined;
}

export interface RedemptionDependencies {
  /** This authorization server. */
  readonly issuer: string;
  readonly trustedIssuer: string;
  readonly trustedKeys: PublicKeys;
  /** Resource identifiers governed here. */
  readonly resources: ReadonlyMap<string, ServerEntry>;
  /** How it differs from a plain one. */
  readonly rules?: Omit<AuthorizationServerEntry, 'id' | 'label'>;
  readonly interactions?: Interactions | undefined;
  /** For ID-JAGs nobody else may read. */
  readonly decryptWith?: CryptoKey | undefined;
}

export interface RedemptionRequest {
  readonly form: URLSearchParams;
  readonly client: Client;
  /** Thumbprint of the key the request proves. */
  readonly proven?: string | undefined;
}

export interface Redemption {
  /** @throws Refusal with the OAuth error code */
  redeem(request: RedemptionRequest): Promise<Redeemed>;
  forgetUsed(): void;
}

const skewSec = 5;
const plainLongestSec = 300;

const refuse = (description: string, error = 'invalid_grant') =>
  new Refusal({ error, description });

export function createRedemption(deps: RedemptionDependencies): Redemption {
  const { rules = {}, interactions } = deps;
  const used = new Map<string, number>();

  /** An ID-JAG counts once, until it would have expired anyway. */
  function useOnce(jti: string, exp: number): void {
    const now = Date.now() / 1000;
    for (const [old, until] of used) if (until + skewSec < now) used.delete(old);
    const mayComeAgain = rules.replayAllowed === true || interactions?.isPending(jti) === true;
    if (used.has(jti) && !mayComeAgain) throw refuse('assertion was used before');
    used.set(jti, exp);
  }

  return {
    async redeem({ form, client, proven }) {
      const assertions = form.getAll('assertion');
      if (assertions.length !== 1) {
        throw refuse('exactly one assertion is needed', 'invalid_request');
      }
      const claims = await verify(deps, await decrypt(deps, assertions[0] ?? ''));
      const { sub: person = '', jti = '', exp = 0 } = claims;
      if (claims['client_id'] !== client.clientId) throw refuse('assertion is for another client');
      const jkt = boundKey(rules.dpop ?? 'off', keyOf(claims), proven);
      useOnce(jti, exp);
      requireAccount(rules, claims);
      const resource = resourceOf(deps, claims, form);
      const server = deps.resources.get(resource);
      if (server === undefined) throw refuse('assertion names no resource of this server');
      const scopes = rules.grantsNothing === true ? [] : scopesOf(server, claims, form);
      interactions?.require({ jti, person, clientId: client.clientId });
      return { person, server, resource, scopes, jkt, ...strengthOf(claims) };
    },
    forgetUsed: () => {
      used.clear();
      interactions?.forget();
    },
  };
}

/** @see RFC 7516 */
async function decrypt(
  { decryptWith }: RedemptionDependencies,
  assertion: string,
): Promise<string> {
  if (decryptWith === undefined || assertion.split('.').length !== 5) return assertion;
  try {
    return new TextDecoder().decode((await compactDecrypt(assertion, decryptWith)).plaintext);
  } catch (error) {
    if (!(error instanceof joseErrors.JOSEError)) throw error;
    throw refuse(`assertion is not for this server to read: ${error.code}`);
  }
}

async function verify(deps: RedemptionDependencies, assertion: string): Promise<JWTPayload> {
  const { clockOffsetSec = 0, longestIdJagSec = plainLongestSec } = deps.rules ?? {};
  try {
    const { payload } = await jwtVerify(assertion, deps.trustedKeys, {
      algorithms: ['RS256'],
      typ: 'oauth-id-jag+jwt',
      issuer: deps.trustedIssuer,
      audience: deps.issuer,
      requiredClaims: ['sub', 'jti', 'iat', 'exp', 'client_id'],
      clockTolerance: skewSec,
      maxTokenAge: longestIdJagSec,
      currentDate: new Date(Date.now() + clockOffsetSec * 1000),
    });
    if (Array.isArray(payload.aud) && payload.aud.length !== 1) {
      throw refuse('assertion has several audiences');
    }
    if ((payload.exp ?? Infinity) - (payload.iat ?? 0) > longestIdJagSec) {
      throw refuse('assertion lives too long');
    }
    return payload;
  } catch (error) {
    if (!(error instanceof joseErrors.JOSEError)) throw error;
    throw refuse(`assertion is not valid: ${error.code}`);
  }
}

function keyOf({ cnf }: JWTPayload): string | undefined {
  const jkt = typeof cnf === 'object' && cnf !== null && 'jkt' in cnf ? cnf.jkt : undefined;
  return typeof jkt === 'string' ? jkt : undefined;
}

function strengthOf({ auth_time: authTime, acr }: JWTPayload) {
  return {
    authTime: typeof authTime === 'number' ? authTime : undefined,
    acr: typeof acr === 'string' ? acr : undefined,
  };
}

/** An account is found by its address; having one is not yet being allowed to use it. */
function requireAccount(
  { emailDomains, unlicensed, noLicence }: NonNullable<RedemptionDependencies['rules']>,
  { sub, email }: JWTPayload,
): void {
  const domain = typeof email === 'string' ? email.split('@').at(-1) : undefined;
  if (emailDomains !== undefined && !emailDomains.includes(domain ?? '')) {
    throw refuse('the identity could not be verified');
  }
  if (unlicensed?.includes(sub ?? '') === true) {
    throw new Refusal({ error: 'invalid_grant', description: 'no licence', ...noLicence });
  }
}

function resourceOf(
  { resources, rules }: RedemptionDependencies,
  { resource: claim }: JWTPayload,
  form: URLSearchParams,
): string {
  const asked = form.getAll('resource');
  if (claim === undefined && rules?.resourceClaimRequired === false) {
    return asked[0] ?? [...resources.keys()][0] ?? '';
  }
  const named = Array.isArray(claim) && claim.length === 1 ? (claim[0] as unknown) : claim;
  if (typeof named !== 'string') throw refuse('assertion names no resource');
  // RFC 8707 §2: who asks for another resource than the grant is for gets neither.
  if (resources.has(named) && asked.some((one) => one !== named)) {
    throw refuse('resource differs from the one in the assertion', 'invalid_target');
  }
  return named;
}

function scopesOf(
  server: ServerEntry,
  claims: JWTPayload,
  form: URLSearchParams,
): readonly string[] {
  const claim = typeof claims['scope'] === 'string' ? claims['scope'].split(' ') : [];
  const asked = form.get('scope')?.split(' ') ?? claim;
  const granted = server.scopes.filter((scope) => claim.includes(scope) && asked.includes(scope));
  if (granted.length === 0) throw refuse('no scope is left', 'invalid_scope');
  return granted;
}
