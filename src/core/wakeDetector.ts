// Notices that the computer slept, or that its clock was set: timers say nothing of either.
import type { Clock, Disposable } from './ports.ts';

/** Between two looks, milliseconds. */
const lookMs = 30_000;
/** A look that comes later than this was slept through. */
const lateMs = 30_000;

/** Calls `onWake` at most once per look, until disposed of. */
export function watchForWake(clock: Clock, onWake: () => void): Disposable {
  const look = () => {
    const atMs = clock.now();
    return clock.schedule(lookMs, () => {
      const passedMs = clock.now() - atMs;
      state.next = look();
      if (Math.abs(passedMs - lookMs) > lateMs) onWake();
    });
  };
  const state = { next: look() };
  return {
    dispose: () => {
      state.next.dispose();
    },
  };
}
