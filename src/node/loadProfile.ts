// Which profile is in force: the administrator's file where there is one, otherwise the setting.
// Invariant: a file that is there but bad means no servers, never a fall-back to the setting.
import { ConnectError } from '../core/errors.ts';
import { readProfile, type ProfileReading } from '../core/profile/profile.ts';
import { readManagedProfile, type ManagedProfileOptions } from './managedProfile.ts';

/** Never throws: what is wrong becomes a problem in the reading. */
export async function loadProfile(
  managed: ManagedProfileOptions,
  setting: unknown,
): Promise<ProfileReading> {
  try {
    const file = await readManagedProfile(managed);
    if (file !== undefined) return readProfile(file.value, 'managed');
  } catch (error) {
    const { code, facts } = ConnectError.from(error);
    const known = code === 'profile.untrusted' ? code : 'profile.unreadable';
    const reason = facts.reason ?? facts.systemCode ?? 'it cannot be read';
    const problem = { code: known, key: facts.file ?? managed.path, reason } as const;
    return { profile: undefined, problems: [problem] };
  }
  return isEmpty(setting) ? { profile: undefined, problems: [] } : readProfile(setting, 'settings');
}

const isEmpty = (setting: unknown): boolean =>
  setting === undefined ||
  setting === null ||
  (typeof setting === 'object' && Object.keys(setting).length === 0);
