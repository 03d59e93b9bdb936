// A clock on which everything but the wall clock goes faster: what takes minutes is over in seconds, and what
// other parties say of the time of day still holds.
import type { Clock } from '../../src/core/ports.ts';

export class FastClock implements Clock {
  readonly #speed: number;
  #skippedMs = 0;

  constructor(speed: number) {
    this.#speed = speed;
  }

  now = () => Date.now();
  monotonic = () => performance.now() * this.#speed + this.#skippedMs;

  schedule = (delayMs: number, task: () => void) => {
    const timer = setTimeout(task, delayMs / this.#speed);
    return {
      dispose: () => {
        clearTimeout(timer);
      },
    };
  };

  /** Time passes without a timer: whoever looks at the clock sees it. */
  skip(ms: number): void {
    this.#skippedMs += ms;
  }
}
