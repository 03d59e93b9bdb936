// What an identity provider that comes back has to stand, beside what it had before it went.
import { peakOf, total, type Load } from './load.ts';
import type { Outage } from './identityProvider.ts';
import { minuteMs } from './workday.ts';

export interface Recovery {
  readonly beforePerMinute: number;
  /** While nobody answered. */
  readonly duringPerMinute: number;
  readonly duringPeakPerMinute: number;
  readonly firstTenSeconds: number;
  readonly firstMinute: number;
  /** In any of the 30 minutes after. */
  readonly peakPerMinute: number;
  /** By what it was before, each of the ten minutes after. */
  readonly byMinute: readonly number[];
}

export function recoveryOf(load: Load, { fromMs, toMs }: Outage): Recovery {
  const perMinute = (from: number, to: number) =>
    (total(load.between(from, to)) * minuteMs) / (to - from);
  const beforePerMinute = perMinute(fromMs - 15 * minuteMs, fromMs);
  const after = Array.from({ length: 10 }, (_, minute) => {
    const at = toMs + minute * minuteMs;
    return perMinute(at, at + minuteMs);
  });
  return {
    beforePerMinute,
    duringPerMinute: perMinute(fromMs, toMs),
    duringPeakPerMinute: peakOf(load.between(fromMs, toMs)).count,
    firstTenSeconds: load.between(toMs, toMs + 10_000)[0] ?? 0,
    firstMinute: after[0] ?? 0,
    peakPerMinute: peakOf(load.between(toMs, toMs + 30 * minuteMs)).count,
    byMinute: after.map((count) => Math.round((100 * count) / beforePerMinute) / 100),
  };
}
