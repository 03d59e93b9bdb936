// When an editor can be answered about its servers. Invariant: while the answer is still being found out,
// or an open connection has no gateway yet, it waits; "none" would make tools it remembers vanish.
import type { ConnectError } from './errors.ts';
import type { Overview } from './overview.ts';
import { refusal, spokenError } from './present/refusal.ts';
import { isUsable, type ConnectionSnapshot } from './connection/state.ts';

/** True when what can be offered is known, of every server. */
export const isSettled = (overview: Overview, isListening: boolean): boolean =>
  overview.loaded &&
  overview.people.every(({ session }) => session.kind !== 'restoring') &&
  overview.connections.every((one) => isKnown(one, overview, isListening));

/** True when it is known whether the server of this label can be offered. */
export function isDecided(overview: Overview, label: string, isListening: boolean): boolean {
  const connection = labelled(overview, label);
  return overview.loaded && (!connection || isKnown(connection, overview, isListening));
}

/** Why the server of this label is not offered, in words. */
export function whyNotOffered(
  overview: Overview,
  label: string,
  isListening: boolean,
): ConnectError {
  const connection = labelled(overview, label);
  if (connection === undefined || !isUsable(connection.state) || isListening) {
    return refusal(connection, overview);
  }
  return spokenError('gateway.notListening', { organization: overview.organization });
}

const labelled = ({ connections }: Overview, label: string): ConnectionSnapshot | undefined =>
  connections.find((one) => one.label === label);

function isKnown(
  { state, identityProvider }: ConnectionSnapshot,
  { people }: Overview,
  isListening: boolean,
): boolean {
  if (state.kind === 'connecting') return false;
  if (isUsable(state)) return isListening;
  const person = people.find((one) => one.identityProvider === identityProvider);
  return person?.session.kind !== 'restoring';
}
