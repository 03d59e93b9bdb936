// Everybody's day, one person after the other: they share nothing but the identity provider, which answers all.
import { live } from './employee.ts';
import { EventClock } from './eventClock.ts';
import { withInstantDigest } from './instantDigest.ts';
import { Load } from './load.ts';
import { liveNaively } from './naive.ts';
import type { Terms } from './terms.ts';
import { hourMs, mondayMs, workday, type Company } from './workday.ts';

export interface Day {
  readonly company: Company;
  readonly terms: Terms;
  readonly seed: number;
  readonly untilMs: number;
}

export interface Outcome {
  readonly ours: Load;
  readonly naive: Load;
  readonly calls: number;
  /** Calls of ours that got no access. */
  readonly unsent: number;
}

export async function runDay({ company, terms, seed, untilMs }: Day): Promise<Outcome> {
  const [ours, naive] = [new Load(), new Load()];
  const seen = { calls: 0, unsent: 0 };
  await withInstantDigest(async () => {
    for (let person = 0; person < company.people; person++) {
      const day = workday(company, seed, person);
      const clock = new EventClock(mondayMs + 8.9 * hourMs);
      seen.calls += day.calls.filter(({ atMs }) => atMs < untilMs).length;
      seen.unsent += await live({ day, seed: [seed, person], terms, load: ours, clock }, untilMs);
      liveNaively(day, terms, naive, untilMs);
    }
  });
  return { ours, naive, ...seen };
}
