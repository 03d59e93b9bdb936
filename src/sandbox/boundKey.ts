// Which key access is bound to, by what the ID-JAG says and what the request proves.
// @see RFC 9449 §5, draft-ietf-oauth-identity-assertion-authz-grant §9.8
import type { Request, Response } from 'express';
import { ProofError, type ProofCheck } from './dpopProof.ts';
import { Refusal } from './refusal.ts';
import type { AuthorizationServerSetup } from './setup.ts';

type Mode = NonNullable<AuthorizationServerSetup['dpop']>;

/** Thumbprint of the key a token request proves; undefined where none is, or where nobody listens. */
export async function provenKey(
  { request, response }: { readonly request: Request; readonly response: Response },
  { mode, check, url }: { readonly mode: Mode; readonly check: ProofCheck; readonly url: string },
): Promise<string | undefined> {
  const proof = request.get('dpop');
  const nonce = check.nonce();
  if (nonce !== undefined) response.set('dpop-nonce', nonce);
  if (proof === undefined || mode === 'off' || mode === 'ignored') return undefined;
  try {
    return await check.thumbprint({ proof, method: request.method, url });
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    throw new Refusal({ error: error.error, description: error.message });
  }
}

/** @throws Refusal where the ID-JAG and the request do not agree, or where a key is demanded */
export function boundKey(
  mode: Mode,
  claimed: string | undefined,
  proven: string | undefined,
): string | undefined {
  if (mode === 'off' || mode === 'ignored') return undefined;
  const refuse = (description: string) => new Refusal({ error: 'invalid_grant', description });
  if (claimed !== undefined && claimed !== proven) throw refuse('assertion is bound to a key');
  if (proven === undefined && mode !== 'supported') throw refuse('access must be bound to a key');
  return proven;
}
