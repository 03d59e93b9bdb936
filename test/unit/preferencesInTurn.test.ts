// A store as VS Code's: one value for all keys, and each write is told back to whoever made it.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { preferencesInTurn } from '../../src/core/preferencesInTurn.ts';

type Values = Readonly<Record<string, unknown>>;

class EchoingStore {
  /** As the extension host has it, and as it is on disk. */
  value: Values = {};
  kept: Values = {};
  failures = 0;

  get(key: string): unknown {
    return this.value[key];
  }

  async update(key: string, value: unknown): Promise<void> {
    this.value = { ...this.value, [key]: value };
    await sleep(1);
    if (this.failures-- > 0) throw new Error('the store is locked');
    // What goes out is what there is by now.
    const sent = this.value;
    await sleep(2);
    this.kept = sent;
    this.value = sent;
  }
}

describe('preferences over a store that tells each write back', () => {
  it('keep what is written while another write is on its way', async () => {
    const store = new EchoingStore();
    const preferences = preferencesInTurn(store);
    const first = preferences.set('history', ['connected']);
    await sleep(2);
    const second = preferences.set('granted', { tickets: true });
    assert.deepEqual(preferences.get('granted'), { tickets: true }, 'known at once');
    await Promise.all([first, second]);
    assert.deepEqual(store.kept, { history: ['connected'], granted: { tickets: true } });
    assert.deepEqual(preferences.get('granted'), { tickets: true });
  });

  it('have the latest of one key, whichever write is under way', async () => {
    const store = new EchoingStore();
    const preferences = preferencesInTurn(store);
    const writes = [1, 2, undefined, 3].map((value) => preferences.set('used', value));
    assert.equal(preferences.get('used'), 3);
    await Promise.all(writes);
    assert.deepEqual([preferences.get('used'), store.kept['used']], [3, 3]);
  });

  it('tell of a write that failed, and go on', async () => {
    const store = new EchoingStore();
    store.failures = 1;
    const preferences = preferencesInTurn(store);
    const failing = preferences.set('used', 1);
    const next = preferences.set('history', []);
    await assert.rejects(failing, /locked/);
    await next;
    assert.deepEqual(store.kept['history'], []);
  });
});
