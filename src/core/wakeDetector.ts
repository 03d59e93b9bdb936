// Notices that the computer slept, that its clock was set, or that it is on another network: timers say
// nothing of any of them.
import type { Clock, Disposable } from './ports.ts';

/** Between two looks, milliseconds. */
const lookMs = 30_000;
/** A look that comes later than this was slept through. */
const lateMs = 30_000;

interface Watched {
  readonly clock: Clock;
  /** Another text, another network. */
  readonly networkMark: () => string;
}

/** Calls `onWake` at most once per look, until disposed of. */
export function watchForWake({ clock, networkMark }: Watched, onWake: () => void): Disposable {
  const look = () => {
    const atMs = clock.now();
    const mark = networkMark();
    return clock.schedule(lookMs, () => {
      const passedMs = clock.now() - atMs;
      state.next = look();
      const isElsewhere = networkMark() !== mark;
      if (isElsewhere || Math.abs(passedMs - lookMs) > lateMs) onWake();
    });
  };
  const state = { next: look() };
  return {
    dispose: () => {
      state.next.dispose();
    },
  };
}
