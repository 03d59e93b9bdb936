// What looks like a secret in a file of somebody else. Only ever answered with yes or no: the value itself
// goes nowhere.

const secretWords = new Set(
  'authorization auth bearer token secret password passwd pwd apikey key pat credential credentials cookie jwt'.split(
    ' ',
  ),
);

/** True of `X-API-Key`, `GITHUB_TOKEN`, `--oauth2Bearer`; not of `TOKEN_LIMIT`. */
export function namesSecret(name: string): boolean {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').split(/[^A-Za-z0-9]+/);
  const last = words.filter((word) => word !== '').at(-1);
  return last !== undefined && secretWords.has(last.toLowerCase());
}

const scheme = /^(bearer|basic|token)\s+\S{6,}/i;
const knownPrefix =
  /^(gh[a-z]_|github_pat_|glpat-|xox[a-z]-|sk-|pk_|sk_|rk_|eyJ|AKIA|ya29\.|lin_|ntn_|secret_|figd_|ATATT|dop_|hf_|npm_)/;
const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
/** A name out of a file is shown, so it must be one. */
const plainName = /^[A-Za-z][\w.-]{0,63}$/;

/** True of values made to be secret: known prefixes, and long strings as random as a key is. */
export function looksSecret(value: string): boolean {
  if (scheme.test(value) || (knownPrefix.test(value) && value.length >= 12)) return true;
  if (value.length < 20 || value.length > 4_096 || uuid.test(value)) return false;
  const isMixed = /[A-Za-z]/.test(value) && /\d/.test(value);
  return isMixed && /^[\w+/=.~-]+$/.test(value) && bitsPerCharacter(value) >= 3.6;
}

/** The name, unless somebody wrote the secret where the name belongs. */
export const shownName = (name: string): string | undefined =>
  plainName.test(name) && !looksSecret(name) ? name : undefined;

/** Shannon's entropy. */
function bitsPerCharacter(value: string): number {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((bits, count) => {
    const share = count / value.length;
    return bits - share * Math.log2(share);
  }, 0);
}
