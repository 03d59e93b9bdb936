// What windows of one person share on the disk: a folder that only this user enters, and a key only this
// user reads. Both are checked each time, because the folder's parent may be everybody's.
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, lstat, mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConnectError } from '../core/errors.ts';
import { wireVersion } from '../core/windows/link.ts';

const keyBytes = 32;

/** The same for all windows that share storage and speak alike, and for no others. */
export const linkName = (storageFolder: string): string =>
  createHash('sha256').update(`${storageFolder}\n${wireVersion}`).digest('hex').slice(0, 8);

/** @returns the folder's path @throws gateway.notListening when it is, or may be entered by, somebody else's */
export async function openPrivateFolder(parent: string, name: string): Promise<string> {
  const uid = process.getuid?.() ?? 0;
  const path = join(parent, `emcp-${uid}-${name}`);
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw notOurs(error);
  });
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) throw notOurs();
  return path;
}

/**
 * The key that windows of this person know each other by; made by the first one.
 * @throws gateway.notListening when others could read or replace it
 */
export async function linkKey(storageFolder: string): Promise<Buffer> {
  const path = join(storageFolder, 'windows.key');
  const known = await readKey(path);
  if (known !== undefined) return known;
  await mkdir(storageFolder, { recursive: true });
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    await writeFile(draft, randomBytes(keyBytes), { flag: 'wx', mode: 0o600 });
    // Never half a key, and never a second one.
    await link(draft, path).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw notOurs(error);
    });
  } finally {
    await rm(draft, { force: true });
  }
  const made = await readKey(path);
  if (made === undefined) throw notOurs();
  return made;
}

async function readKey(path: string): Promise<Buffer | undefined> {
  const isPosix = process.getuid !== undefined;
  const file = await open(
    path,
    isPosix ? constants.O_RDONLY | constants.O_NOFOLLOW : constants.O_RDONLY,
  ).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw notOurs(error);
  });
  if (file === undefined) return undefined;
  try {
    const { mode, uid, size } = await file.stat();
    const isPrivate = process.getuid === undefined || (uid === process.getuid() && !(mode & 0o077));
    if (!isPrivate || size !== keyBytes) throw notOurs();
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function notOurs(cause?: unknown): ConnectError {
  const { code } = (cause ?? {}) as NodeJS.ErrnoException;
  const facts = code === undefined ? {} : { systemCode: code };
  const reason = 'what the windows share may be reached by others';
  return new ConnectError('gateway.notListening', { reason, ...facts }, { cause });
}
