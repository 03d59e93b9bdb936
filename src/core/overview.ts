// Everything the views show, as frozen data: the organization, its people, their connections.
import type { ErrorCode, Facts } from './errors.ts';
import type { ConnectionSnapshot } from './connection/state.ts';

/** One mistake in the organization profile; the parts without mistakes still work. */
export interface ProfileProblem {
  readonly code:
    | 'profile.invalid'
    | 'profile.untrusted'
    | 'profile.unreadable'
    | 'organization.stopListInvalid'
    | 'organization.signalsInvalid';
  /** e.g. `servers[2].url` */
  readonly key: string;
  /** e.g. `must be https` */
  readonly reason: string;
}

export type CompanySessionState =
  | { readonly kind: 'signedOut' }
  /** A stored session is being looked up or renewed after start. */
  | { readonly kind: 'restoring' }
  | { readonly kind: 'signingIn' }
  | { readonly kind: 'signedIn'; readonly account: Account; readonly sinceMs: number }
  /** The identity provider ended it. */
  | {
      readonly kind: 'ended';
      readonly account: Account;
      readonly atMs: number;
      readonly detector: SessionDetector;
    };

/** What lacked something before may have it now. */
export const isAnotherSignIn = (
  before: CompanySessionState,
  { sinceMs, account }: CompanySessionState & { readonly kind: 'signedIn' },
): boolean =>
  before.kind !== 'signedIn' || before.account.id !== account.id || before.sinceMs !== sinceMs;

/** How the end of a company sign-in was found out. */
export type SessionDetector = 'session' | 'emergencyStop' | 'sharedSignal' | 'otherWindow';

export interface Account {
  /** `sub` at the identity provider. */
  readonly id: string;
  /** E-mail or name, the same for the life of the account. */
  readonly label: string;
}

export interface PersonSnapshot {
  /** Id of the identity provider. */
  readonly identityProvider: string;
  readonly label: string;
  readonly session: CompanySessionState;
  /** Signing in takes a code, not the browser of this computer. */
  readonly withCode?: true;
  /** Why the last sign-in did not work. */
  readonly failure?: { readonly code: ErrorCode; readonly facts: Facts; readonly atMs: number };
}

export interface Overview {
  /** False until the profile has been read for the first time. */
  readonly loaded: boolean;
  /** Name of the organization, absent without a profile. */
  readonly organization?: string;
  /** Set by an administrator's file, not by this person's settings. */
  readonly managed: boolean;
  /** Agents other than VS Code's own chat that the organization lets in; absent without a profile. */
  readonly harnesses?: { readonly agentHost: boolean; readonly otherClients: boolean };
  readonly problems: readonly ProfileProblem[];
  readonly people: readonly PersonSnapshot[];
  readonly connections: readonly ConnectionSnapshot[];
}
