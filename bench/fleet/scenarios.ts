// The days that are measured. All with the same seed, and so with the same people doing the same.
import type { Day } from './fleet.ts';
import { usualTerms, type Terms } from './terms.ts';
import { hourMs, minuteMs, mondayMs, type Company } from './workday.ts';

export interface Scenario extends Day {
  readonly name: string;
  readonly group: keyof typeof groups;
}

export const groups = {
  day: 'A whole Monday at the default settings',
  life: 'Servers that give access for five minutes',
  settings: 'Other settings, everybody coming within 30 minutes',
  start:
    'Only the server used last connects when VS Code starts (`connectAtStart: 1`), until 12:00',
  constant: 'Every server of one’s own in constant use, until noon',
  anew: 'Everybody signs in anew, or has never had access before, until 10:30',
  outage: 'The identity provider down from 11:00 to 11:10, until 12:30',
} as const;

const monday = (hour: number): number => mondayMs + hour * hourMs;
const plain = { people: 10_000, servers: 30, windows: 3, arrivalSpreadMs: 30 * minuteMs } as const;
const minutes = (check: number, cap = 30): Partial<Terms> => ({
  checkIntervalMs: check * minuteMs,
  tokenCapMs: cap * minuteMs,
});

interface Change {
  readonly company?: Partial<Company>;
  readonly terms?: Partial<Terms>;
  readonly untilHour?: number;
}

const scenario = (
  group: Scenario['group'],
  name: string,
  { company, terms, untilHour = 18.25 }: Change,
): Scenario => ({
  group,
  name,
  company: { ...plain, usage: 'bursts', ...company },
  terms: { ...usualTerms, ...terms },
  seed: 1,
  untilMs: monday(untilHour),
});

const within = (spread: number): Partial<Company> => ({ arrivalSpreadMs: spread * minuteMs });
const constant = { usage: 'constant' } as const;
const outage = { fromMs: monday(11), toMs: monday(11) + 10 * minuteMs };

export const scenarios: readonly Scenario[] = [
  ...[5, 30, 60].map((spread) =>
    scenario('day', `coming within ${spread} min`, { company: within(spread) }),
  ),
  scenario('life', 'coming within 30 min', { terms: { tokenLifeMs: 5 * minuteMs } }),
  scenario('settings', 'check every 5 min', { terms: minutes(5), untilHour: 12 }),
  scenario('settings', 'check every 30 min', { terms: minutes(30), untilHour: 12 }),
  scenario('settings', 'check every 60 min, tokens kept for 60 min', {
    terms: minutes(60, 60),
    untilHour: 12,
  }),
  ...[30, 60].flatMap((spread) =>
    [15, 30, 60].map((check) =>
      scenario('start', `coming within ${spread} min, check every ${check} min`, {
        company: within(spread),
        terms: { ...minutes(check, Math.max(30, check)), connectAtStart: 1 },
        untilHour: 12,
      }),
    ),
  ),
  ...[15, 30].map((check) =>
    scenario('constant', `check every ${check} min`, {
      company: constant,
      terms: minutes(check),
      untilHour: 12,
    }),
  ),
  scenario('constant', 'check every 60 min, tokens kept for 60 min', {
    company: constant,
    terms: minutes(60, 60),
    untilHour: 12,
  }),
  ...[30, 60].map((spread) =>
    scenario('anew', `signing in within ${spread} min`, {
      company: within(spread),
      terms: { signsInAnew: true },
      untilHour: 10.5,
    }),
  ),
  scenario('anew', 'first day, within 30 min', {
    terms: { signsInAnew: true, isKnown: false },
    untilHour: 10.5,
  }),
  scenario('outage', 'usual use', { terms: { outage }, untilHour: 12.5 }),
  scenario('outage', 'constant use', { company: constant, terms: { outage }, untilHour: 12.5 }),
];
