// A folder of our own in a folder that is not. Attacker: another user who may put something in its place,
// because somewhere above it they can rename or remove.
import { lstat, mkdtemp, realpath, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConnectError } from '../core/errors.ts';

const root = 0;
const writableByOthers = 0o022;
const sticky = 0o1000;

/** sockaddr_un holds 104 bytes on macOS; VS Code decodes anything a URI could spell otherwise. */
const isUsablePath = (path: string): boolean => /^\/[A-Za-z0-9._/-]{1,98}$/.test(path);

/**
 * The path for a file `name` in a new folder that only this user can enter. The folder is new each time:
 * what an earlier run left, or somebody else put there, is never used.
 * @throws gateway.notListening
 */
export async function createPrivateFolder(parent: string, name: string): Promise<string> {
  // Where a link leads could be changed later; where it leads now cannot be.
  const place = await realpath(parent);
  if (!isUsablePath(join(place, 'emcp-XXXXXX', name))) {
    throw new ConnectError('gateway.notListening', {
      reason: 'the path of the folder is unusable',
    });
  }
  await requireSafe(place);
  const folder = await mkdtemp(join(place, 'emcp-'));
  try {
    await requireOurs(folder, 'folder');
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return join(folder, name);
}

/** @throws gateway.notListening when somebody else could put another folder in the place of ours */
async function requireSafe(place: string): Promise<void> {
  for (let at = place, below = ''; at !== below; below = at, at = dirname(at)) {
    const { uid, mode } = await lstat(at);
    const isTrusted = uid === root || uid === process.getuid?.();
    // In a sticky folder each may remove only what is theirs.
    const isOpen = (mode & writableByOthers) !== 0 && (mode & sticky) === 0;
    if (!isTrusted || isOpen) {
      throw new ConnectError('gateway.notListening', { reason: 'others may replace the folder' });
    }
  }
}

const modes = { folder: 0o700, socket: 0o600 } as const;

/**
 * What tells the file from any other of its name, if it belongs to this user and admits nobody else.
 * @throws gateway.notListening
 */
export async function requireOurs(path: string, kind: keyof typeof modes): Promise<string> {
  const found = await lstat(path, { bigint: true });
  const isKind = kind === 'folder' ? found.isDirectory() : found.isSocket();
  const isOurs = Number(found.uid) === process.getuid?.();
  if (!isKind || !isOurs || (Number(found.mode) & 0o777) !== modes[kind]) {
    throw new ConnectError('gateway.notListening', { reason: 'others may reach the socket' });
  }
  // The number of a file that is gone is given to the next.
  return `${found.dev} ${found.ino} ${found.birthtimeNs}`;
}
