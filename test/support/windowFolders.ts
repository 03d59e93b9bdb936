// Folders of one person, as many windows of them as a test wants, and nothing left behind.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../../src/core/ports.ts';
import type { WindowLink } from '../../src/core/windows/link.ts';
import { openWindowLink } from '../../src/node/windowLink.ts';

export interface WindowFolders {
  readonly storageFolder: string;
  readonly runtimeFolder: string;
  open(change?: { storageFolder?: string; version?: string }): Promise<WindowLink>;
  remove(): Promise<void>;
}

export const silentLog: Log = { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 };

export async function makeWindowFolders(): Promise<WindowFolders> {
  const root = await mkdtemp(join(tmpdir(), 'windows-'));
  const links: WindowLink[] = [];
  const folders = { storageFolder: join(root, 'storage'), runtimeFolder: root };
  return {
    ...folders,
    open: async (change = {}) => {
      const link = await openWindowLink({
        ...folders,
        platform: process.platform,
        version: '0.0.0-test',
        log: silentLog,
        ...change,
      });
      links.push(link);
      return link;
    },
    remove: async () => {
      for (const link of links) link.dispose();
      await rm(root, { recursive: true, force: true });
    },
  };
}
