// What a person sends to an administrator. Invariant: built from allow-listed facts and times only; no
// credential, no account, no word of another party uncleaned.
import type { Facts } from '../errors.ts';
import type { Overview, PersonSnapshot } from '../overview.ts';
import { utc } from './moment.ts';
import { cleanText } from './plainText.ts';
import { explain } from './sentences.ts';
import type { ConnectionSnapshot } from '../connection/state.ts';
import { explanationOf } from './explanation.ts';
import { stateWords } from './stateWords.ts';

export interface Versions {
  readonly extensionVersion: string;
  readonly vscodeVersion: string;
  readonly nowMs: number;
}

const legs: ReadonlyMap<string, string> = new Map([
  ['profile', 'organization profile'],
  ['network', 'network'],
  ['discovery', 'metadata discovery (RFC 9728, RFC 8414)'],
  ['identityProvider', 'company sign-in (OpenID Connect)'],
  ['exchange', 'token exchange at the identity provider (RFC 8693)'],
  ['redemption', 'redemption at the authorization server (RFC 7523)'],
  ['server', 'MCP server'],
  ['gateway', 'local gateway'],
]);

const factNames = {
  host: 'Host',
  key: 'Profile key',
  reason: 'Reason',
  file: 'File',
  status: 'HTTP status',
  oauthError: 'OAuth error',
  audience: 'Audience',
  resource: 'Resource',
  scopes: 'Scopes requested',
  expected: 'Expected',
  actual: 'Actual',
  requestId: 'Request id',
  jtiHash: 'ID-JAG jti (SHA-256, shortened)',
  retryAfterSec: 'Retry after (s)',
  systemCode: 'System error',
  certificate: 'Certificate',
  clockOffsetSec: 'Clock offset of this computer (s)',
  acrValues: 'Sign-in strength asked for (acr_values)',
  maxAgeSec: 'Sign-in age asked for (max_age, s)',
} satisfies Record<keyof Facts, string>;

/** Plain text about one connection for the clipboard; undefined when it is not there. */
export function connectionDetails(
  overview: Overview,
  connectionId: string,
  versions: Versions,
): string | undefined {
  const connection = overview.connections.find(({ id }) => id === connectionId);
  if (connection === undefined) return undefined;
  const person = personAt(overview, connection.identityProvider);
  const context = {
    organization: overview.organization ?? '',
    identityProvider: person?.label,
    // Whoever reads this is the administrator.
    managed: true,
    nowMs: versions.nowMs,
    timeZone: 'UTC',
  };
  const why = explanationOf({ ...connection, ...shareable(connection) }, context);
  return document(overview, versions, [
    ['Server', `${connection.label} (${connection.id})`],
    ['Server URL', connection.url],
    ['Identity provider', `${person?.label ?? ''} (${connection.identityProvider})`],
    ['State', stateWords(connection, context)],
    ['State since', utc(connection.changedAtMs)],
    ...(why === undefined ? [] : [['In words', why.sentence]]),
    ...failureLines(shareable(connection).failure ?? signInFailure(person)),
    ...accessLines(connection),
  ]);
}

/** Plain text about a company sign-in for the clipboard; undefined when it is not there. */
export function signInDetails(
  overview: Overview,
  identityProviderId: string,
  versions: Versions,
): string | undefined {
  const person = personAt(overview, identityProviderId);
  if (person === undefined) return undefined;
  const { label, session } = person;
  const { failure } = shareable(person);
  const about = { organization: overview.organization, identityProvider: label };
  const why = failure && explain(failure.code, { ...about, facts: failure.facts });
  return document(overview, versions, [
    ['Identity provider', `${label} (${identityProviderId})`],
    ['State', sessionWords[session.kind]],
    ...(why === undefined ? [] : [['In words', why.sentence]]),
    ...failureLines(failure),
  ]);
}

const sessionWords = {
  signedOut: 'Not signed in',
  restoring: 'Signing in',
  signingIn: 'Signing in',
  signedIn: 'Signed in',
  ended: 'Signed out by the company',
} as const;

/** Of a server that only waits for the sign-in. */
const signInFailure = (person: PersonSnapshot | undefined): ConnectionSnapshot['failure'] =>
  person === undefined ? undefined : shareable(person).failure;

type Failing = Pick<ConnectionSnapshot, 'failure'>;

/** Accounts stay on the screen of their owner: an administrator is told their domains. */
function shareable({ failure }: Failing): Failing {
  if (failure === undefined) return {};
  const { expected, actual, ...rest } = failure.facts;
  if (!/^identityProvider\.account/.test(failure.code)) return { failure };
  const facts = { ...rest, ...domainOf('expected', expected), ...domainOf('actual', actual) };
  return { failure: { ...failure, facts } };
}

function domainOf(key: 'expected' | 'actual', account: string | undefined): Facts {
  if (account === undefined) return {};
  // What is expected may be a rule instead of an account.
  if (!account.includes('@')) return key === 'expected' ? { expected: account } : {};
  return { [key]: `an account of ${account.slice(account.lastIndexOf('@') + 1)}` };
}

const personAt = ({ people }: Overview, id: string): PersonSnapshot | undefined =>
  people.find(({ identityProvider }) => identityProvider === id);

function document(
  { managed }: Overview,
  { nowMs, extensionVersion, vscodeVersion }: Versions,
  lines: readonly (readonly string[])[],
): string {
  const all = [
    ...lines,
    ['Profile', managed ? 'managed file' : 'user settings'],
    ['Versions', `Enterprise MCP ${extensionVersion}, VS Code ${vscodeVersion}`],
    ['Copied at', utc(nowMs)],
  ];
  return ['Enterprise MCP: details for an administrator', ...all.map(asLine), ''].join('\n');
}

const asLine = ([name = '', value = '']: readonly string[]): string =>
  `${name}: ${cleanText(value, 600)}`;

function failureLines(failure: ConnectionSnapshot['failure']): readonly string[][] {
  if (failure === undefined) return [];
  const { code, facts, atMs } = failure;
  const named = Object.entries(factNames).flatMap(([key, name]) => {
    const value = facts[key as keyof Facts];
    return value === undefined || value === '' ? [] : [[name, String(value)]];
  });
  const leg = legs.get(code.split('.', 1)[0] ?? '');
  return [
    ['Failed at', utc(atMs)],
    ...(leg === undefined ? [] : [['Leg', leg]]),
    ['Code', code],
    ...named,
  ];
}

function accessLines({
  state,
  wantedScopes,
  expiresAtMs,
}: ConnectionSnapshot): readonly string[][] {
  const wanted = ['Scopes in the profile', wantedScopes.join(' ')];
  if (state.kind !== 'connected') return [wanted];
  return [
    wanted,
    ['Scopes granted', state.scopes.join(' ')],
    ...(state.reducedBy.length === 0 ? [] : [['Scopes not granted', state.reducedBy.join(' ')]]),
    ['Last confirmed', utc(state.confirmedAtMs)],
    ...(expiresAtMs === undefined ? [] : [['Expires', utc(expiresAtMs)]]),
  ];
}
