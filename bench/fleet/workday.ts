// What a person does on a Monday, and with which servers. The same for whoever gets the access.
import { between, exponential, seededRandom, some, type Random } from './seededRandom.ts';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
/** A Monday, midnight. */
export const mondayMs = Date.UTC(2026, 5, 1);

/**
 * `bursts`: a task every half hour or so, a few minutes long, with one to three servers.
 * `constant`: every server of one's own, every two minutes, all day: the most there can be.
 */
export type Usage = 'bursts' | 'constant';

export interface Company {
  readonly people: number;
  readonly servers: number;
  readonly windows: number;
  /** Everybody comes at 09:00, or up to so much later. */
  readonly arrivalSpreadMs: number;
  readonly usage: Usage;
}

export interface Call {
  readonly atMs: number;
  readonly window: number;
  readonly server: number;
}

export interface Workday {
  /** When each window opens. */
  readonly opensAtMs: readonly number[];
  readonly leavesAtMs: number;
  /** Servers this person works with, the most used first. */
  readonly own: readonly number[];
  readonly calls: readonly Call[];
}

interface Pause {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Of one person, by number. */
export function workday(company: Company, seed: number, person: number): Workday {
  const random = seededRandom(seed, person, 1);
  const arrivesAtMs = mondayMs + 9 * hourMs + company.arrivalSpreadMs * random();
  const leavesAtMs = mondayMs + 17 * hourMs + hourMs * random();
  const servers = Array.from({ length: company.servers }, (_, index) => index);
  const own = some(random, servers, 4 + Math.floor(3 * random()));
  const pauses = pausesOf(random);
  const opensAtMs = Array.from(
    { length: company.windows },
    (_, index) => arrivesAtMs + index * between(random, 1_000, 4_000),
  );
  const during = { fromMs: arrivesAtMs + 30_000, toMs: leavesAtMs };
  const work = { bursts, constant }[company.usage];
  const calls = [...work(random, during, { ...company, own })]
    .filter(({ atMs }) => atMs < leavesAtMs)
    .filter(({ atMs }) => !pauses.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs))
    .sort((a, b) => a.atMs - b.atMs);
  return { opensAtMs, leavesAtMs, own, calls };
}

/** Lunch, and three times something else. */
function pausesOf(random: Random): readonly Pause[] {
  const pause = (fromMs: number, low: number, high: number): Pause => ({
    fromMs,
    toMs: fromMs + minuteMs * between(random, low, high),
  });
  const lunch = pause(mondayMs + hourMs * between(random, 11.75, 12.75), 30, 60);
  const others = [10, 14, 16].map((hour) =>
    pause(mondayMs + hourMs * (hour + between(random, -0.75, 0.75)), 15, 60),
  );
  return [lunch, ...others];
}

interface Own {
  readonly own: readonly number[];
  readonly servers: number;
  readonly windows: number;
}

function* bursts(random: Random, { fromMs, toMs }: Pause, company: Own): Generator<Call> {
  const task = { atMs: fromMs + exponential(random, 10 * minuteMs) };
  while (task.atMs < toMs) {
    const endMs = task.atMs + minuteMs * between(random, 2, 8);
    const chosen = some(random, company.own, 1 + Math.floor(3 * random()));
    // Now and then something that is not used otherwise.
    const other = Math.floor(company.servers * random());
    const servers = random() < 0.05 ? [...chosen, other] : chosen;
    const window = windowOf(random, company.windows);
    for (let atMs = task.atMs; atMs < endMs; atMs += exponential(random, 20_000)) {
      const server = servers[Math.floor(servers.length * random())] ?? other;
      yield { atMs, window, server };
    }
    task.atMs = endMs + exponential(random, 20 * minuteMs);
  }
}

function* constant(random: Random, { fromMs, toMs }: Pause, company: Own): Generator<Call> {
  for (const server of company.own) {
    for (
      let atMs = fromMs + 2 * minuteMs * random();
      atMs < toMs;
      atMs += minuteMs * between(random, 1, 3)
    ) {
      yield { atMs, window: windowOf(random, company.windows), server };
    }
  }
}

/** Most of the work is done in one window. */
function windowOf(random: Random, windows: number): number {
  const chance = random();
  if (chance < 0.6 || windows === 1) return 0;
  return chance < 0.9 ? 1 : windows - 1;
}
