// How many requests one party gets at once: fewer for a while after it said that it is too much.
import pLimit, { type LimitFunction } from 'p-limit';
import type { Clock } from '../ports.ts';

const slowMs = 600_000;

export class Pace {
  readonly #limit: LimitFunction;
  readonly #most: number;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #slowUntilMs = -Infinity;

  constructor(most: number, clock: Pick<Clock, 'monotonic'>) {
    this.#most = most;
    this.#clock = clock;
    this.#limit = pLimit(most);
  }

  run<T>(task: () => Promise<T>): Promise<T> {
    const isSlow = this.#clock.monotonic() < this.#slowUntilMs;
    this.#limit.concurrency = isSlow ? 1 : this.#most;
    return this.#limit(task);
  }

  /** One at a time for ten minutes from now. */
  slowDown(): void {
    this.#slowUntilMs = this.#clock.monotonic() + slowMs;
    this.#limit.concurrency = 1;
  }
}
