// WWW-Authenticate, parsed by its grammar: several challenges in one header, quoted strings with
// escapes and commas, token68. A malformed rest is dropped, never guessed at.

export interface Challenge {
  /** Lower case. */
  readonly scheme: string;
  /** Names in lower case; the first of a repeated name wins. */
  readonly parameters: Readonly<Record<string, string>>;
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const separator = /[\s,]*/y;
const parameter = new RegExp(
  `(${token})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))`,
  'y',
);
const scheme = new RegExp(`(${token})(?:[ \\t]+|(?=,|$))`, 'y');
const token68 = /[A-Za-z0-9._~+/-]+=*[ \t]*(?=,|$)/y;
/** A server may not make us work on more than this. */
const maxLength = 16_384;

/**
 * The challenges of one header value, in their order.
 * @see RFC 9110 §11.6.1
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const text = header.slice(0, maxLength);
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    at = pattern.lastIndex;
    return match;
  };

  while (at < text.length) {
    take(separator);
    const current = challenges.at(-1);
    const pair = current === undefined ? undefined : take(parameter);
    if (current !== undefined && pair !== undefined) {
      const name = (pair[1] ?? '').toLowerCase();
      const value = pair[2]?.replace(/\\(.)/g, '$1') ?? pair[3] ?? '';
      if (!current.parameters.has(name)) current.parameters.set(name, value);
      continue;
    }
    const start = take(scheme);
    if (start === undefined) break;
    challenges.push({ scheme: (start[1] ?? '').toLowerCase(), parameters: new Map() });
    const here = at;
    if (take(parameter) === undefined) take(token68);
    else at = here;
  }
  return challenges.map(({ scheme, parameters }) => ({
    scheme,
    parameters: Object.fromEntries(parameters),
  }));
}

/** The parameters of the first Bearer or DPoP challenge. */
export function bearerChallenge(
  header: string | null,
): Readonly<Record<string, string>> | undefined {
  if (header === null) return undefined;
  return parseChallenges(header).find(({ scheme }) => scheme === 'bearer' || scheme === 'dpop')
    ?.parameters;
}
