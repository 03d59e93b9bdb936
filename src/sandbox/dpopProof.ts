// Proof that a request comes from whoever holds a key, and that it was made for this request, now.
// @see RFC 9449 §4.3
import { createHash, randomBytes } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, errors, jwtVerify, type JWTPayload } from 'jose';

export interface ProvenRequest {
  /** The DPoP header. */
  readonly proof: string;
  readonly method: string;
  readonly url: string;
  /** Given: the proof must be bound to it. */
  readonly accessToken?: string;
}

export class ProofError extends Error {
  readonly error: 'invalid_dpop_proof' | 'use_dpop_nonce';

  constructor(error: ProofError['error'], description: string) {
    super(description);
    this.error = error;
  }
}

export interface ProofCheck {
  /** Thumbprint of the key that made the proof. @throws ProofError */
  thumbprint(request: ProvenRequest): Promise<string>;
  /** For the DPoP-Nonce header; undefined where nonces are not asked for. */
  nonce(): string | undefined;
}

const windowSec = 300;
const nonceLifeMs = 60_000;

/** @param options.nonces whether a proof must carry a nonce of ours */
export function createProofCheck(
  options: { readonly nonces?: boolean; readonly nowMs?: () => number } = {},
): ProofCheck {
  const { nonces = false, nowMs = Date.now } = options;
  const used = new Set<string>();
  const state = { nonce: '', until: 0 };

  function nonce(): string | undefined {
    if (!nonces) return undefined;
    if (state.until < nowMs()) {
      Object.assign(state, {
        nonce: randomBytes(16).toString('hex'),
        until: nowMs() + nonceLifeMs,
      });
    }
    return state.nonce;
  }

  function requireFresh(claims: JWTPayload, jkt: string): void {
    const { iat = 0, jti } = claims;
    if (Math.abs(nowMs() / 1000 - iat) > windowSec) throw invalid('it is not from now');
    const mark = `${jkt} ${jti ?? ''}`;
    if (jti === undefined || used.has(mark)) throw invalid('jti is missing or was used before');
    if (nonces && claims['nonce'] !== nonce()) {
      throw new ProofError('use_dpop_nonce', 'the proof must carry the nonce given here');
    }
    used.add(mark);
  }

  return {
    nonce,
    async thumbprint(request) {
      const { claims, jkt } = await verified(request.proof);
      if (claims['htm'] !== request.method) throw invalid('htm is another method');
      if (claims['htu'] !== withoutQuery(request.url)) throw invalid('htu is another URL');
      if (request.accessToken !== undefined && claims['ath'] !== hashOf(request.accessToken)) {
        throw invalid('ath is of another access token');
      }
      requireFresh(claims, jkt);
      return jkt;
    },
  };
}

async function verified(proof: string): Promise<{ claims: JWTPayload; jkt: string }> {
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: ['ES256', 'RS256', 'PS256', 'EdDSA', 'Ed25519'],
    });
    const { jwk } = protectedHeader;
    if (jwk === undefined || 'd' in jwk) throw invalid('jwk is missing or private');
    return { claims: payload, jkt: await calculateJwkThumbprint(jwk) };
  } catch (error) {
    if (error instanceof errors.JOSEError) throw invalid(error.code);
    throw error;
  }
}

const invalid = (description: string) => new ProofError('invalid_dpop_proof', description);
const hashOf = (text: string) => createHash('sha256').update(text).digest('base64url');

function withoutQuery(text: string): string {
  const url = new URL(text);
  return url.origin + url.pathname;
}
