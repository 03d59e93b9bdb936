import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ClientKeys } from '../../../src/core/harness/clientKeys.ts';
import { FakeClock } from '../../support/fakeClock.ts';

const log = { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 };

function rig(secrets = new Map<string, string>()) {
  const preferences = new Map<string, unknown>();
  const clock = new FakeClock();
  const world: { isLocked: boolean; late?: Promise<unknown> } = { isLocked: false };
  const open = <T>(value: T): Promise<T> =>
    world.isLocked ? Promise.reject(new DOMException('locked')) : Promise.resolve(value);
  const keys = new ClientKeys({
    store: {
      get: async (key) => {
        const value = secrets.get(key);
        await world.late;
        return open(value);
      },
      store: (key, value) => open(undefined).then(() => void secrets.set(key, value)),
      delete: (key) => open(undefined).then(() => void secrets.delete(key)),
    },
    preferences: {
      get: (key) => preferences.get(key),
      set: (key, value) => Promise.resolve(void preferences.set(key, value)),
    },
    clock,
    log,
  });
  const seen = { changes: 0 };
  keys.onDidChange(() => seen.changes++);
  return { keys, secrets, preferences, clock, world, seen };
}

describe('keys of other clients', () => {
  it('are shown once, and what is kept does not open anything', async () => {
    const { keys, secrets, preferences } = rig();
    const { entry, key } = await keys.create('  Claude Code ', {});
    assert.equal(entry.name, 'Claude Code');
    const value = key.reveal();
    assert.ok(value.length >= 43);
    assert.equal(keys.hashes.get(entry.id), createHash('sha256').update(value).digest('hex'));
    const kept = JSON.stringify([...secrets, ...preferences, keys.list]);
    assert.ok(!kept.includes(value));
    const again = await keys.create('Claude Code', {});
    assert.notEqual(again.key.reveal(), value);
  });

  it('are the same in a window that opens later, and gone where they were taken back', async () => {
    const first = rig();
    const { entry } = await first.keys.create('Codex CLI', {});
    const second = rig(first.secrets);
    await second.keys.load();
    assert.deepEqual(second.keys.list, first.keys.list);
    await second.keys.revoke(entry.id);
    await first.keys.load();
    assert.deepEqual([first.keys.list, first.keys.hashes.size], [[], 0]);
    assert.equal(first.secrets.size, 0);
  });

  it('tell when they were used last, to the minute, and write no more often', async () => {
    const { keys, clock, seen, preferences } = rig();
    const { entry } = await keys.create('Codex CLI', {});
    assert.equal(keys.list[0]?.lastUsedAtMs, undefined);
    const { changes } = seen;
    keys.used(entry.id);
    const first = clock.now();
    await clock.advance(30_000);
    keys.used(entry.id);
    assert.deepEqual([keys.list[0]?.lastUsedAtMs, seen.changes], [first, changes + 1]);
    await clock.advance(30_000);
    keys.used(entry.id);
    assert.equal(keys.list[0]?.lastUsedAtMs, clock.now());
    assert.ok(JSON.stringify([...preferences]).includes(entry.id));
    await keys.revoke(entry.id);
    assert.ok(!JSON.stringify([...preferences]).includes(entry.id), 'nothing is left of it');
  });

  it('stay taken back, whatever a look at the store before that finds late', async () => {
    const { keys, secrets, world } = rig();
    const { entry } = await keys.create('Codex CLI', {});
    world.late = new Promise((resolve) => setTimeout(resolve, 20));
    const looking = keys.load();
    delete world.late;
    await Promise.all([looking, keys.revoke(entry.id)]);
    assert.deepEqual([keys.list, secrets.size], [[], 0]);
  });

  it('note a port and accounts for as long as there are any', async () => {
    const { keys, secrets } = rig();
    await keys.note({ port: 29_432 });
    assert.deepEqual([keys.port, secrets.size], [undefined, 0]);
    const { entry } = await keys.create('Codex CLI', {});
    await Promise.all([keys.note({ port: 29_432 }), keys.note({ accounts: { acme: 'alice' } })]);
    assert.deepEqual([keys.port, keys.accounts], [29_432, { acme: 'alice' }]);
    secrets.set('clientKeys', secrets.get('clientKeys')!.replace('29432', '70000'));
    await keys.load();
    assert.deepEqual(keys.list, [], 'what is no record of ours is none');
    await keys.revoke(entry.id);
    assert.deepEqual(keys.accounts, {});
  });

  it('go on as they are known while the password store is locked', async () => {
    const { keys, world } = rig();
    await keys.create('Codex CLI', {});
    world.isLocked = true;
    await assert.rejects(keys.create('Another', {}), { code: 'storage.unavailable' });
    assert.equal(keys.list.length, 1);
    world.isLocked = false;
    await keys.load();
    assert.equal(keys.list.length, 1);
  });
});
