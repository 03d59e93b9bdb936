// One at a time over all processes of a person: a file that only one can make. Who makes it writes down who
// it is, so that what a killed process left behind is known for that.
import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { link, mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConnectError } from '../core/errors.ts';
import type { Lock } from '../core/windows/lock.ts';

/** Whoever holds one shows this often that it lives, milliseconds. */
const beatMs = 5_000;
/** One that nobody has touched while we looked for so long is left behind, milliseconds. */
const silentMs = 30_000;
/** Nobody waits longer for a turn, milliseconds. */
const patienceMs = 60_000;
/** A take-over is a matter of milliseconds; one this old is left behind itself. */
const takeOverMs = 2_000;

export function createFileLock(folder: string): Lock {
  return async (name, task, signal) => {
    await mkdir(folder, { recursive: true }).catch(unusable);
    const path = join(folder, `${nameOf(name)}.lock`);
    const own = randomBytes(16).toString('hex');
    await acquire(path, own, signal);
    const beat = setInterval(() => void touch(path), beatMs).unref();
    try {
      return await task();
    } finally {
      clearInterval(beat);
      await release(path, own);
    }
  };
}

/** Names may hold anything; file names may not. */
export const nameOf = (name: string): string =>
  createHash('sha256').update(name).digest('hex').slice(0, 32);

interface Holder {
  /** Of the computer: a home folder may be on several. */
  readonly host: string;
  readonly pid: number;
  readonly own: string;
}

async function acquire(path: string, own: string, signal: AbortSignal | undefined): Promise<void> {
  const startMs = performance.now();
  const seen = { mark: '', sinceMs: startMs };
  while (!(await make(path, own))) {
    if (signal?.aborted === true) throw ConnectError.from(signal.reason);
    const nowMs = performance.now();
    if (nowMs - startMs > patienceMs) {
      throw new ConnectError('storage.unavailable', { reason: 'another window holds the lock' });
    }
    const { mark, isDead } = await look(path);
    if (mark !== seen.mark) Object.assign(seen, { mark, sinceMs: nowMs });
    // By our own watch and not by its age: the computer may just have woken up.
    if (isDead || nowMs - seen.sinceMs > silentMs) await takeOver(path, mark);
    else await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 20));
  }
}

/** Made with its content, so that nobody ever sees one without a name. False when there is one. */
async function make(path: string, own: string): Promise<boolean> {
  if (await isThere(path)) return false;
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    await writeFile(draft, JSON.stringify({ host: hostname(), pid: process.pid, own }), {
      flag: 'wx',
      mode: 0o600,
    });
    await link(draft, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // On Windows a file that is being deleted cannot be made either.
    const isThere = code === 'EEXIST' || code === 'EPERM' || code === 'EBUSY';
    return isThere ? false : unusable(error);
  } finally {
    await rm(draft, { force: true });
  }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

function unusable(error: unknown): never {
  const { code } = error as NodeJS.ErrnoException;
  throw new ConnectError('storage.unavailable', code === undefined ? {} : { systemCode: code });
}

interface Look {
  readonly mark: string;
  readonly isDead: boolean;
}

/** What tells this hold from another one, and whether its process is gone. */
async function look(path: string): Promise<Look> {
  try {
    const { mtimeMs } = await stat(path);
    const text = await readFile(path, 'utf8');
    return { mark: `${text} ${mtimeMs}`, isDead: isGone(holderOf(text)) };
  } catch {
    return { mark: '', isDead: false };
  }
}

function holderOf(text: string): Holder | undefined {
  try {
    const { host, pid, own } = JSON.parse(text) as Partial<Holder>;
    return typeof host === 'string' && Number.isSafeInteger(pid) && typeof own === 'string'
      ? ({ host, pid, own } as Holder)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Signal 0 asks whether there is such a process; one of another user's is one as well. */
function isGone(holder: Holder | undefined): boolean {
  if (holder?.host !== hostname()) return false;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** One at a time, and only of the hold that was looked at: another may have been quicker. */
async function takeOver(path: string, mark: string): Promise<void> {
  const guard = `${path}.takeover`;
  if (!(await make(guard, 'takeover'))) {
    const { mtimeMs } = await stat(guard).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > takeOverMs) await rm(guard, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 5));
    return;
  }
  try {
    if ((await look(path)).mark === mark) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}

async function release(path: string, own: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  if (holderOf(text)?.own === own) await rm(path, { force: true }).catch(() => undefined);
}
