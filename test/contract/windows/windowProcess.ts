// One window as a process of its own: mints until it has what it was told to get, and says what becomes of it.
import { systemClock } from '../../../src/node/systemClock.ts';
import { createFileLock } from '../../../src/node/fileLock.ts';
import { createFileNotes } from '../../../src/node/fileNotes.ts';
import { openWindowLink } from '../../../src/node/windowLink.ts';
import { ConnectError } from '../../../src/core/errors.ts';
import { silentLog as log } from '../../support/windowFolders.ts';
import { openPersonWindow, type PersonWindow } from '../../support/windowPerson.ts';
import { folderStore } from '../../support/windowStores.ts';

export interface WindowProcessOptions {
  readonly profile: unknown;
  readonly storageFolder: string;
  readonly runtimeFolder: string;
  readonly secretsFolder: string;
  readonly serverId: string;
  readonly graceMs: number;
  readonly count: number;
}

export type Report =
  | { readonly kind: 'ready' | 'signedIn' | 'minted' | 'done' }
  | { readonly kind: 'role'; readonly role: string; readonly atMs: number }
  | { readonly kind: 'failed'; readonly code: string };

const report = (message: Report): void => void process.send?.(message);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function work(window: PersonWindow, { serverId, count }: WindowProcessOptions) {
  for (let done = 0; done < count;) {
    if (window.session.person().session.kind !== 'signedIn') {
      await pause(20);
      continue;
    }
    try {
      await window.mint(serverId);
      done++;
      report({ kind: 'minted' });
    } catch (error) {
      report({ kind: 'failed', code: ConnectError.from(error).code });
      await pause(100);
    }
  }
  report({ kind: 'done' });
}

const options = JSON.parse(process.argv[2] ?? '') as WindowProcessOptions;
process.on('disconnect', () => process.exit(0));
const link = await openWindowLink({ ...options, platform: process.platform, version: '0', log });
const tell = () => {
  report({ kind: 'role', role: link.role, atMs: systemClock.now() });
};
link.onDidChangeRole(tell);
tell();
const window = await openPersonWindow({
  ...{ profile: options.profile, person: 'alice', link, graceMs: options.graceMs },
  lock: createFileLock(options.storageFolder),
  notes: createFileNotes(options.storageFolder),
  store: folderStore(options.secretsFolder),
});
process.on('message', () => {
  void window.signIn().then(() => {
    report({ kind: 'signedIn' });
  });
});
report({ kind: 'ready' });
await work(window, options);
