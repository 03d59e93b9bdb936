// Preferences over an editor's store, one write after the other. VS Code keeps one value for all keys of an
// extension and tells each write back to the window that made it: what another key was given before that has
// come is lost, in memory and on disk. A write ends after it was told, so the next one waits for that.
import type { Preferences } from './ports.ts';
import { Turns } from './turns.ts';

interface Store {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

export function preferencesInTurn(store: Store): Preferences {
  /** What is to be written, and being written: the latest of each key. */
  const ahead = new Map<string, { readonly value: unknown }>();
  const turns = new Turns();
  return {
    get: (key) => {
      const next = ahead.get(key);
      return next === undefined ? store.get(key) : next.value;
    },
    set: (key, value) => {
      const next = { value };
      ahead.set(key, next);
      return turns.alone(async () => {
        try {
          await store.update(key, value);
        } finally {
          if (ahead.get(key) === next) ahead.delete(key);
        }
      });
    },
  };
}
