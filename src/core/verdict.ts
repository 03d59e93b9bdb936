// Whether a failed check says anything about access.
import type { ConnectError } from './errors.ts';
import { isOutage } from './state.ts';

/** An answer about access. Not one: an outage, trouble of our own, an answer nobody understands. */
export function saysSomething({ code, facts }: ConnectError): boolean {
  const ours = ['bug', 'storage.unavailable', 'user.cancelled'];
  const isUnclear =
    /\.(answer|response)Invalid$/.test(code) &&
    facts.oauthError === undefined &&
    facts.reason === undefined;
  return !ours.includes(code) && !isOutage(code) && !isUnclear;
}
