// What the identity provider has to answer, in buckets of ten seconds, and what that comes to.
import { hourMs, mondayMs } from './workday.ts';

export const legs = ['exchange', 'refresh', 'signIn'] as const;
export type Leg = (typeof legs)[number];

const bucketMs = 10_000;
const perMinute = 60_000 / bucketMs;
const fromMs = mondayMs + 8.5 * hourMs;
const buckets = (10 * hourMs) / bucketMs;

/** Everybody has come, nobody has left; lunch is left out as well. */
const steady = [
  [10.5, 11.75],
  [13.75, 16.75],
] as const;

export interface Figures {
  readonly exchanges: number;
  readonly refreshes: number;
  readonly signIns: number;
  /** Of any 60 seconds that begin at a full ten: exchanges, refreshes and sign-ins together. */
  readonly peakPerMinute: number;
  readonly peakAt: string;
  readonly peakExchangesPerMinute: number;
  readonly peakRefreshesPerMinute: number;
  /** While everybody is there; undefined for a day that ends before. */
  readonly steady: Steady | undefined;
  readonly eachMinute: {
    readonly exchanges: readonly number[];
    readonly refreshes: readonly number[];
    readonly signIns: readonly number[];
  };
}

export interface Steady {
  readonly perMinute: number;
  readonly exchangesPerMinute: number;
  readonly p99PerBucket: number;
  readonly p99ByMean: number;
}

export class Load {
  readonly #counts: Readonly<Record<Leg, Uint32Array>> = {
    exchange: new Uint32Array(buckets),
    refresh: new Uint32Array(buckets),
    signIn: new Uint32Array(buckets),
  };

  asked(leg: Leg, atMs: number): void {
    const counts = this.#counts[leg];
    const bucket = place(atMs);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }

  /** Per bucket, of all that was asked between two times. */
  between(startMs: number, endMs: number): readonly number[] {
    return [...this.#all.subarray(place(startMs), place(endMs))];
  }

  /** @param untilMs when the day was left */
  figures(untilMs: number): Figures {
    const { exchange, refresh, signIn } = this.#counts;
    const peak = peakOf(this.#all);
    return {
      exchanges: total(exchange),
      refreshes: total(refresh),
      signIns: total(signIn),
      peakPerMinute: peak.count,
      peakAt: timeOf(fromMs + peak.bucket * bucketMs),
      peakExchangesPerMinute: peakOf(exchange).count,
      peakRefreshesPerMinute: peakOf(refresh).count,
      steady: this.#steady(untilMs),
      eachMinute: {
        exchanges: minutes(exchange),
        refreshes: minutes(refresh),
        signIns: minutes(signIn),
      },
    };
  }

  #steady(untilMs: number): Steady | undefined {
    const spans = steady
      .map(([from, to]) => [mondayMs + from * hourMs, mondayMs + to * hourMs] as const)
      .filter(([, toMs]) => toMs <= untilMs);
    const buckets = spans.flatMap(([from, to]) => this.between(from, to));
    if (buckets.length === 0) return undefined;
    const exchanges = spans.flatMap(([from, to]) => [
      ...this.#counts.exchange.subarray(place(from), place(to)),
    ]);
    const mean = total(buckets) / buckets.length;
    const p99PerBucket = percentile(buckets, 0.99);
    return {
      perMinute: mean * perMinute,
      exchangesPerMinute: (total(exchanges) / exchanges.length) * perMinute,
      p99PerBucket,
      p99ByMean: p99PerBucket / mean,
    };
  }

  get #all(): Uint32Array {
    const { exchange, refresh, signIn } = this.#counts;
    return exchange.map((count, at) => count + (refresh[at] ?? 0) + (signIn[at] ?? 0));
  }
}

const place = (atMs: number): number => Math.floor((atMs - fromMs) / bucketMs);

export const total = (counts: Iterable<number>): number => {
  let all = 0;
  for (const count of counts) all += count;
  return all;
};

export const percentile = (counts: readonly number[], part: number): number =>
  [...counts].sort((a, b) => a - b)[Math.ceil(counts.length * part) - 1] ?? Number.NaN;

export const timeOf = (ms: number): string => new Date(ms).toISOString().slice(11, 16);

const minutes = (counts: Uint32Array): readonly number[] =>
  Array.from({ length: counts.length / perMinute }, (_, minute) =>
    total(counts.subarray(minute * perMinute, (minute + 1) * perMinute)),
  );

/** The minute in which most was asked. */
export function peakOf(counts: Uint32Array | readonly number[]): { count: number; bucket: number } {
  const peak = { count: 0, bucket: 0 };
  let inMinute = 0;
  for (const [bucket, count] of counts.entries()) {
    inMinute += count - (counts[bucket - perMinute] ?? 0);
    if (inMinute > peak.count)
      Object.assign(peak, { count: inMinute, bucket: bucket - perMinute + 1 });
  }
  return peak;
}
