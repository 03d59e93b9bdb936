// Who has to do something: decides the order of rows, the badge and the colour of the status bar.
import type { Overview, PersonSnapshot } from '../overview.ts';
import { explain, type Remedy } from './sentences.ts';
import type { ConnectionSnapshot, ConnectionState } from '../state.ts';

/** Smaller stands higher. */
const rank: Record<ConnectionState['kind'], number> = {
  sessionEnded: 0,
  needsSignIn: 0,
  misconfigured: 1,
  accessRemoved: 2,
  refusedByServer: 2,
  unreachable: 3,
  paused: 3,
  connecting: 4,
  connected: 5,
  signedOut: 6,
  notGranted: 7,
  turnedOff: 8,
};

function rankOf({ state }: ConnectionSnapshot): number {
  if (state.kind === 'misconfigured' && remedyOf(state) === 'you') return 0;
  if (state.kind !== 'connected') return rank[state.kind];
  const isPlain = state.reducedBy.length === 0 && state.unconfirmedSinceMs === undefined;
  return isPlain ? rank.connected : rank.connecting;
}

const remedyOf = (state: ConnectionState & { kind: 'misconfigured' }): Remedy =>
  explain(state.code, {}).remedy;

/** Those that need someone first; otherwise in the order of the profile. */
export const byNeed = (connections: readonly ConnectionSnapshot[]): readonly ConnectionSnapshot[] =>
  [...connections].sort((one, other) => rankOf(one) - rankOf(other));

/** Things only this person can mend, one per cause: a dead session is one, however many servers it closed. */
export function needsPerson(overview: Overview): number {
  const people = overview.people.filter((person) => personIsNeeded(person, overview));
  const servers = overview.connections.filter(
    ({ state }) => state.kind === 'misconfigured' && remedyOf(state) === 'you',
  );
  const problems = overview.problems.filter(
    ({ code }) => explain(code, { managed: overview.managed }).remedy === 'you',
  );
  // A network that wants its own sign-in stands before all servers at once.
  const network = overview.connections.some(
    ({ state }) => state.kind === 'unreachable' && state.code === 'network.captivePortal',
  );
  return people.length + servers.length + problems.length + Number(network);
}

/**
 * Nobody is signed in there, or someone has to be again. Neither a sign-in still open in some browser tab
 * nor a keyring that takes its time keeps anyone from a new one.
 */
export const canSignIn = (person: PersonSnapshot, { connections }: Overview): boolean =>
  person.session.kind !== 'signedIn' ||
  connections.some(
    ({ identityProvider, state }) =>
      identityProvider === person.identityProvider && state.kind === 'needsSignIn',
  );

function personIsNeeded(
  { session, failure, identityProvider }: PersonSnapshot,
  { connections }: Overview,
): boolean {
  if (session.kind === 'ended') return true;
  if (session.kind !== 'signedIn') {
    return failure !== undefined && explain(failure.code, {}).action === 'setClientSecret';
  }
  return connections.some(
    (one) => one.identityProvider === identityProvider && one.state.kind === 'needsSignIn',
  );
}
