// What another party says a sign-in must reach, as facts: it goes into a sign-in and onto the screen.
import type { Facts } from '../errors.ts';

const maxLength = 200;

/** @see RFC 9470 §3 */
export function stepUpFacts(acrValues: unknown, maxAge: unknown): Facts {
  const isClass = typeof acrValues === 'string' && /^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(acrValues);
  const maxAgeSec = typeof maxAge === 'string' && maxAge !== '' ? Number(maxAge) : maxAge;
  const isAge = typeof maxAgeSec === 'number' && Number.isSafeInteger(maxAgeSec) && maxAgeSec >= 0;
  return {
    ...(isClass && acrValues.length <= maxLength ? { acrValues } : {}),
    ...(isAge ? { maxAgeSec } : {}),
  };
}
