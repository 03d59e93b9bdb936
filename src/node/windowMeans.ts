// What one editor window needs to know of the other windows of its person on this computer.
import { tmpdir } from 'node:os';
import { isAbsolute } from 'node:path';
import type { Log } from '../core/ports.ts';
import type { WindowMeans } from '../core/windows/windowMeans.ts';
import { createFileLock } from './fileLock.ts';
import { createFileNotes } from './fileNotes.ts';
import { openWindowLink } from './windowLink.ts';

interface WindowMeansOptions {
  /** The extension's own folder, the same for all windows. */
  readonly storageFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** Of the extension, for the log. */
  readonly version: string;
  readonly log: Log;
}

/** Never rejects: a window that cannot be linked is alone, and locks each use of a refresh token. */
export async function openWindowMeans(options: WindowMeansOptions): Promise<WindowMeans> {
  const { storageFolder, environment } = options;
  const { XDG_RUNTIME_DIR: runtime = '' } = environment;
  const runtimeFolder = isAbsolute(runtime) ? runtime : tmpdir();
  const link = await openWindowLink({ ...options, runtimeFolder });
  return { link, lock: createFileLock(storageFolder), notes: createFileNotes(storageFolder) };
}
