// Small texts in the extension's folder, each replaced whole: a reader sees the one before or the one after.
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConnectError } from '../core/errors.ts';
import type { Notes } from '../core/windows/lock.ts';
import { nameOf } from './fileLock.ts';

/** `write` is on the disk when it resolves. @throws storage.unavailable */
export const createFileNotes = (folder: string): Notes => ({
  read: (name) => readFile(pathOf(folder, name), 'utf8').catch(() => undefined),
  write: async (name, text) => {
    const path = pathOf(folder, name);
    const draft = `${path}.${randomBytes(8).toString('hex')}`;
    try {
      await mkdir(folder, { recursive: true });
      const file = await open(draft, 'wx', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      const { code } = error as NodeJS.ErrnoException;
      throw new ConnectError('storage.unavailable', code === undefined ? {} : { systemCode: code });
    }
  },
});

const pathOf = (folder: string, name: string): string => join(folder, `${nameOf(name)}.note`);
