// What a revocation drill found out, as plain data: times are wall clock, milliseconds; nothing secret,
// no arguments of calls, the person by a pseudonym.
import type { Detector } from '../connection/history.ts';
import type { StateKind } from '../connection/state.ts';

export const drillKinds = {
  /** Taken out of the group, or the grant taken away, at the identity provider. */
  grantRemoved: 'Access removed at the identity provider',
  sessionEnded: 'Company sign-in ended by an administrator',
  emergencyStop: 'Emergency stop published',
  refusedByServer: 'Access revoked at the server',
  outage: 'Identity provider unreachable',
} as const;

export type DrillKind = keyof typeof drillKinds;

export type Verdict = 'PASS' | 'FAIL' | 'INCONCLUSIVE';

export interface ServerFinding {
  readonly id: string;
  readonly label: string;
  readonly verdict: Verdict;
  /** Why it is not PASS. */
  readonly reasons: readonly string[];
  /** What is promised from the trigger to the closed gate. */
  readonly boundMs: number;
  readonly callsBefore: number;
  readonly callsAfterTrigger: number;
  readonly lastAllowedCallAtMs?: number;
  readonly detectedAtMs?: number;
  readonly detector?: Detector;
  readonly closedAs?: StateKind;
  readonly gateClosedAtMs?: number;
  readonly streamClosedAtMs?: number;
  /** Nothing of it is held any more. */
  readonly wipedAtMs?: number;
  readonly toolsGoneAtMs?: number;
  /** What a client was told by the first call that was not let through. */
  readonly told?: string;
  /** Until when its server would take a copy made elsewhere. */
  readonly copyWorksUntilMs?: number;
  /** When its authorization server took it back (RFC 7009). */
  readonly revokedAtMs?: number;
}

export interface ScanFinding {
  /** Credentials that were looked for, in every form they could have been written down in. */
  readonly credentials: number;
  readonly files: number;
  readonly bytes: number;
  /** Files that hold one. */
  readonly hits: readonly string[];
  /** Places that could not be read. */
  readonly unread: readonly string[];
}

export interface DrillReport {
  readonly reportId: string;
  readonly kind: DrillKind;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** When the administrator did it. */
  readonly triggeredAtMs: number;
  readonly versions: Readonly<Record<'extension' | 'editor' | 'system', string>>;
  readonly organization: string;
  readonly profile: { readonly source: 'managed' | 'settings'; readonly sha256: string };
  readonly identityProviders: readonly string[];
  /** SHA-256 of issuer and subject, shortened. */
  readonly person: string;
  readonly servers: readonly ServerFinding[];
  readonly scan: ScanFinding;
  /** While it ran. */
  readonly witnessed: { readonly browserOpened: number; readonly registrations: number };
  readonly clockOffsetSec?: number;
  readonly notTested: readonly string[];
}

/** Of all servers together. */
export function verdictOf({ servers, scan, witnessed }: DrillReport): Verdict {
  const isClean =
    scan.hits.length === 0 && witnessed.browserOpened === 0 && witnessed.registrations === 0;
  if (!isClean || servers.some(({ verdict }) => verdict === 'FAIL')) return 'FAIL';
  const isSure = servers.length > 0 && servers.every(({ verdict }) => verdict === 'PASS');
  return isSure ? 'PASS' : 'INCONCLUSIVE';
}
