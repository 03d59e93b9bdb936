// What is known of the side bar before anybody looks into it: which welcome it shows, and its badge.
import { needsPerson } from './attention.ts';
import type { Overview, PersonSnapshot } from '../overview.ts';

export type ViewState = 'loading' | 'noProfile' | 'noServers' | 'signedOut' | 'ready';

/** Which welcome stands in for the rows; `ready` shows rows, `loading` nothing that would only flash. */
export function viewState({ loaded, organization, people, connections }: Overview): ViewState {
  const isLookingUp = ({ session }: PersonSnapshot) => session.kind === 'restoring';
  if (!loaded || (people.length > 0 && people.every(isLookingUp))) return 'loading';
  if (organization === undefined) return 'noProfile';
  const isQuiet = ({ session, failure }: PersonSnapshot) =>
    session.kind === 'signedOut' && failure === undefined;
  if (!people.every(isQuiet)) return 'ready';
  return connections.length === 0 ? 'noServers' : 'signedOut';
}

/** What the badge counts; undefined for no badge. Nothing an administrator has to mend is in it. */
export function badge(overview: Overview): { value: number; tooltip: string } | undefined {
  const value = needsPerson(overview);
  if (value === 0) return undefined;
  return { value, tooltip: value === 1 ? '1 thing needs you' : `${value} things need you` };
}
