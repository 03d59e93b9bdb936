// The administrator's file: read only when nobody but the administrator can have written it.
// Invariant: checks are made on the open file, never on its name, so that it cannot be swapped between.
import { constants } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConnectError } from '../core/errors.ts';
import { windowsWriters } from './windowsWriters.ts';

export interface ManagedFile {
  /** Parsed JSON; the profile's own checks come after. */
  readonly value: unknown;
}

export interface ManagedProfileOptions {
  readonly path: string;
  /** Owners that count as administrators on POSIX systems. */
  readonly trustedUids: readonly number[];
  readonly platform: NodeJS.Platform;
}

const maxBytes = 1_048_576;

/**
 * The file's content, or undefined where there is none.
 * @throws profile.untrusted when someone else could have written it, profile.unreadable when it cannot
 *   be read or is not JSON
 */
export async function readManagedProfile(
  options: ManagedProfileOptions,
): Promise<ManagedFile | undefined> {
  const { path, platform } = options;
  const file = await openFile(path);
  if (file === undefined) return undefined;
  try {
    if (platform === 'win32') await requireWindowsAdministrators(path);
    else await requireTrustedOwner(file, options);
    return { value: await parse(file, path) };
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle | undefined> {
  try {
    // O_NOFOLLOW: a link could point at a file of the person. O_NONBLOCK: a pipe would hang us.
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === 'ELOOP') throw untrusted(path, 'it is a link');
    throw new ConnectError(
      'profile.unreadable',
      { file: path, ...(code === undefined ? {} : { systemCode: code }) },
      { cause },
    );
  }
}

async function requireTrustedOwner(
  file: FileHandle,
  { path, trustedUids }: ManagedProfileOptions,
): Promise<void> {
  const own = await file.stat();
  if (!own.isFile()) throw untrusted(path, 'it is not a regular file');
  requireOnly(own, trustedUids, path);
  // Whoever may write a folder above may put another file there.
  for (let at = dirname(path); ; at = dirname(at)) {
    const folder = await lstat(at);
    if (folder.isSymbolicLink()) throw untrusted(at, 'it is a link');
    requireOnly(folder, [0, ...trustedUids], at, folder.mode & stickyBit ? 'sticky' : 'plain');
    if (at === dirname(at)) return;
  }
}

/** In a sticky folder only the owner of an entry may replace it, so writing there is harmless. */
const stickyBit = 0o1000;

function requireOnly(
  { uid, mode }: { uid: number; mode: number },
  trustedUids: readonly number[],
  path: string,
  kind: 'sticky' | 'plain' = 'plain',
): void {
  if (!trustedUids.includes(uid)) throw untrusted(path, 'it does not belong to an administrator');
  if ((mode & 0o022) !== 0 && kind === 'plain') throw untrusted(path, 'others can write to it');
}

async function requireWindowsAdministrators(path: string): Promise<void> {
  const others = await windowsWriters(path);
  if (others.length > 0) throw untrusted(path, 'others can write to it');
}

async function parse(file: FileHandle, path: string): Promise<unknown> {
  const { size } = await file.stat();
  if (size > maxBytes) throw unreadable(path, 'it is larger than 1 MiB');
  const text = await file.readFile('utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // V8's message names the place and quotes the text around it, which may hold a secret.
    const place = /position \d+(?: \(line \d+ column \d+\))?/.exec(String(error))?.[0];
    throw unreadable(path, `it is not JSON${place === undefined ? '' : ` at ${place}`}`);
  }
}

const untrusted = (file: string, reason: string) =>
  new ConnectError('profile.untrusted', { file, reason });
const unreadable = (file: string, reason: string) =>
  new ConnectError('profile.unreadable', { file, reason });
