// Which access token may do what at an MCP server.
// @see RFC 6750 §2.1, RFC 9449 §7
import type { Request, Response } from 'express';
import type { AccessToken, AccessTokens } from './accessTokens.ts';
import type { Denial } from './challenge.ts';
import { ProofError, type ProofCheck } from './dpopProof.ts';
import type { ServerEntry } from './catalogue.ts';

export interface Caller {
  readonly token: string;
  readonly is: AccessToken;
}

export interface AccessCheckDependencies {
  readonly entry: ServerEntry;
  /** URL of the MCP endpoint. */
  readonly url: string;
  readonly tokens: AccessTokens;
  readonly proofCheck: ProofCheck;
}

/** Who is calling this server, or why that is not enough. */
export async function checkAccess(
  { entry, url, tokens, proofCheck }: AccessCheckDependencies,
  request: Request,
  response: Response,
): Promise<Caller | Denial> {
  const scopes = entry.mandatoryScope === undefined ? entry.scopes : [entry.mandatoryScope];
  const denied = (error: string | undefined): Denial => ({ status: 401, error, scopes });
  const nonce = proofCheck.nonce();
  if (nonce !== undefined) response.set('dpop-nonce', nonce);
  const { authorization } = request.headers;
  if (authorization === undefined) return denied(undefined);
  const [, scheme = '', token = ''] = /^(Bearer|DPoP) ([\w.~+/-]+=*)$/i.exec(authorization) ?? [];
  const is = tokens.find(token);
  // A token for another server of ours is as good as none (RFC 8707 §2).
  if (is?.server !== entry.id) return denied('invalid_token');
  const bound = scheme.toLowerCase() === 'dpop';
  const mustBeBound = ['required', 'nonce'].includes(entry.dpop ?? 'off');
  // A bound token alone is what a thief has.
  if (bound !== (is.jkt !== undefined) || (mustBeBound && !bound)) return denied('invalid_token');
  if (bound) {
    const error = await refusedProof(proofCheck, { request, url, token, jkt: is.jkt });
    if (error !== undefined) return denied(error);
  }
  const lacksScope =
    entry.mandatoryScope !== undefined && !is.scopes.includes(entry.mandatoryScope);
  if (lacksScope) return denied('invalid_token');
  return tooWeak(entry, is) ?? { token, is };
}

async function refusedProof(
  check: ProofCheck,
  asked: { request: Request; url: string; token: string; jkt: string | undefined },
): Promise<string | undefined> {
  const { request, url, token, jkt } = asked;
  try {
    const proven = await check.thumbprint({
      proof: request.get('dpop') ?? '',
      method: request.method,
      url,
      accessToken: token,
    });
    return proven === jkt ? undefined : 'invalid_token';
  } catch (error) {
    if (error instanceof ProofError) return error.error;
    throw error;
  }
}

/** @see RFC 9470 §3 */
function tooWeak({ stepUp, scopes }: ServerEntry, is: AccessToken): Denial | undefined {
  const { acr, maxAgeSec } = stepUp ?? {};
  const ageSec = Date.now() / 1000 - (is.authTime ?? 0);
  const strong = acr === undefined || is.acr === acr;
  if (strong && (maxAgeSec === undefined || ageSec <= maxAgeSec)) return undefined;
  return {
    status: 401,
    error: 'insufficient_user_authentication',
    scopes,
    parameters: {
      ...(acr === undefined ? {} : { acr_values: acr }),
      ...(maxAgeSec === undefined ? {} : { max_age: String(maxAgeSec) }),
    },
  };
}
