// What is remembered between windows besides secrets: servers a person switched off, and servers a
// person has had access to, so that a later "no" is called a removal.
import type { Preferences } from './ports.ts';

const turnedOffKey = 'turnedOff';
const grantedKey = 'granted';

export interface Choices {
  isTurnedOff(serverId: string): boolean;
  setTurnedOff(serverId: string, off: boolean): Promise<void>;
  hadAccess(identityProvider: string, accountId: string, serverId: string): boolean;
  accessGranted(identityProvider: string, accountId: string, serverId: string): Promise<void>;
}

export function createChoices(preferences: Preferences): Choices {
  const list = (key: string): readonly string[] => {
    const value = preferences.get(key);
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  };
  const mark = (...parts: string[]) => JSON.stringify(parts);
  return {
    isTurnedOff: (serverId) => list(turnedOffKey).includes(serverId),
    setTurnedOff: (serverId, off) => {
      const others = list(turnedOffKey).filter((id) => id !== serverId);
      return preferences.set(turnedOffKey, off ? [...others, serverId] : others);
    },
    hadAccess: (...parts) => list(grantedKey).includes(mark(...parts)),
    accessGranted: async (...parts) => {
      const known = list(grantedKey);
      if (!known.includes(mark(...parts))) {
        await preferences.set(grantedKey, [...known, mark(...parts)]);
      }
    },
  };
}
