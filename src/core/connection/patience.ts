// How long a caller waits for somebody who may not answer at all.
import type { Clock } from '../ports.ts';

/** Milliseconds. */
const patienceMs = 5_000;

/** Whether `promise` settles, either way, while there is patience. Never rejects. */
export function settlesSoon(
  promise: Promise<unknown>,
  clock: Pick<Clock, 'schedule'>,
): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.schedule(patienceMs, () => {
      resolve(false);
    });
    const settled = () => {
      timer.dispose();
      resolve(true);
    };
    promise.then(settled, settled);
  });
}
