// Many changes, one look: a window that is busy is not drawn once per call.
import type { Clock, Disposable, Event } from './ports.ts';

export interface Gathering extends Disposable {
  /** Runs the task now, or, where it ran within the time, once when that is over. */
  run(): void;
}

/** For what people look at, milliseconds. */
export const drawMs = 500;

/** Runs `task` at the first change at once, and at most every `everyMs` after. */
export function gathering(
  clock: Pick<Clock, 'schedule'>,
  everyMs: number,
  task: () => void,
): Gathering {
  let pause: Disposable | undefined;
  let isDue = false;
  const run = () => {
    if (pause !== undefined) {
      isDue = true;
      return;
    }
    pause = clock.schedule(everyMs, () => {
      pause = undefined;
      if (!isDue) return;
      isDue = false;
      run();
    });
    task();
  };
  return {
    run,
    dispose: () => {
      pause?.dispose();
      isDue = false;
    },
  };
}

/** The event, told at once, and at most every `everyMs` after. */
export const gathered =
  (event: Event<void>, clock: Pick<Clock, 'schedule'>, everyMs: number): Event<void> =>
  (listener) => {
    const changes = gathering(clock, everyMs, listener);
    const subscription = event(() => {
      changes.run();
    });
    return {
      dispose: () => {
        subscription.dispose();
        changes.dispose();
      },
    };
  };
