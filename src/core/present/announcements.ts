// Which changes are worth interrupting a person for: one announcement per cause, only of what was open.
import type { Overview } from '../overview.ts';
import { cleanText } from './plainText.ts';
import type { Action } from './sentences.ts';
import type { ConnectionSnapshot } from '../connection/state.ts';

export interface Announcement {
  readonly message: string;
  readonly action: Extract<Action, 'signIn' | 'copyDetails'>;
  /** Server (`copyDetails`) or identity provider (`signIn`) that the action is about. */
  readonly subject: string;
}

/** Nothing at start-up: a connection that was never open here cannot be lost here. */
export function announcements(before: Overview, after: Overview): readonly Announcement[] {
  return [...endedSessions(before, after), ...removedAccess(before, after)];
}

function endedSessions(before: Overview, after: Overview): readonly Announcement[] {
  const org = cleanText(after.organization ?? '');
  return after.people.flatMap(({ identityProvider, session }) => {
    const wasEnded = before.people.some(
      (one) => one.identityProvider === identityProvider && one.session.kind === 'ended',
    );
    const closed = before.connections.filter(
      (one) => one.identityProvider === identityProvider && wasInUse(one),
    ).length;
    if (session.kind !== 'ended' || wasEnded || closed === 0) return [];
    const servers = closed === 1 ? '1 server' : `${closed} servers`;
    const message = `Signed out by ${org}: ${servers} disconnected. Sign in again to reconnect.`;
    return [{ message, action: 'signIn' as const, subject: identityProvider }];
  });
}

function removedAccess(before: Overview, after: Overview): readonly Announcement[] {
  const org = cleanText(after.organization ?? '');
  const removed = after.connections.filter(
    ({ id, state }) =>
      state.kind === 'accessRemoved' &&
      before.connections.some((one) => one.id === id && wasInUse(one)),
  );
  const [first] = removed;
  if (first === undefined) return [];
  const names = removed.map(({ label }) => cleanText(label, 40));
  const what = names.length === 1 ? names.join() : `${names.length} servers`;
  const which = names.length === 1 ? '' : ` (${cleanText(names.join(', '), 200)})`;
  const message = `${what}: access removed by ${org}${which}. An administrator at ${org} can give it back.`;
  return [{ message, action: 'copyDetails', subject: first.id }];
}

const wasInUse = ({ state }: ConnectionSnapshot): boolean =>
  state.kind === 'connected' || state.kind === 'paused';
