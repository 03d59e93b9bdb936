// Windows of one person for other clients: one password store, an overview that changes on command.
import { Emitter } from '../../../src/core/event.ts';
import { OtherClients, type OtherClientsDeps } from '../../../src/core/harness/otherClients.ts';
import type { Overview } from '../../../src/core/overview.ts';
import type { Clock } from '../../../src/core/ports.ts';
import type { Windows } from '../../../src/core/windows/windows.ts';
import { connected, connection, overview, person } from '../../support/acmeOverview.ts';
import { FakeClock } from '../../support/fakeClock.ts';

const failed = (error: unknown) => {
  throw error;
};
export const quiet = { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 };
export const allowing = { agentHost: false, otherClients: true };
export const atWork = (): Overview =>
  overview({ harnesses: allowing, people: [person()], connections: [connection(connected)] });

/** What all windows of the person share. */
export class Shared {
  readonly secrets = new Map<string, string>();
  readonly preferences = new Map<string, unknown>();
  readonly changed = new Emitter<string>(failed);
  isLocked = false;

  readonly store = {
    get: (key: string) => this.#open(() => this.secrets.get(key)),
    store: (key: string, value: string) =>
      this.#open(() => {
        this.secrets.set(key, value);
        this.changed.fire(key);
      }),
    delete: (key: string) =>
      this.#open(() => {
        if (this.secrets.delete(key)) this.changed.fire(key);
      }),
    onDidChange: this.changed.event,
  };

  #open<T>(task: () => T): Promise<T> {
    return this.isLocked
      ? Promise.reject(new DOMException('locked'))
      : Promise.resolve().then(task);
  }
}

export class FakeWindow {
  readonly deps: OtherClientsDeps;
  readonly #changes = new Emitter<void>(failed);
  readonly #roles = new Emitter<'leader'>(failed);
  #overview = atWork();
  #isFirst: boolean;

  constructor(
    shared: Shared,
    { isFirst = true, clock = new FakeClock() }: { isFirst?: boolean; clock?: Clock } = {},
  ) {
    this.#isFirst = isFirst;
    const isFirstNow = () => this.#isFirst;
    const windows = {
      get isFirst() {
        return isFirstNow();
      },
      onDidChangeRole: this.#roles.event,
      secrets: shared.store,
    } as unknown as Windows;
    this.deps = {
      connections: {
        onDidChange: this.#changes.event,
        overview: () => this.#overview,
        windows,
      },
      preferences: {
        get: (key) => shared.preferences.get(key),
        set: (key, value) => Promise.resolve(void shared.preferences.set(key, value)),
      },
      clock,
      log: quiet,
    };
  }

  open(): OtherClients {
    return new OtherClients(this.deps);
  }

  becomes(rest: Partial<Overview>): void {
    this.#overview = { ...this.#overview, ...rest };
    this.#changes.fire();
  }

  leads(): void {
    this.#isFirst = true;
    this.#roles.fire('leader');
  }
}
