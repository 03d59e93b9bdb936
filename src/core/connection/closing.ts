import type { ErrorCode } from '../errors.ts';
import { isOutage, type ConnectionEvent } from './state.ts';

/** Why a connection closes, other than by an answer. */
export type Closing = Extract<
  ConnectionEvent,
  { type: 'signedOut' | 'sessionEnded' | 'stopped' | 'stopLifted' | 'turnedOff' | 'turnedOn' }
>;

/** Nobody looks at it any more: the window closes, or the profile has no such entry. */
export type LeftBy = 'gateway.closed' | 'profile.missing';

/** Ended wherever this person has it open, and not in one window alone. */
export const endsEverywhere = (code: ErrorCode): boolean =>
  code !== 'gateway.closed' && !isOutage(code);

/** What callers of a connection so closed are told. */
export const closingCode = {
  signedOut: 'user.signedOut',
  sessionEnded: 'identityProvider.sessionEnded',
  stopped: 'organization.stopped',
  stopLifted: 'user.signedOut',
  turnedOff: 'user.turnedOff',
  turnedOn: 'user.signedOut',
} as const satisfies Record<Closing['type'], ErrorCode>;
