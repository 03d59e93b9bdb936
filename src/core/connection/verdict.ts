// Whether a failed check says anything about access.
import type { ConnectError } from '../errors.ts';
import { isOutage } from './state.ts';

/**
 * An answer about access. Not one: an outage, trouble of our own (the clock of this computer too), an answer
 * nobody understands.
 */
export function saysSomething({ code, facts }: ConnectError): boolean {
  const ours = ['bug', 'storage.unavailable', 'user.cancelled', 'network.clockSkew'];
  const isUnclear =
    /\.(answer|response)Invalid$/.test(code) &&
    facts.oauthError === undefined &&
    facts.reason === undefined;
  return !ours.includes(code) && !isOutage(code) && !isUnclear;
}

/** A "no" to what was asked for, which may be a "yes" to less. */
export const refusesScopes = ({ code }: ConnectError): boolean =>
  /^(exchange\.(denied|targetRefused|scopeRefused|clientNotAllowed|nothingGranted)|redemption\.(refused|denied|scopeRefused|nothingGranted))$/.test(
    code,
  );

/** What is said when a question was still open at the limit. */
export const noAnswer = {
  code: 'identityProvider.unavailable',
  facts: { systemCode: 'TIMEOUT' },
} as const;
