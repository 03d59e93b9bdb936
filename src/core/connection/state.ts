// What a connection can be and what can happen to it. Invariant: transition() is pure and total;
// a snapshot never holds a token; a network failure never becomes a removal or the reverse.
import type { ErrorCode, Facts } from '../errors.ts';
import type { ToolChanges } from '../server/toolChanges.ts';
import type { HistoryEntry } from './history.ts';

export type ConnectingStep =
  | 'discovery'
  | 'exchange'
  | 'redemption'
  /** The person confirms something in the browser. */
  | 'interaction'
  | 'probe';

/** Times are wall-clock milliseconds since the epoch. */
export type ConnectionState =
  | { readonly kind: 'signedOut' }
  /** Granted before; asked for again at its first use. */
  | { readonly kind: 'standby' }
  | { readonly kind: 'connecting'; readonly attempt: number; readonly step: ConnectingStep }
  | {
      readonly kind: 'connected';
      readonly scopes: readonly string[];
      readonly confirmedAtMs: number;
      readonly tools: number;
      /** Wanted or held before, not granted now. */
      readonly reducedBy: readonly string[];
      /** Set while checks fail for reasons that are not an answer about access. */
      readonly unconfirmedSinceMs?: number;
    }
  | { readonly kind: 'paused'; readonly sinceMs: number; readonly code: ErrorCode }
  | { readonly kind: 'notGranted'; readonly code: ErrorCode }
  | { readonly kind: 'accessRemoved'; readonly atMs: number; readonly code: ErrorCode }
  | { readonly kind: 'sessionEnded'; readonly atMs: number }
  /** By the emergency stop of the organization. */
  | { readonly kind: 'stopped'; readonly atMs: number; readonly code: ErrorCode }
  | { readonly kind: 'needsSignIn'; readonly code: ErrorCode }
  | { readonly kind: 'refusedByServer'; readonly code: ErrorCode }
  | { readonly kind: 'misconfigured'; readonly code: ErrorCode }
  | { readonly kind: 'unreachable'; readonly code: ErrorCode }
  | { readonly kind: 'turnedOff' };

export type ConnectionEvent =
  | { readonly type: 'stoodBy' }
  | { readonly type: 'connectStarted'; readonly attempt: number }
  | { readonly type: 'stepped'; readonly attempt: number; readonly step: ConnectingStep }
  | {
      readonly type: 'opened';
      /** Absent for one that stood by. */
      readonly attempt?: number;
      readonly scopes: readonly string[];
      readonly reducedBy: readonly string[];
      readonly tools: number;
      readonly atMs: number;
    }
  /** The identity provider said yes again. */
  | {
      readonly type: 'confirmed';
      readonly scopes: readonly string[];
      readonly reducedBy: readonly string[];
      readonly atMs: number;
    }
  | { readonly type: 'toolsListed'; readonly tools: number }
  /** A check got no answer about access: network, 5xx, 429. */
  | { readonly type: 'checkFailed'; readonly atMs: number }
  /** Evidence older than the limit, or nothing left to call with, while nobody answers. */
  | { readonly type: 'limitReached'; readonly atMs: number; readonly code: ErrorCode }
  /** An attempt or a check ended with an answer, or with no answer before access was ever open. */
  | {
      readonly type: 'failed';
      /** Of the connect attempt that failed; absent for a check of an open connection. */
      readonly attempt?: number;
      readonly code: ErrorCode;
      readonly hadAccess: boolean;
      readonly atMs: number;
    }
  | { readonly type: 'signedOut' }
  | { readonly type: 'sessionEnded'; readonly atMs: number }
  | { readonly type: 'stopped'; readonly atMs: number }
  | { readonly type: 'stopLifted' }
  | { readonly type: 'turnedOff' }
  | { readonly type: 'turnedOn' };

export type StateKind = ConnectionState['kind'];

export interface ToolSummary {
  readonly name: string;
  /** From the tool's `readOnlyHint`; absent means it may write. */
  readonly readOnly: boolean;
}

export interface ConnectionSnapshot {
  readonly id: string;
  readonly label: string;
  readonly url: string;
  /** Id of the identity provider this server is bound to. */
  readonly identityProvider: string;
  readonly state: ConnectionState;
  readonly changedAtMs: number;
  readonly wantedScopes: readonly string[];
  /** What the profile calls so. */
  readonly writeScopes: readonly string[];
  readonly tools: readonly ToolSummary[];
  /** The last time it listed other tools than before, while it was open. */
  readonly toolChanges?: ToolChanges & { readonly atMs: number };
  /** When the access in hand is given up. */
  readonly expiresAtMs?: number;
  /** Until when the server would take a copy of the last access. */
  readonly copyWorksUntilMs?: number;
  /** When its authorization server was told that it is over (RFC 7009); whether servers heed that is theirs. */
  readonly revokedAtMs?: number;
  /** Absent while it is open: checked before its next use. */
  readonly nextCheckAtMs?: number;
  /** Until when it stays open while nobody can be asked. */
  readonly openUntilMs?: number;
  /** Event streams that are open at the server. */
  readonly openStreams: number;
  readonly history: readonly HistoryEntry[];
  readonly lastCall?: {
    readonly tool: string;
    readonly atMs: number;
    readonly outcome: 'ok' | 'error' | 'denied';
  };
  /** Why it is not connected, for the details; values are safe to show when escaped. */
  readonly failure?: { readonly code: ErrorCode; readonly facts: Facts; readonly atMs: number };
}

/** The closed state an answer leads to. */
function closedBy(event: ConnectionEvent & { type: 'failed' }): ConnectionState {
  const { code, hadAccess, atMs } = event;
  switch (code) {
    case 'exchange.denied':
    case 'exchange.scopeRefused':
    case 'exchange.nothingGranted':
      return hadAccess ? { kind: 'accessRemoved', atMs, code } : { kind: 'notGranted', code };
    case 'exchange.targetRefused':
    case 'exchange.clientNotAllowed':
      return hadAccess ? { kind: 'accessRemoved', atMs, code } : { kind: 'misconfigured', code };
    case 'identityProvider.sessionEnded':
      return { kind: 'sessionEnded', atMs };
    case 'identityProvider.signInAgain':
    case 'identityProvider.accountMismatch':
    case 'identityProvider.accountNotAllowed':
    case 'exchange.stepUpRequired':
    case 'exchange.stepUpFailed':
    case 'redemption.interactionRequired':
    case 'server.stepUpRequired':
      return { kind: 'needsSignIn', code };
    case 'redemption.refused':
    case 'redemption.denied':
    case 'redemption.nothingGranted':
    case 'server.tokenRefused':
    case 'server.forbidden':
    case 'server.insufficientScope':
      return { kind: 'refusedByServer', code };
    case 'organization.stopped':
      return { kind: 'stopped', atMs, code };
    case 'user.turnedOff':
      return { kind: 'turnedOff' };
    case 'user.cancelled':
    case 'user.timedOut':
    case 'user.signedOut':
      return { kind: 'signedOut' };
    case 'identityProvider.unavailable':
    case 'identityProvider.busy':
      return { kind: 'paused', sinceMs: atMs, code };
    case 'network.unreachable':
    case 'network.tls':
    case 'network.captivePortal':
    case 'redemption.unavailable':
    case 'server.unavailable':
    case 'server.protocolError':
      return { kind: 'unreachable', code };
    default:
      return { kind: 'misconfigured', code };
  }
}

const kindOf = (code: ErrorCode): StateKind =>
  closedBy({ type: 'failed', code, hadAccess: false, atMs: 0 }).kind;

/** True for answers about nothing but the road: retried, and never the end of an open connection. */
export const isOutage = (code: ErrorCode): boolean =>
  ['unreachable', 'paused'].includes(kindOf(code));

/** The company takes away what it has given, or may have given, before. */
export const isRemoval = (code: ErrorCode): boolean =>
  closedBy({ type: 'failed', code, hadAccess: true, atMs: 0 }).kind === 'accessRemoved';

/** True for what the person can mend with a click: by signing in, or in the browser. */
export const isForPerson = (code: ErrorCode): boolean => kindOf(code) === 'needsSignIn';

export const isOpen = (state: ConnectionState): state is ConnectionState & { kind: 'connected' } =>
  state.kind === 'connected';

/** Whether VS Code may use it: what stands by connects then. */
export const isUsable = ({ kind }: ConnectionState): boolean =>
  kind === 'connected' || kind === 'standby';

/** Comes back by itself once the other party answers. */
export const isWaiting = ({ kind }: ConnectionState): boolean =>
  kind === 'paused' || kind === 'unreachable';

/** Nobody could be asked, the last time. */
export const isUnanswered = (state: ConnectionState): boolean =>
  isWaiting(state) || (isOpen(state) && state.unconfirmedSinceMs !== undefined);

/** Late answers of an abandoned attempt change nothing. */
const isCurrent = (state: ConnectionState, attempt: number | undefined): boolean =>
  attempt === undefined
    ? isUsable(state)
    : state.kind === 'connecting' && state.attempt === attempt;

/** The next state; the same object when the event changes nothing. */
export function transition(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  switch (event.type) {
    case 'stoodBy':
      return state.kind === 'signedOut' ? { kind: 'standby' } : state;
    case 'connectStarted':
      return { kind: 'connecting', attempt: event.attempt, step: 'discovery' };
    case 'stepped':
      return isCurrent(state, event.attempt)
        ? { kind: 'connecting', attempt: event.attempt, step: event.step }
        : state;
    case 'opened': {
      const { scopes, reducedBy, tools, atMs } = event;
      return isCurrent(state, event.attempt)
        ? { kind: 'connected', scopes, reducedBy, tools, confirmedAtMs: atMs }
        : state;
    }
    case 'confirmed': {
      const { scopes, reducedBy, atMs } = event;
      return isOpen(state)
        ? { kind: 'connected', scopes, reducedBy, tools: state.tools, confirmedAtMs: atMs }
        : state;
    }
    case 'toolsListed':
      return isOpen(state) ? { ...state, tools: event.tools } : state;
    case 'checkFailed':
      return isOpen(state) && state.unconfirmedSinceMs === undefined
        ? { ...state, unconfirmedSinceMs: event.atMs }
        : state;
    case 'limitReached':
      return isUsable(state) ? { kind: 'paused', sinceMs: event.atMs, code: event.code } : state;
    case 'failed':
      return isCurrent(state, event.attempt) ? closedBy(event) : state;
    case 'signedOut':
      return ['turnedOff', 'signedOut'].includes(state.kind) ? state : { kind: 'signedOut' };
    case 'sessionEnded':
      return state.kind === 'turnedOff' ? state : { kind: 'sessionEnded', atMs: event.atMs };
    case 'stopped':
      return state.kind === 'turnedOff'
        ? state
        : { kind: 'stopped', atMs: event.atMs, code: 'organization.stopped' };
    case 'stopLifted':
      return state.kind === 'stopped' ? { kind: 'signedOut' } : state;
    case 'turnedOff':
      return { kind: 'turnedOff' };
    case 'turnedOn':
      return state.kind === 'turnedOff' ? { kind: 'signedOut' } : state;
  }
}
