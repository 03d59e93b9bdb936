// A clock that jumps from one event to the next: a day is over as soon as all that happens in it has.
import type { Clock, Disposable } from '../../src/core/ports.ts';

interface Entry {
  readonly atMs: number;
  /** Of two at the same time the one scheduled first goes first. */
  readonly order: number;
  task: (() => void) | undefined;
}

export class EventClock implements Clock {
  #nowMs: number;
  #order = 0;
  /** A binary heap, the next one first. */
  readonly #entries: Entry[] = [];

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  now = (): number => this.#nowMs;
  monotonic = (): number => this.#nowMs;

  schedule = (delayMs: number, task: () => void): Disposable => {
    const entry: Entry = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, task };
    this.#push(entry);
    return {
      dispose: () => {
        entry.task = undefined;
      },
    };
  };

  /** Runs what falls due, each with all the promises it starts, before the next. */
  async runUntil(untilMs: number): Promise<void> {
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.#nowMs = next.atMs;
      next.task?.();
      await settled();
    }
    this.#nowMs = untilMs;
  }

  #next(untilMs: number): Entry | undefined {
    for (;;) {
      const [first] = this.#entries;
      if (first === undefined || first.atMs > untilMs) return undefined;
      this.#pop();
      if (first.task !== undefined) return first;
    }
  }

  #push(entry: Entry): void {
    const entries = this.#entries;
    let at = entries.length;
    entries.push(entry);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = entries[above];
      if (parent === undefined || isBefore(parent, entry)) break;
      entries[at] = parent;
      at = above;
    }
    entries[at] = entry;
  }

  #pop(): void {
    const entries = this.#entries;
    const last = entries.pop();
    if (last === undefined || entries.length === 0) return;
    let at = 0;
    for (;;) {
      const left = entries[2 * at + 1];
      const right = entries[2 * at + 2];
      const isRight = left !== undefined && right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (child === undefined || isBefore(last, child)) break;
      entries[at] = child;
      at = isRight ? 2 * at + 2 : 2 * at + 1;
    }
    entries[at] = last;
  }
}

const isBefore = (one: Entry, other: Entry): boolean =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);

/** Every promise that can go on has gone on. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
