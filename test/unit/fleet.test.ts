// What a company's identity provider has to stand from many people at once: counts on a fake clock, of the
// real scheduler. bench/fleet measures the same for ten thousand people.
import assert from 'node:assert/strict';
import { live } from '../../bench/fleet/employee.ts';
import { EventClock } from '../../bench/fleet/eventClock.ts';
import { runDay, type Outcome } from '../../bench/fleet/fleet.ts';
import { withInstantDigest } from '../../bench/fleet/instantDigest.ts';
import { Load, total } from '../../bench/fleet/load.ts';
import { usualTerms as terms } from '../../bench/fleet/terms.ts';
import { hourMs, minuteMs, mondayMs, workday } from '../../bench/fleet/workday.ts';

const people = 100;
/** Everybody comes in the same second: nothing but the scheduler spreads what follows. */
const company = { people, servers: 30, windows: 3, arrivalSpreadMs: 0, usage: 'constant' } as const;
const seed = 1;
const after = (minutes: number): number => mondayMs + 9 * hourMs + minutes * minuteMs;
const outage = { fromMs: after(25), toMs: after(35) };

describe('the load of a fleet on the identity provider', function () {
  this.timeout(60_000);
  let all: Outcome;
  /** Per person, in each ten seconds between two minutes after nine. */
  const asked = (from: number, to: number, load = all.ours): readonly number[] =>
    load.between(after(from), after(to)).map((count) => count / people);
  const atMost = (count: number, most: number) => {
    assert.ok(count <= most, `${count} per person, at most ${most}`);
  };

  before(async () => {
    all = await runDay({ company, terms: { ...terms, outage }, seed, untilMs: after(50) });
  });

  it('begins with one renewal and the five servers used last, however many windows open', () => {
    const atStart = total(asked(0, 0.5));
    assert.ok(atStart >= 1, 'somebody came');
    atMost(atStart, 6);
    assert.equal(total(asked(0, 0.5, all.naive)), 93);
  });

  it('asks once per server, not per window, when the first answers grow old', () => {
    const renewals = total(asked(13, 16));
    assert.ok(renewals > 4, 'those in use are asked about');
    atMost(renewals, 5.2);
  });

  it('spreads those renewals although all answers are equally old', () => {
    atMost(Math.max(...asked(13, 16)), 1.5);
  });

  it('is a seventh of a naive client’s, or less', () => {
    atMost(7 * total(asked(0, 25)), total(asked(0, 25, all.naive)));
  });

  it('bothers an identity provider that is down less and less', () => {
    atMost(total(asked(25, 35)), 20);
    atMost(total(asked(30, 35)), 3);
  });

  it('does not come back all at once', () => {
    const back = asked(35, 40);
    assert.ok(total(back) > 3, 'those in use are asked about again');
    atMost(Math.max(...back), 0.6);
    atMost(total(back), 6);
  });

  it('asks about nothing that nobody uses', async () => {
    const load = new Load();
    const few = 10;
    await withInstantDigest(async () => {
      for (let person = 0; person < few; person++) {
        const day = { ...workday(company, seed, person), calls: [] };
        const clock = new EventClock(after(-1));
        await live({ day, seed: [seed, person], terms, load, clock }, after(120));
      }
    });
    atMost(total(load.between(after(0), after(120))) / few, 6);
    assert.equal(total(load.between(after(1), after(120))), 0);
  });
});
