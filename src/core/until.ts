import type { Clock, Event } from './ports.ts';

/** Resolves when `holds` is true, looking again at every change, or after `timeoutMs` all the same. */
export function until(
  holds: () => boolean,
  onDidChange: Event<void>,
  clock: Pick<Clock, 'schedule'>,
  timeoutMs: number,
): Promise<void> {
  if (holds()) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      subscription.dispose();
      timer.dispose();
      resolve();
    };
    const timer = clock.schedule(timeoutMs, end);
    const subscription = onDidChange(() => {
      if (holds()) end();
    });
  });
}
