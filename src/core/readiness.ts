// When an editor can be answered about its servers. Invariant: while the answer is still being found out,
// or an open connection has no gateway yet, it waits; "none" would make tools it remembers vanish.
import type { Overview } from './overview.ts';
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

export const labelled = (
  { connections }: Overview,
  label: string,
): ConnectionSnapshot | undefined => connections.find((one) => one.label === label);

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
