// Whose turn it is to lead. On POSIX a pointer, `leader`, to the socket of the window that leads: made only
// where there is none, so one window at most holds it. On Windows whoever listens at the pipe leads.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { chmod, lstat, readlink, rename, rm, symlink } from 'node:fs/promises';
import { createConnection, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/** The seat, as long as this window has it. */
export interface Claim {
  /** Called when another window may have taken it. */
  onDoubt: () => void;
  /** False once another window has it. */
  holds(): Promise<boolean>;
  release(): Promise<void>;
}

/** `nobody`: none leads. `unreachable`: one may, but does not answer. */
export type Dialled = Socket | 'nobody' | 'unreachable';

export interface Seat {
  /** Connects to the window that leads. */
  dial(): Promise<Dialled>;
  /** Listens and takes the seat; undefined when another window was quicker. */
  take(server: Server): Promise<Claim | undefined>;
}

/** A pipe ends with its process, so there is nothing stale about it. */
export const pipeSeat = (path: string): Seat => ({
  dial: () => connect(path),
  take: async (server) => {
    const isTaken = await listen(server, path).then(
      () => false,
      () => true,
    );
    if (isTaken) return undefined;
    return {
      onDoubt: () => undefined,
      holds: () => Promise.resolve(true),
      release: () => Promise.resolve(),
    };
  },
});

/** In a folder that only this user can enter. */
export const socketSeat = (folder: string): Seat => ({
  dial: () => connect(join(folder, pointerName)),
  take: async (server) => {
    const own = `w${randomBytes(8).toString('hex')}`;
    // Listening before it can be pointed to.
    await listen(server, join(folder, own));
    await chmod(join(folder, own), 0o600);
    if (!(await point(folder, own)) && !((await clear(folder)) && (await point(folder, own)))) {
      server.close();
      return undefined;
    }
    return claimOf(folder, own);
  },
});

const pointerName = 'leader';
const ownName = /^w[0-9a-f]{16}$/;

function claimOf(folder: string, own: string): Claim {
  const claim: Claim = {
    onDoubt: () => undefined,
    // Gone is not lost: whoever clears away a dead one may have moved ours by mistake.
    holds: async () => (await pointsTo(folder)) === own || (await point(folder, own)),
    release: async () => {
      watcher?.close();
      if ((await pointsTo(folder)) === own) await rm(join(folder, pointerName), { force: true });
    },
  };
  const watcher = watching(folder, () => {
    claim.onDoubt();
  });
  return claim;
}

function watching(folder: string, listener: () => void) {
  try {
    const watcher = watch(folder, { persistent: false }, listener);
    watcher.on('error', () => undefined);
    return watcher;
  } catch {
    // No file system events here: doubts come with the next window that connects.
    return undefined;
  }
}

const pointsTo = (folder: string): Promise<string | undefined> =>
  readlink(join(folder, pointerName)).catch(() => undefined);

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

/** False when there is a pointer already. */
const point = (folder: string, name: string): Promise<boolean> =>
  symlink(name, join(folder, pointerName)).then(
    () => true,
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    },
  );

/** Moves away a pointer to a window that is gone; false when it points to one that is not. */
async function clear(folder: string): Promise<boolean> {
  const pointer = join(folder, pointerName);
  const target = await pointsTo(folder);
  if (target === undefined && !(await isThere(pointer))) return true;
  const isName = target !== undefined && ownName.test(target);
  if (isName) {
    const found = await connect(join(folder, target));
    if (typeof found !== 'string') found.destroy();
    if (found !== 'nobody') return false;
  }
  const aside = join(folder, `dead-${randomBytes(8).toString('hex')}`);
  const isMoved = await rename(pointer, aside).then(
    () => true,
    () => false,
  );
  if (!isMoved) return true;
  const moved = await readlink(aside).catch(() => undefined);
  await rm(aside, { recursive: true, force: true });
  if (moved !== target && moved !== undefined) {
    // Another window cleared it before and has the seat now: it gets it back.
    await point(folder, moved);
    return false;
  }
  if (isName) await rm(join(folder, target), { force: true });
  return true;
}

const nobodyCodes = ['ENOENT', 'ECONNREFUSED'];

function connect(path: string): Promise<Dialled> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      resolve(socket);
    });
    socket.once('error', ({ code = '' }: NodeJS.ErrnoException) => {
      resolve(nobodyCodes.includes(code) ? 'nobody' : 'unreachable');
    });
  });
}

async function listen(server: Server, path: string): Promise<void> {
  server.listen(path);
  await once(server, 'listening');
}
