import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConnectError } from '../../../src/core/errors.ts';
import { createFileLock, nameOf } from '../../../src/node/fileLock.ts';
import { createFileNotes } from '../../../src/node/fileNotes.ts';

describe('the lock between processes', () => {
  const world = {} as { folder: string };
  beforeEach(async () => {
    world.folder = await mkdtemp(join(tmpdir(), 'lock-'));
  });
  afterEach(() => rm(world.folder, { recursive: true }));

  const deadPid = async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    return child.pid!;
  };
  const leave = (text: string) => writeFile(join(world.folder, `${nameOf('a')}.lock`), text);

  it('lets one in at a time, and everybody in the end', async () => {
    const locks = Array.from({ length: 10 }, () => createFileLock(world.folder));
    const seen = { inside: 0, most: 0, times: 0 };
    await Promise.all(
      locks.map((lock) =>
        lock('a', async () => {
          seen.most = Math.max(seen.most, ++seen.inside);
          await new Promise((resolve) => setTimeout(resolve, 3));
          seen.inside--;
          seen.times++;
        }),
      ),
    );
    assert.deepEqual(seen, { inside: 0, most: 1, times: 10 });
    assert.deepEqual(await readdir(world.folder), []);
  });

  it('keeps nobody out of another one', async () => {
    const lock = createFileLock(world.folder);
    assert.equal(await lock('a', () => lock('b', () => Promise.resolve('both'))), 'both');
  });

  it('is free again after a failure', async () => {
    const lock = createFileLock(world.folder);
    await assert.rejects(lock('a', () => Promise.reject(new ConnectError('bug'))));
    assert.equal(await lock('a', () => Promise.resolve(1)), 1);
  });

  it('is taken over from a process that is gone, by one of many', async () => {
    await leave(JSON.stringify({ host: hostname(), pid: await deadPid(), own: 'x' }));
    const seen = { inside: 0, most: 0 };
    const startMs = performance.now();
    await Promise.all(
      Array.from({ length: 8 }, () =>
        createFileLock(world.folder)('a', async () => {
          seen.most = Math.max(seen.most, ++seen.inside);
          await new Promise((resolve) => setTimeout(resolve, 3));
          seen.inside--;
        }),
      ),
    );
    assert.equal(seen.most, 1);
    assert.ok(performance.now() - startMs < 3_000);
  });

  it('is not taken from a living process, and the one who waits can give up', async () => {
    await leave(JSON.stringify({ host: hostname(), pid: process.pid, own: 'x' }));
    const controller = new AbortController();
    setTimeout(() => {
      controller.abort(new ConnectError('user.cancelled'));
    }, 200);
    const waiting = createFileLock(world.folder)(
      'a',
      () => Promise.resolve('inside'),
      controller.signal,
    );
    await assert.rejects(waiting, (error: unknown) => ConnectError.is(error, 'user.cancelled'));
  });

  it('says so where the folder cannot be written', async () => {
    await writeFile(join(world.folder, 'file'), '');
    await assert.rejects(
      createFileLock(join(world.folder, 'file'))('a', () => Promise.resolve()),
      (error: unknown) => ConnectError.is(error, 'storage.unavailable'),
    );
  });

  it('has notes that are whole, one before or the one after', async () => {
    const notes = createFileNotes(world.folder);
    assert.equal(await notes.read('a'), undefined);
    const texts = ['x'.repeat(50_000), 'y'.repeat(50_000)];
    const writing = (async () => {
      for (let round = 0; round < 20; round++) await notes.write('a', texts[round % 2]!);
    })();
    for (let round = 0; round < 50; round++) {
      const text = await notes.read('a');
      assert.ok(text === undefined || texts.includes(text), `half a note of ${text?.length}`);
    }
    await writing;
    assert.equal(await notes.read('b'), undefined);
    assert.equal((await readdir(world.folder)).length, 1);
  });
});
