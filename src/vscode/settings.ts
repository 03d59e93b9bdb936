// The settings of the person (or of a policy), raw. Invariant: nothing a workspace says is ever read, so a
// cloned repository cannot redirect a sign-in.
import { workspace } from 'vscode';
import type { Disposable } from '../core/ports.ts';
import { settingKeys, settingsSection } from './ids.ts';

export interface Settings {
  /** The organization profile as written; undefined when nothing is. */
  readonly profile: unknown;
  /** undefined or null: as the profile says. */
  /** What the person set, whatever the profile's bounds. */
  readonly checkIntervalMinutes: number | undefined;
}

export function readSettings(): Settings {
  const configuration = workspace.getConfiguration(settingsSection);
  // A value of a policy shows up as the default value.
  const valueOf = (key: string): unknown => {
    const found = configuration.inspect(key);
    return found?.globalValue ?? found?.defaultValue;
  };
  const profile = valueOf(settingKeys.profile);
  const minutes = configuration.inspect(settingKeys.checkIntervalMinutes)?.globalValue;
  return {
    profile: isEmpty(profile) ? undefined : profile,
    checkIntervalMinutes: typeof minutes === 'number' ? minutes : undefined,
  };
}

export const onDidChangeSettings = (listener: () => void): Disposable =>
  workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(settingsSection)) listener();
  });

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  (typeof value === 'object' && Object.keys(value).length === 0);
