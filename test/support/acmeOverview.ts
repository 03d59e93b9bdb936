// Snapshots for tests of what people see: Acme, alice, the Tickets server, Saturday 14:03 UTC.
import type { CompanySessionState, Overview, PersonSnapshot } from '../../src/core/overview.ts';
import type { ConnectionSnapshot, ConnectionState } from '../../src/core/connection/state.ts';

export const nowMs = Date.UTC(2026, 10, 21, 14, 3);
export const minutesAgo = (minutes: number): number => nowMs - minutes * 60_000;
export const context = { organization: 'Acme', identityProvider: 'Acme', nowMs, timeZone: 'UTC' };

export const connected = {
  kind: 'connected',
  scopes: ['tickets:read', 'tickets:write'],
  confirmedAtMs: minutesAgo(3),
  tools: 12,
  reducedBy: [],
} as const satisfies ConnectionState;

export const connection = (
  state: ConnectionState,
  rest: Partial<ConnectionSnapshot> = {},
): ConnectionSnapshot => ({
  id: 'tickets',
  label: 'Tickets',
  url: 'https://tickets.example/mcp',
  identityProvider: 'acme',
  state,
  changedAtMs: minutesAgo(60),
  wantedScopes: ['tickets:read', 'tickets:write'],
  writeScopes: [],
  tools: [],
  history: [],
  openStreams: 0,
  ...rest,
});

export const alice = { id: 'sub-alice', label: 'alice@acme.example' };
export const signedIn: CompanySessionState = {
  kind: 'signedIn',
  account: alice,
  sinceMs: minutesAgo(120),
};

export const person = (
  session: CompanySessionState = signedIn,
  rest: Partial<PersonSnapshot> = {},
): PersonSnapshot => ({ identityProvider: 'acme', label: 'Acme', session, ...rest });

export const overview = (rest: Partial<Overview> = {}): Overview => ({
  loaded: true,
  organization: 'Acme',
  managed: false,
  problems: [],
  people: [person()],
  connections: [],
  ...rest,
});

/** Without a profile. */
export const nowhere: Overview = {
  loaded: true,
  managed: false,
  problems: [],
  people: [],
  connections: [],
};
