// What became of one server's access, the latest last: who ended it, when, and what found it out.
import type { ErrorCode } from '../errors.ts';
import type { ConnectionState, StateKind } from './state.ts';

/** How it was found out. */
export type Detector =
  /** Somebody connected, or the extension did. */
  | 'connect'
  /** The company was asked again. */
  | 'check'
  /** The server answered a call so. */
  | 'use'
  /** The company session ended. */
  | 'session'
  | 'emergencyStop'
  | 'sharedSignal'
  /** Nobody could be asked for too long. */
  | 'limit'
  | 'person'
  /** Another window of this person. */
  | 'otherWindow';

export interface HistoryEntry {
  readonly atMs: number;
  readonly kind: StateKind | 'reduced' | 'toolsChanged';
  readonly detector: Detector;
  readonly code?: ErrorCode;
}

/** Entries kept per server. */
export const historyLength = 20;

/** What a change of state adds; undefined where access neither began nor ended nor shrank. */
export function historyEntry(
  before: ConnectionState,
  after: ConnectionState,
  { atMs, detector }: { atMs: number; detector: Detector },
): HistoryEntry | undefined {
  const [was, is] = [before, after].map(({ kind }) => kind === 'connected') as [boolean, boolean];
  if (was === is) {
    const isReduced = is && reducedBy(after).some((scope) => !reducedBy(before).includes(scope));
    return isReduced ? { atMs, kind: 'reduced', detector } : undefined;
  }
  // Connecting anew ends nothing.
  if (after.kind === 'connecting') return undefined;
  return { atMs, kind: after.kind, detector, ...('code' in after ? { code: after.code } : {}) };
}

/** Scopes it is open without. */
export const reducedBy = (state: ConnectionState): readonly string[] =>
  state.kind === 'connected' ? state.reducedBy : [];
