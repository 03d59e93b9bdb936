import { ConnectError } from './errors.ts';
import type { Clock } from './ports.ts';

/** Resolves after `ms`. @throws the signal's ConnectError, otherwise user.cancelled, when it aborts first */
export function delay(
  ms: number,
  clock: Pick<Clock, 'schedule'>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = () => {
      timer.dispose();
      const { reason } = signal as { reason: unknown };
      reject(ConnectError.is(reason) ? reason : new ConnectError('user.cancelled'));
    };
    const timer = clock.schedule(ms, () => {
      signal.removeEventListener('abort', cancel);
      resolve();
    });
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel, { once: true });
  });
}
