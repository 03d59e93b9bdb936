// What is promised from the trigger to the closed gate, and what a dry run says of it.
import type { OrganizationProfile } from '../profile/profile.ts';
import type { DrillKind } from './report.ts';

/** Longest one question may take, milliseconds. */
const requestMs = 15_000;
/** Calls of the drill come this often, milliseconds. */
export const callEveryMs = 1_000;

export interface BoundOf {
  readonly checkIntervalMs: number;
  readonly tokenCapMs: number;
  readonly maxStalenessMs: number;
  readonly emergencyStop: OrganizationProfile['emergencyStop'];
  /** Poll of security notices, where the identity provider has one. */
  readonly signalsPollSeconds: number | undefined;
}

/** Milliseconds; for a server in use while the identity provider can be asked. */
export function boundMs(kind: DrillKind, limits: BoundOf): number {
  const check = Math.min(limits.checkIntervalMs, limits.tokenCapMs) + requestMs;
  const polled = (seconds: number) => seconds * 1_200 + requestMs;
  switch (kind) {
    case 'grantRemoved':
      return check;
    case 'sessionEnded':
      return limits.signalsPollSeconds === undefined
        ? check
        : Math.min(check, polled(limits.signalsPollSeconds));
    case 'emergencyStop':
      return limits.emergencyStop === undefined
        ? check
        : Math.min(check, polled(limits.emergencyStop.pollSeconds));
    case 'refusedByServer':
      return callEveryMs + 2 * requestMs;
    case 'outage':
      return Math.max(limits.maxStalenessMs, check);
  }
}
