// Metadata in memory, as long as its sender says, within bounds of ours. One look-up at a time per key; a
// failure is not kept; one caller's cancel is not another's.
import { ConnectError } from '../errors.ts';
import type { Clock } from '../ports.ts';

/** What was found, and how long it may be believed, milliseconds. */
export interface Found<T> {
  readonly value: T;
  readonly keepMs: number;
}

interface Entry<T> {
  readonly value: Promise<T>;
  readonly atMs: number;
  /** Undefined while it is looked up. */
  untilMs: number | undefined;
}

const leastKeepMs = 600_000;
const plainKeepMs = 3_600_000;
const longestKeepMs = 86_400_000;
/** Looked up within this time, metadata is as fresh as can be, milliseconds. */
const freshMs = 10_000;

/**
 * How long an answer may be kept, milliseconds: 10 minutes to 24 hours, an hour where nothing is said.
 * @see RFC 9111 §4.2, §5.2
 */
export function keepMsOf(headers: Headers): number {
  const control = headers.get('cache-control') ?? '';
  if (/\bno-(store|cache)\b/i.test(control)) return leastKeepMs;
  const seconds = /\bmax-age="?(\d{1,9})\b/i.exec(control)?.[1];
  if (seconds === undefined) return plainKeepMs;
  const age = /^\d{1,9}$/.exec(headers.get('age') ?? '')?.[0] ?? '0';
  const leftMs = (Number(seconds) - Number(age)) * 1000;
  return Math.min(longestKeepMs, Math.max(leastKeepMs, leftMs));
}

export class MetadataCache<T> {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #entries = new Map<string, Entry<T>>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** @throws what `find` throws, the signal's reason */
  get(key: string, signal: AbortSignal, find: (own: AbortSignal) => Promise<Found<T>>): Promise<T> {
    const nowMs = this.#clock.monotonic();
    const known = this.#entries.get(key);
    if (known !== undefined && nowMs < (known.untilMs ?? Infinity)) {
      return abortable(known.value, signal);
    }
    // The look-up is shared, so it ends by its own time-out and not by the first caller's signal.
    const found = find(new AbortController().signal);
    const entry: Entry<T> = {
      value: found.then(({ value }) => value),
      atMs: nowMs,
      untilMs: undefined,
    };
    this.#entries.set(key, entry);
    found.then(
      ({ keepMs }) => {
        entry.untilMs = this.#clock.monotonic() + keepMs;
      },
      () => {
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
      },
    );
    return abortable(entry.value, signal);
  }

  /** Drops what was looked up a while ago; false when there is nothing, or nothing newer to be had. */
  outdated(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry?.untilMs === undefined) return false;
    if (this.#clock.monotonic() - entry.atMs < freshMs) return false;
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}

/** `promise`, or the reason of `signal` when that comes first. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const cancelled = () =>
    ConnectError.is(signal.reason) ? signal.reason : new ConnectError('user.cancelled');
  if (signal.aborted) throw cancelled();
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => {
      reject(cancelled());
    };
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}
