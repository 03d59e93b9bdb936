// Which servers an editor is offered. A connection that closes for a moment (a reconnect, a renewal that
// failed once) is not withdrawn: its tools go and come through the open stream, undisturbed by a restart.
// One that was ended is withdrawn at once.
import type { Clock, Disposable } from './ports.ts';

export interface OpenServer {
  readonly id: string;
  readonly label: string;
  readonly url: string;
}

export interface OfferedServer extends OpenServer {
  /** How often it was offered in this window. */
  readonly openings: number;
}

export interface Offer extends Disposable {
  servers(): readonly OfferedServer[];
  /** Takes over what is open now, and which of the others were ended; the ids of those offered anew. */
  update(open: readonly OpenServer[], ended?: ReadonlySet<string>): readonly string[];
}

/** A connection closed for longer than this is withdrawn, milliseconds. */
const withdrawMs = 800;
/** An editor takes over a change after some time; what is back before is the same to it, milliseconds. */
const noticedMs = 1_000;

export function createOffer(clock: Pick<Clock, 'schedule'>, onDidChange: () => void): Offer {
  const offered = new Map<string, OfferedServer>();
  const openings = new Map<string, number>();
  const leaving = new Map<string, Disposable>();
  const laterIn = timersOf(clock);
  /** Ended just now: another count would make the editor restart it under the first call. */
  const ending = new Map<string, Disposable>();
  const stay = (id: string) => {
    leaving.get(id)?.dispose();
    leaving.delete(id);
  };
  const withdraw = (id: string) => {
    laterIn(leaving, id, withdrawMs, () => {
      offered.delete(id);
      onDidChange();
    });
  };
  return {
    servers: () => [...offered.values()],
    update: (open, ended = new Set()) => {
      const fresh = open.filter(({ id, label, url }) => {
        const known = offered.get(id);
        return known?.label !== label || known.url !== url;
      });
      for (const server of fresh) {
        const isBack = ending.has(server.id);
        const count = (openings.get(server.id) ?? 0) + (isBack ? 0 : 1);
        openings.set(server.id, count);
        offered.set(server.id, { ...server, openings: count });
      }
      for (const { id } of open) stay(id);
      const closed = [...offered.keys()].filter((id) => open.every((one) => one.id !== id));
      const over = closed.filter((id) => ended.has(id));
      for (const id of over) {
        stay(id);
        offered.delete(id);
        laterIn(ending, id, noticedMs);
      }
      for (const id of closed) if (offered.has(id) && !leaving.has(id)) withdraw(id);
      if (fresh.length + over.length > 0) onDidChange();
      return fresh.map(({ id }) => id);
    },
    dispose: () => {
      for (const timer of [...leaving.values(), ...ending.values()]) timer.dispose();
    },
  };
}

const timersOf =
  (clock: Pick<Clock, 'schedule'>) =>
  (timers: Map<string, Disposable>, id: string, delayMs: number, task?: () => void): void => {
    timers.get(id)?.dispose();
    const run = () => {
      timers.delete(id);
      task?.();
    };
    timers.set(id, clock.schedule(delayMs, run));
  };
