// The link with the other windows of this person, and what of theirs concerns all companies.
import { Windows } from './windows.ts';
import type { WindowMeans } from './windowMeans.ts';

type WindowsDeps = Omit<ConstructorParameters<typeof Windows>[0], keyof WindowMeans>;

export interface OnTold {
  readonly onTurned: (serverId: string, isOff: boolean) => Promise<void>;
  /** What the organization has stopped is another than before. */
  readonly onStopsChanged: () => Promise<void>;
  /** A key that access is bound to was made or deleted. */
  readonly onKeyChanged: () => void;
}

export function openWindows(means: WindowMeans, deps: WindowsDeps & OnTold): Windows {
  const windows = new Windows({ ...deps, ...means });
  windows.onMessage((message) => {
    if (message.kind === 'stopsChanged') void deps.onStopsChanged();
    if (message.kind === 'turned') void deps.onTurned(message.serverId, message.isOff);
  });
  windows.secrets.onDidChange((key) => {
    if (key.startsWith('dpopKey ')) deps.onKeyChanged();
  });
  return windows;
}
