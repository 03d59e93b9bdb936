// What the organization signs and publishes: believed only with a key of the administrator's file, for us,
// from whom it should be, and not from the future. Another party's text gets no further than here.
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose';
import * as v from 'valibot';
import { ConnectError, type ErrorCode, type Facts } from '../errors.ts';
import type { SignedSource } from '../profile/profile.ts';

/** Clocks may differ by this, milliseconds. */
export const skewMs = 60_000;
const maxLength = 65_536;

/** Why a notice is not believed. */
export const doubts = {
  size: 'it is larger than 64 KiB',
  signature: 'it is not signed with a key of the profile',
  type: 'it is of another type',
  claims: 'it does not say who made it, for whom and when',
  issuer: 'it is of another issuer',
  audience: 'it is for another audience',
  future: 'it is from the future',
} as const;

const claimsSchema = v.looseObject({
  iss: v.string(),
  aud: v.union([v.string(), v.array(v.string())]),
  iat: v.number(),
});

export type Claims = v.InferOutput<typeof claimsSchema> & Readonly<Record<string, unknown>>;

export interface Expected extends Pick<SignedSource, 'issuer' | 'audience' | 'keys'> {
  /** `typ` of the header. */
  readonly type: string;
  /** Those of public keys only: with a shared secret in the list, a public key would pass for one. */
  readonly algorithms: readonly string[];
  /** Thrown with these facts and a reason of our own. */
  readonly code: ErrorCode;
  readonly facts: Facts;
}

/**
 * The claims of a notice that is genuine. Whether it is still good is for the caller to say.
 * @throws `expected.code`
 * @see RFC 7515 §5.2, RFC 8725 §3
 */
export async function verifyNotice(
  jws: string,
  expected: Expected,
  nowMs: number,
): Promise<Claims> {
  const refuse = (reason: string, cause?: unknown): never => {
    throw new ConnectError(expected.code, { ...expected.facts, reason }, { cause });
  };
  if (jws.length > maxLength) return refuse(doubts.size);
  const { payload, protectedHeader } = await signedByPinned(jws, expected).catch((error: unknown) =>
    refuse(doubts.signature, error),
  );
  if (protectedHeader.kid === undefined) return refuse(doubts.signature);
  if (mediaType(protectedHeader.typ) !== expected.type) return refuse(doubts.type);
  const parsed = v.safeParse(claimsSchema, json(payload));
  if (!parsed.success) return refuse(doubts.claims);
  const { iss, aud, iat } = parsed.output;
  if (iss !== expected.issuer) return refuse(doubts.issuer);
  if (![aud].flat().includes(expected.audience)) return refuse(doubts.audience);
  if (iat * 1000 > nowMs + skewMs) return refuse(doubts.future);
  return parsed.output;
}

/** Neither a key in the header nor one looked up: only what is pinned (RFC 8725 §3.10). */
async function signedByPinned(jws: string, { keys, algorithms }: Expected) {
  const pinned = createLocalJWKSet({ keys } as unknown as JSONWebKeySet);
  return compactVerify(jws, pinned, { algorithms: [...algorithms] });
}

/** @see RFC 7515 §4.1.9 */
const mediaType = (typ: string | undefined) => typ?.toLowerCase().replace(/^application\//, '');

function json(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    return undefined;
  }
}
