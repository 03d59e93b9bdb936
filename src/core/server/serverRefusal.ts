// What a status other than 2xx of an MCP server means, and what its challenge asks for.
import { parseChallenges } from '../http/challenge.ts';
import { ConnectError, type Facts } from '../errors.ts';
import { answerFacts } from '../http/http.ts';
import { stepUpFacts } from './stepUpDemand.ts';

/** Of all scopes of a challenge together: more is not believed. */
const maxScopesLength = 1_000;

/**
 * What a server refuses with, by the parsed challenge; the status decides only without one.
 * @see RFC 6750 §3.1, RFC 9470 §3
 */
export function serverRefusal(response: Response, url: string): ConnectError {
  const { status, headers } = response;
  const facts = answerFacts(response, url);
  if (status === 401 || status === 403) {
    return accessRefusal(status, challengeIn(headers.get('www-authenticate') ?? ''), facts);
  }
  if (status === 429 || status >= 500) return new ConnectError('server.unavailable', facts);
  return new ConnectError('server.protocolError', facts);
}

/** Of several, the one that says why: a server may offer Bearer and DPoP. */
function challengeIn(header: string): Readonly<Record<string, string>> {
  const known = parseChallenges(header)
    .filter(({ scheme }) => scheme === 'bearer' || scheme === 'dpop')
    .map(({ parameters }) => parameters);
  return known.find((one) => one['error'] !== undefined) ?? known[0] ?? {};
}

function accessRefusal(
  status: 401 | 403,
  challenge: Readonly<Record<string, string>>,
  answer: Facts,
): ConnectError {
  const { error, scope, acr_values: acrValues, max_age: maxAge } = challenge;
  if (error === 'insufficient_user_authentication') {
    const demanded = stepUpFacts(acrValues, maxAge);
    return new ConnectError('server.stepUpRequired', { ...answer, ...demanded });
  }
  const scopes = boundedScopes(scope ?? '');
  const facts = { ...answer, ...(scopes === '' ? {} : { scopes }) };
  if (error === 'insufficient_scope') return new ConnectError('server.insufficientScope', facts);
  return new ConnectError(status === 401 ? 'server.tokenRefused' : 'server.forbidden', facts);
}

/** The scopes a server asks for with its refusal; undefined where it names none. */
export const challengedScopes = ({ facts }: ConnectError): readonly string[] | undefined =>
  facts.scopes === undefined ? undefined : facts.scopes.split(' ');

/** Whole scopes only: a part of one may be another. */
function boundedScopes(scope: string): string {
  const all = scope.trim().replace(/ +/g, ' ');
  const bounded = all.slice(0, maxScopesLength);
  return bounded === all ? all : bounded.slice(0, Math.max(0, bounded.lastIndexOf(' ')));
}
