// Looks for shadows now and then: one look at a time, and none within a minute of the last unless asked for.
import { Emitter } from '../event.ts';
import type { Clock, Event, Log } from '../ports.ts';
import type { FilesRead, UnreadableFile } from './filesRead.ts';
import { findShadows, type ProfileServer, type Shadow } from './shadows.ts';

export interface ShadowReport {
  readonly shadows: readonly Shadow[];
  readonly unreadable: readonly UnreadableFile[];
}

export interface ShadowWatch {
  /** Of the last look; undefined before the first. */
  report(): ShadowReport | undefined;
  readonly onDidChange: Event<void>;
  /** Looks again, unless the last look is fresh. Rejects as `read` does. */
  look(): Promise<ShadowReport>;
  /** Looks again, however fresh the last look is. */
  lookNow(): Promise<ShadowReport>;
}

const freshMs = 60_000;

export function createShadowWatch(deps: {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Pick<Log, 'error'>;
  readonly read: () => Promise<FilesRead>;
  /** Of the profile in force; none: nothing is read. */
  readonly servers: () => readonly ProfileServer[];
}): ShadowWatch {
  const changes = new Emitter<void>((error) => {
    deps.log.error('a listener of the look for shadows failed', { reason: String(error) });
  });
  const last: { report?: ShadowReport; atMs?: number; running?: Promise<ShadowReport> } = {};
  const lookOnce = async (): Promise<ShadowReport> => {
    const servers = deps.servers();
    const { entries, unreadable } =
      servers.length === 0 ? { entries: [], unreadable: [] } : await deps.read();
    const report = { shadows: findShadows(entries, servers), unreadable };
    const hasChanged = JSON.stringify(report) !== JSON.stringify(last.report);
    Object.assign(last, { report, atMs: deps.clock.monotonic() });
    if (hasChanged) changes.fire();
    return report;
  };
  const lookNow = (): Promise<ShadowReport> => {
    last.running ??= lookOnce().finally(() => {
      delete last.running;
    });
    return last.running;
  };
  return {
    report: () => last.report,
    onDidChange: changes.event,
    look: () => {
      const { report, atMs } = last;
      const isFresh = atMs !== undefined && deps.clock.monotonic() - atMs < freshMs;
      return isFresh && report !== undefined ? Promise.resolve(report) : lookNow();
    },
    lookNow,
  };
}
