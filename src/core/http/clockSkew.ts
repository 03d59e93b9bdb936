// A wrong clock makes honest proofs look forged or dead, on either side. Named as such, nobody is sent to
// an administrator for it.
import { ConnectError, type ErrorCode, type Facts } from '../errors.ts';

/** A difference people must mend, seconds. */
const skewSec = 120;

/** Failures a wrong clock causes. Not: an answer that failed its checks, which may be an attack. */
const causedBySkew: readonly ErrorCode[] = [
  'identityProvider.idTokenInvalid',
  'identityProvider.signInAgain',
  'identityProvider.clientRefused',
  'redemption.refused',
  'redemption.clientRefused',
];

/**
 * This computer's clock less the sender's, whole seconds; undefined without a usable `Date`.
 * @see RFC 9110 §6.6.1
 */
export function clockOffsetSec(date: string | null, nowMs: number): number | undefined {
  const sentMs = date === null ? Number.NaN : Date.parse(date);
  return Number.isFinite(sentMs) ? Math.round((nowMs - sentMs) / 1000) : undefined;
}

/** Whether the clocks are too far apart for a complaint about time to be believed. */
export const isSkewed = (facts: Facts): boolean => Math.abs(facts.clockOffsetSec ?? 0) > skewSec;

/** `error`, or `network.clockSkew` in its place where a wrong clock explains it. */
export function namingSkew(error: ConnectError): ConnectError {
  const { code, facts } = error;
  const isAboutTime = causedBySkew.includes(code) || facts.oauthError === 'invalid_dpop_proof';
  return isAboutTime && isSkewed(facts)
    ? new ConnectError('network.clockSkew', facts, { cause: error })
    : error;
}
