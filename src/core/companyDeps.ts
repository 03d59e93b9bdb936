// What a company needs from the connections it is part of.
import type { Choices } from './choices.ts';
import type { Limits } from './limits.ts';
import type { OutboundLoader } from './outbound.ts';
import type { Account } from './overview.ts';
import type {
  Clock,
  Fetch,
  Log,
  OpenUrl,
  SecretStore,
  ShowCode,
  StartRedirectReceiver,
} from './ports.ts';
import type { Windows } from './windows/windows.ts';

export interface CompanyDeps {
  readonly fetch: Fetch;
  readonly outbound: OutboundLoader;
  readonly store: SecretStore;
  readonly windows: Windows;
  readonly choices: Choices;
  readonly openUrl: OpenUrl;
  readonly startReceiver: StartRedirectReceiver;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly clientVersion: string;
  readonly limits: () => Limits;
  /** The organization has stopped this server for everybody. */
  readonly isStopped: (serverId: string) => boolean;
  /** The organization has ended sign-ins as old as this one. */
  readonly endsSession: (session: {
    readonly account: Account;
    readonly sinceMs: number;
  }) => boolean;
  readonly onDidChange: () => void;
}

export interface SignInOptions {
  /** Sign in with a code instead of the browser on this computer. */
  readonly withCode?: ShowCode | undefined;
}
