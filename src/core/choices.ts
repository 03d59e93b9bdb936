// What survives a reload of the window, and is no secret: which servers are turned off, which servers a
// person has had access to, so that a later "no" is called a removal, what became of it, and which were used.
import { historyLength, type HistoryEntry } from './connection/history.ts';
import type { Past } from './connection/record.ts';
import type { Preferences } from './ports.ts';
import type { ServerProfile } from './profile/profile.ts';

const turnedOffKey = 'turnedOff';
const grantedKey = 'granted';
const historyKey = 'history';
const usedKey = 'used';

/** A server of one account at one identity provider. */
export interface Place {
  readonly identityProvider: string;
  readonly accountId: string;
  readonly serverId: string;
}

/** Uses are noted to this, milliseconds: their order matters, not their moment. */
const usedToMs = 60_000;

export interface Choices {
  isTurnedOff(serverId: string): boolean;
  setTurnedOff(serverId: string, off: boolean): Promise<void>;
  /** @param server what the profile asks for there: a "no" to something else is no removal */
  past(place: () => Place, server: ServerProfile): Past;
  used(place: Place, atMs: number): void;
  /** Wall clock; 0: never. */
  lastUsedMs(place: Place): number;
  forget(): Promise<void>;
}

export function createChoices(
  preferences: Preferences,
  onFailure: (error: unknown) => void,
): Choices {
  const keep = (key: string, value: unknown) => {
    preferences.set(key, value).catch(onFailure);
  };
  const lastUsedMs = (place: Place): number => {
    const known = table(preferences, usedKey)[markOf(place)];
    return typeof known === 'number' ? known : 0;
  };
  return {
    isTurnedOff: (serverId) => list(preferences, turnedOffKey).includes(serverId),
    setTurnedOff: (serverId, off) => {
      const others = list(preferences, turnedOffKey).filter((id) => id !== serverId);
      return preferences.set(turnedOffKey, off ? [...others, serverId] : others);
    },
    past: (place, { url, authorizationServer, audience, scopes }) => {
      const asked = JSON.stringify([url, authorizationServer, audience, [...scopes].sort()]);
      return pastOf({ place, asked }, preferences, keep);
    },
    used: (place, atMs) => {
      if (atMs - lastUsedMs(place) < usedToMs) return;
      keep(usedKey, { ...table(preferences, usedKey), [markOf(place)]: atMs });
    },
    lastUsedMs,
    forget: async () => {
      for (const key of [turnedOffKey, grantedKey, historyKey, usedKey]) {
        await preferences.set(key, undefined);
      }
    },
  };
}

function pastOf(
  { place, asked }: { place: () => Place; asked: string },
  preferences: Preferences,
  keep: (key: string, value: unknown) => void,
): Past {
  const entries = (): readonly HistoryEntry[] => {
    const known = table(preferences, historyKey)[markOf(place())];
    return Array.isArray(known) ? (known as readonly unknown[]).filter(isEntry) : [];
  };
  return {
    hadAccess: () => table(preferences, grantedKey)[markOf(place())] === asked,
    accessGranted: () => {
      const known = table(preferences, grantedKey);
      const own = markOf(place());
      if (known[own] !== asked) keep(grantedKey, { ...known, [own]: asked });
    },
    entries,
    add: (entry) => {
      const all = [...entries(), entry].slice(-historyLength);
      keep(historyKey, { ...table(preferences, historyKey), [markOf(place())]: all });
    },
  };
}

const markOf = ({ identityProvider, accountId, serverId }: Place): string =>
  JSON.stringify([identityProvider, accountId, serverId]);

function list(preferences: Preferences, key: string): readonly string[] {
  const value = preferences.get(key);
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function table(preferences: Preferences, key: string): Readonly<Record<string, unknown>> {
  const value = preferences.get(key);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** Written by us, perhaps by another version of us. */
function isEntry(value: unknown): value is HistoryEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { atMs, kind, detector } = value as Record<string, unknown>;
  return typeof atMs === 'number' && typeof kind === 'string' && typeof detector === 'string';
}
