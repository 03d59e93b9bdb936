// SecretStorage of several windows: one file that all share, or one of its own for each.
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListedSecretStore } from '../../src/core/ports.ts';

/** Shared by all processes that name the same folder. */
export function folderStore(folder: string): ListedSecretStore {
  const pathOf = (key: string) => join(folder, `${Buffer.from(key).toString('hex')}.secret`);
  return {
    keys: async () =>
      (await readdir(folder))
        .filter((name) => name.endsWith('.secret'))
        .map((name) => Buffer.from(name.slice(0, -'.secret'.length), 'hex').toString()),
    get: (key) => readFile(pathOf(key), 'utf8').catch(() => undefined),
    store: async (key, value) => {
      const draft = `${pathOf(key)}.${randomBytes(6).toString('hex')}`;
      await writeFile(draft, value);
      await rename(draft, pathOf(key));
    },
    delete: (key) => rm(pathOf(key), { force: true }),
  };
}

export function mapStore(map = new Map<string, string>()): ListedSecretStore {
  return {
    keys: () => Promise.resolve([...map.keys()]),
    get: (key) => Promise.resolve(map.get(key)),
    store: (key, value) => Promise.resolve(void map.set(key, value)),
    delete: (key) => Promise.resolve(void map.delete(key)),
  };
}
