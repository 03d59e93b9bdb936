// A whole drill, from what it will measure to the report; the same in an editor and without one.
import type { Promises } from '../connections.ts';
import type { Overview } from '../overview.ts';
import type { Clock, Event } from '../ports.ts';
import type { Secret } from '../secret.ts';
import type { Witnessed } from '../witness.ts';
import { boundMs } from './bound.ts';
import { runDrill, type DrillClient, type DrillPlan } from './drill.ts';
import type { DrillKind, DrillReport, ScanFinding } from './report.ts';

/** Of core/connections.ts. */
export interface Drilled {
  overview(): Overview;
  readonly onDidChange: Event<void>;
  holds(serverId: string): boolean;
  openStreams(serverId: string): number;
  heldSecrets(): readonly Secret[];
  promises(): Promises;
}

export interface RehearsalDeps {
  readonly connections: Drilled;
  readonly client: DrillClient;
  /** Whether an editor is offered this server now. */
  readonly isOffered: (serverId: string) => boolean;
  /** Looks for what is revealed to it wherever something could have been left behind. */
  readonly scan: (secrets: readonly Secret[]) => Promise<ScanFinding>;
  readonly witnessed: () => Witnessed;
  readonly clock: Clock;
  readonly versions: DrillReport['versions'];
}

export interface Rehearsal {
  readonly kind: DrillKind;
  readonly serverIds: readonly string[];
  readonly triggered: DrillPlan['triggered'];
  readonly onProgress: DrillPlan['onProgress'];
  readonly signal: AbortSignal;
}

/** What would be measured, without doing anything. */
export interface DryRun {
  readonly kind: DrillKind;
  readonly servers: readonly { id: string; label: string; state: string; boundMs: number }[];
}

export function dryRun(
  { kind, serverIds }: Pick<Rehearsal, 'kind' | 'serverIds'>,
  connections: Drilled,
): DryRun {
  const known = connections.overview().connections.filter(({ id }) => serverIds.includes(id));
  return {
    kind,
    servers: known.map(({ id, label, state, identityProvider }) => ({
      id,
      label,
      state: state.kind,
      boundMs: promisedMs(kind, connections.promises(), identityProvider),
    })),
  };
}

/** @throws what `triggered` throws */
export async function rehearse(rehearsal: Rehearsal, deps: RehearsalDeps): Promise<DrillReport> {
  const { connections, clock, versions } = deps;
  const startedAtMs = clock.now();
  const before = deps.witnessed();
  const secrets = connections.heldSecrets();
  const bounds = dryRun(rehearsal, connections).servers.map((one) => one.boundMs);
  const about = await aboutThis(connections, startedAtMs);
  const ran = await runDrill(
    { ...rehearsal, boundMs: Math.max(0, ...bounds) },
    {
      overview: () => connections.overview(),
      onDidChange: connections.onDidChange,
      isHeld: (id) => connections.holds(id),
      openStreams: (id) => connections.openStreams(id),
      ...deps,
    },
  );
  const after = deps.witnessed();
  return {
    ...about,
    ...ran,
    kind: rehearsal.kind,
    startedAtMs,
    endedAtMs: clock.now(),
    versions,
    scan: await deps.scan(secrets),
    witnessed: {
      browserOpened: after.browserOpened - before.browserOpened,
      registrations: after.registrations - before.registrations,
    },
    notTested: [
      'Copies of a credential on another computer: only their server can end them.',
      'Requests the editor makes by itself, outside of this extension.',
      'Memory of this computer.',
    ],
  };
}

function promisedMs(kind: DrillKind, promises: Promises, identityProvider: string): number {
  const { profile } = promises;
  const own = profile?.identityProviders.find(({ id }) => id === identityProvider);
  return boundMs(kind, {
    ...promises,
    emergencyStop: profile?.emergencyStop,
    signalsPollSeconds: own?.sharedSignals?.pollSeconds,
  });
}

async function aboutThis(connections: Drilled, atMs: number) {
  const { profile } = connections.promises();
  const { people, organization = '' } = connections.overview();
  const issuers = (profile?.identityProviders ?? []).map(({ issuer }) => issuer);
  const subjects = people.flatMap(({ session }) =>
    'account' in session ? session.account.id : [],
  );
  const person = await sha256(JSON.stringify([issuers, subjects]));
  return {
    reportId: `${new Date(atMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}-${person.slice(0, 8)}`,
    organization,
    // Secrets print as such: what is hashed holds none.
    profile: {
      source: profile?.source ?? 'settings',
      sha256: await sha256(JSON.stringify(profile)),
    },
    identityProviders: issuers,
    person: person.slice(0, 16),
  } as const;
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
