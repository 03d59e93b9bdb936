// A clock that stands still until told. Wall and monotonic time can drift apart, as in a sleep.
import type { Clock } from '../../src/core/ports.ts';

export class FakeClock implements Clock {
  #wallMs = Date.UTC(2026, 0, 1);
  #monotonicMs = 1_000;
  #tasks: { atMs: number; task: () => void }[] = [];

  now = () => this.#wallMs;
  monotonic = () => this.#monotonicMs;

  schedule = (delayMs: number, task: () => void) => {
    const entry = { atMs: this.#monotonicMs + delayMs, task };
    this.#tasks.push(entry);
    return {
      dispose: () => {
        this.#tasks = this.#tasks.filter((one) => one !== entry);
      },
    };
  };

  /** Delays of what is scheduled, in order, milliseconds. */
  get pending(): readonly number[] {
    return this.#tasks.map(({ atMs }) => atMs - this.#monotonicMs).sort((a, b) => a - b);
  }

  /** Lets time pass, running what falls due, and the promises it starts. */
  async advance(ms: number): Promise<void> {
    const until = this.#monotonicMs + ms;
    for (;;) {
      const [next] = this.#tasks
        .filter(({ atMs }) => atMs <= until)
        .sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#tasks = this.#tasks.filter((one) => one !== next);
      this.#wallMs += next.atMs - this.#monotonicMs;
      this.#monotonicMs = next.atMs;
      next.task();
      await settle();
    }
    this.#wallMs += until - this.#monotonicMs;
    this.#monotonicMs = until;
    await settle();
  }

  /** The computer sleeps: the wall clock goes on, timers and the monotonic clock do not. */
  sleep(ms: number): void {
    this.#wallMs += ms;
  }
}

/** Lets every promise that can go on, go on. */
export const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
