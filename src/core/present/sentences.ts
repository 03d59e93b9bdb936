// Every code as one sentence a person can act on. Invariant: another party's words reach it only through
// cleanText.
import { isRemoval } from '../connection/state.ts';
import type { ErrorCode, Facts } from '../errors.ts';
import { cleanText } from './plainText.ts';
import { entries } from './sentenceEntries.ts';
import type { Action, Entry, Names, Remedy } from './sentenceEntry.ts';

export type { Action, Remedy } from './sentenceEntry.ts';

export interface ExplainContext {
  readonly organization?: string | undefined;
  /** Label of the server it is about. */
  readonly server?: string | undefined;
  /** Label of the identity provider it is about. */
  readonly identityProvider?: string | undefined;
  /** The profile comes from an administrator's file. */
  readonly managed?: boolean | undefined;
  readonly facts?: Facts | undefined;
  /** There was access before: a "no" is a removal then. */
  readonly hadAccess?: boolean | undefined;
}

export interface Explanation {
  readonly sentence: string;
  readonly remedy: Remedy;
  readonly action: Action;
}

/** What happened, who can mend it, and the one thing to do about it here. */
export function explain(code: ErrorCode, context: ExplainContext): Explanation {
  if (code === 'profile.invalid' && context.managed === true) {
    const { key, reason, org } = namesOf(context);
    const sentence = `In the administrator's profile, ${key} ${reason}; ask an administrator at ${org} to correct it.`;
    return { sentence, remedy: 'identityAdmin', action: 'none' };
  }
  if (context.hadAccess === true && isRemoval(code)) {
    const { org, server } = namesOf(context);
    const sentence = `Access to ${server} was removed by ${org}; ask an administrator at ${org} if you still need it.`;
    return { sentence, remedy: 'identityAdmin', action: 'copyDetails' };
  }
  // An unknown code, or a property of the prototype, must not keep the screen from being drawn.
  const entry: Entry = entries[Object.hasOwn(entries, code) ? code : 'bug'];
  const isOwn = context.managed === false && entry.inOwnProfile !== undefined;
  const { remedy, action, say } = isOwn ? entry.inOwnProfile : entry;
  return { sentence: say(namesOf(context)), remedy, action };
}

function namesOf(context: ExplainContext): Names {
  const { facts = {} } = context;
  const org = named(context.organization, 'your company');
  const server = named(context.server, 'the server');
  const { scopes, retryAfterSec, clockOffsetSec, certificate, expected, actual } = facts;
  const areBothKnown = named(expected, '') !== '' && named(actual, '') !== '';
  return {
    org,
    server,
    idp: named(context.identityProvider, org),
    host: named(facts.host, server),
    isNameUnknown: facts.systemCode === 'ENOTFOUND',
    key: named(facts.key, 'an entry'),
    reason: named(facts.reason, 'cannot be used'),
    file: named(facts.file, 'the file'),
    scopes: scopes === undefined || scopes === '' ? '' : ` (${cleanText(scopes)})`,
    skew: clockOffsetSec === undefined ? 'wrong' : skewWords(clockOffsetSec),
    expected: named(expected, 'another account'),
    actual: named(actual, 'somebody else'),
    accounts: areBothKnown ? ` (${named(actual, '')} instead of ${named(expected, '')})` : '',
    certificate: named(certificate, '') === '' ? '' : ` (it is for ${named(certificate, '')})`,
    again: againWords(context.server !== undefined, retryAfterSec),
  };
}

/** Connections are tried again for ever; what a person began is theirs to begin again. */
function againWords(isOfConnection: boolean, retryAfterSec: number | undefined): string {
  const delay = retryAfterSec === undefined ? '' : ` in ${Math.ceil(retryAfterSec)} s`;
  return isOfConnection
    ? `it is tried again by itself${delay}`
    : `try again${delay === '' ? ' in a moment' : delay}`;
}

function named(text: string | undefined, otherwise: string): string {
  const cleaned = cleanText(text ?? '');
  return cleaned === '' ? otherwise : cleaned;
}

/** `4 min fast`, `2 h slow`. */
export function skewWords(offsetSec: number): string {
  const minutes = Math.round(Math.abs(offsetSec) / 60);
  const amount = minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
  return `${amount} ${offsetSec > 0 ? 'fast' : 'slow'}`;
}
