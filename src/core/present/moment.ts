// Points in time, as people say them.
export interface Now {
  readonly nowMs: number;
  /** IANA name; the computer's own when absent. */
  readonly timeZone?: string;
  /** Told to the second. */
  readonly seconds?: boolean;
}

const language = 'en-GB';
const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** Intl and Date throw on what no calendar has, and other parties' numbers get here. */
const isMoment = (...moments: readonly number[]): boolean =>
  moments.every((ms) => Math.abs(ms) <= 8.64e15);
const unknownTime = 'an unknown time';

const relative = new Intl.RelativeTimeFormat(language, { style: 'short' });
/** To make one takes a hundred times as long as to use it. */
const made = new Map<string, Intl.DateTimeFormat>();

/** Another offset from UTC is another zone: a computer that travels is told the time there. */
function formatAt(nowMs: number, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([new Date(nowMs).getTimezoneOffset(), options]);
  const format = made.get(key) ?? new Intl.DateTimeFormat(language, options);
  made.set(key, format);
  return format;
}

/** `3 min ago`, `in 55 min`, `just now`. */
export function relativeTime(atMs: number, { nowMs }: Now): string {
  if (!isMoment(atMs, nowMs)) return unknownTime;
  const distanceMs = atMs - nowMs;
  const unit = units.find(([, lengthMs]) => Math.abs(distanceMs) >= lengthMs);
  if (unit === undefined) return distanceMs > 0 ? 'in less than a minute' : 'just now';
  return relative.format(Math.trunc(distanceMs / unit[1]), unit[0]);
}

/** `14:03`; with the day when it is not today. */
export function clockTime(atMs: number, { nowMs, timeZone, seconds }: Now): string {
  if (!isMoment(atMs, nowMs)) return unknownTime;
  const zone = timeZone === undefined ? {} : { timeZone };
  const day = formatAt(nowMs, { ...zone, dateStyle: 'medium' });
  const isToday = day.format(atMs) === day.format(nowMs);
  return formatAt(nowMs, {
    ...zone,
    ...(isToday ? {} : { day: 'numeric', month: 'short' }),
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds === true ? { second: '2-digit' } : {}),
  }).format(atMs);
}

/** `2026-11-21T14:03:00.000Z`. */
export const utc = (atMs: number): string =>
  isMoment(atMs) ? new Date(atMs).toISOString() : unknownTime;
