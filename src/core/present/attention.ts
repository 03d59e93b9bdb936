// Who has to do something: decides the order of rows, the badge and the colour of the status bar.
import type { Overview, PersonSnapshot } from '../overview.ts';
import { explain, type Remedy } from './sentences.ts';
import { isForPerson, type ConnectionSnapshot, type ConnectionState } from '../connection/state.ts';

/** Smaller stands higher. */
const rank: Record<ConnectionState['kind'], number> = {
  sessionEnded: 0,
  needsSignIn: 0,
  misconfigured: 1,
  accessRemoved: 2,
  stopped: 2,
  refusedByServer: 2,
  unreachable: 3,
  paused: 3,
  connecting: 4,
  connected: 5,
  standby: 6,
  signedOut: 6,
  notGranted: 7,
  turnedOff: 8,
};

function rankOf({ state }: ConnectionSnapshot): number {
  if (state.kind === 'misconfigured' && remedyOf(state) === 'you') return 0;
  if (state.kind === 'needsSignIn' && remedyOf(state) !== 'you') return rank.misconfigured;
  if (state.kind !== 'connected') return rank[state.kind];
  const isPlain = state.reducedBy.length === 0 && state.unconfirmedSinceMs === undefined;
  return isPlain ? rank.connected : rank.connecting;
}

const remedyOf = (state: ConnectionState & { kind: 'misconfigured' | 'needsSignIn' }): Remedy =>
  explain(state.code, {}).remedy;

/** Those that need someone first; otherwise in the order of the profile. */
export const byNeed = (connections: readonly ConnectionSnapshot[]): readonly ConnectionSnapshot[] =>
  [...connections].sort((one, other) => rankOf(one) - rankOf(other));

/** Things only this person can mend, one per cause: a dead session is one, however many servers it closed. */
export function needsPerson(overview: Overview): number {
  const { connections, managed } = overview;
  const people = overview.people.filter((person) => personIsNeeded(person, overview));
  const servers = connections.filter(({ state }) => isOwnMatter(state));
  const problems = overview.problems.filter(
    ({ code }) => explain(code, { managed }).remedy === 'you',
  );
  // These stand before all servers at once.
  const common = ['network.captivePortal', 'network.clockSkew'].filter((code) =>
    connections.some(({ state }) => 'code' in state && state.code === code),
  );
  return people.length + servers.length + problems.length + common.length;
}

/** Mended by this person for this server alone. */
const isOwnMatter = (state: ConnectionState): boolean =>
  state.kind === 'misconfigured'
    ? state.code !== 'network.clockSkew' && remedyOf(state) === 'you'
    : isConfirmation(state);

const isConfirmation = (state: ConnectionState): boolean =>
  state.kind === 'needsSignIn' && state.code === 'redemption.interactionRequired';

/**
 * Nobody is signed in there, or someone has to be again. Neither a sign-in still open in some browser tab
 * nor a keyring that takes its time keeps anyone from a new one.
 */
export const canSignIn = (person: PersonSnapshot, { connections }: Overview): boolean =>
  person.session.kind !== 'signedIn' ||
  connections.some((one) => one.identityProvider === person.identityProvider && asksForSignIn(one));

/** Closed for want of a sign-in, or open with a call that needs a stronger one. */
const asksForSignIn = ({ state, failure }: ConnectionSnapshot): boolean =>
  state.kind === 'needsSignIn'
    ? !isConfirmation(state)
    : state.kind === 'connected' &&
      failure !== undefined &&
      isForPerson(failure.code) &&
      explain(failure.code, {}).action === 'signIn';

function personIsNeeded(
  { session, failure, identityProvider }: PersonSnapshot,
  { connections }: Overview,
): boolean {
  if (session.kind === 'ended') return true;
  if (session.kind !== 'signedIn') {
    const { action } = explain(failure?.code ?? 'bug', {});
    return action === 'setClientSecret' || action === 'createDeviceKey';
  }
  return connections.some(
    (one) =>
      one.identityProvider === identityProvider &&
      one.state.kind === 'needsSignIn' &&
      !isConfirmation(one.state) &&
      remedyOf(one.state) === 'you',
  );
}
