// What was measured, as data and as the tables people read.
import { writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { total, type Figures } from './load.ts';
import type { Recovery } from './recovery.ts';
import { groups, type Scenario } from './scenarios.ts';

export type Side = Figures & { readonly recovery?: Recovery };

export interface Result {
  readonly name: string;
  readonly group: Scenario['group'];
  readonly people: number;
  /** It took. */
  readonly seconds: number;
  readonly calls: number;
  readonly unsent: number;
  readonly ours: Side;
  readonly naive: Side;
}

/** bench/fleet/results.json and bench/fleet/RESULTS.md. */
export async function writeResults(results: readonly Result[]): Promise<void> {
  const measuredAt = new Date().toISOString().slice(0, 10);
  await write(
    'bench/fleet/results.json',
    JSON.stringify({ measuredAt, results: results.map(short) }),
  );
  const sections = Object.entries(groups).map(([group, title]) => {
    const own = results.filter((result) => result.group === group);
    const isOutage = own.some(({ ours }) => ours.recovery !== undefined);
    return `## ${title}\n\n${isOutage ? recoveryTable(own) : table(own)}`;
  });
  await write('bench/fleet/RESULTS.md', `${intro(measuredAt)}\n\n${sections.join('\n\n')}\n`);
}

const intro = (measuredAt: string): string => `# Load on the identity provider

Written by \`npm run bench:fleet\`, ${measuredAt}. 30 servers and 3 windows for each person, every one of them
simulated: the product's own company, session, windows and connections on a clock that jumps from event to event,
with random numbers from one seed. Only the legs are stand-ins, which decide nothing: the identity provider answers
after 150 ms, everything else takes 400 ms. Every minute: [results.json](results.json).

A person comes to work at 09:00 or up to so many minutes later, opens three windows, and leaves between 17:00 and
18:00. Servers give access for 60 minutes, ID tokens live as long; all servers have been used before, and 4 to 6 of
the 30 are the person's own. In between is lunch and three other pauses of 15 to 60 minutes. Else there is a task
every 25 minutes or so, two to eight minutes long, in one of the windows, with one to three of one's own servers and
a call every 20 seconds. In constant use instead: every server of one's own is called every two minutes.

The naive client connects every server in every window at once, renews each token at 80 % of its life whether it is
used or not, and tries again after 30 seconds; nothing is shared or spread.

Requests are RFC 8693 exchanges, refreshes of the company sign-in, and sign-ins. The peak is that of any 60 seconds;
steady is 10:30 to 11:45 and 13:45 to 16:45; p99 is the 99th percentile of its 10-second buckets, by their mean.
All figures of the first tables are for 10,000 people. People share nothing here but the identity provider, so fewer
are as many requests fewer: where fewer were simulated, the figures are multiplied. The last column but three says how
many people there are where the peak is 1,000 per minute.`;

/** Minute by minute, from 09:00 until the last request; of the naive client all together. */
function short({ naive, ours, ...result }: Result): object {
  const { exchanges, refreshes, signIns } = ours.eachMinute;
  const all = naive.eachMinute.exchanges.map(
    (count, minute) => count + (naive.eachMinute.refreshes[minute] ?? 0),
  );
  const last = all.findLastIndex((count) => count > 0);
  const day = (counts: readonly number[]) => counts.slice(30, last + 1);
  const eachMinute = { exchanges: day(exchanges), refreshes: day(refreshes) };
  const withSignIns = total(signIns) > 0 ? { signIns: day(signIns) } : {};
  return {
    ...result,
    ours: { ...ours, eachMinute: { ...eachMinute, ...withSignIns } },
    naive: { ...naive, eachMinute: day(all) },
  };
}

/** As the rest of the repository is formatted. */
async function write(file: string, text: string): Promise<void> {
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
}

/** Per 10,000 people; they share nothing here, so fewer are as many requests fewer. */
const whole = 10_000;
const number = (value: number): string => Math.round(value).toLocaleString('en-US');
const ratio = (ours: number, naive: number): string => `${number(naive / ours)} x`;
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

function table(results: readonly Result[]): string {
  const head = [
    '',
    'simulated',
    'peak/min',
    'of them exchanges',
    'at',
    'steady/min',
    'of them exchanges',
    'p99 ÷ mean',
    'exchanges',
    'refreshes',
    'people at 1,000/min',
    'naive: peak/min',
    'steady/min',
    'p99 ÷ mean',
  ];
  return tableOf(
    head,
    results.map(({ name, people, ...sides }) => {
      const [ours, naive] = [sides.ours, sides.naive].map((side) =>
        scaled(side, whole / people),
      ) as [Side, Side];
      return [
        name,
        number(people),
        `**${number(ours.peakPerMinute)}**`,
        number(ours.peakExchangesPerMinute),
        ours.peakAt,
        ...steadyCells(ours, true),
        number(ours.exchanges),
        number(ours.refreshes),
        number((whole * 1_000) / ours.peakPerMinute),
        `${number(naive.peakPerMinute)} (${ratio(ours.peakPerMinute, naive.peakPerMinute)})`,
        ...steadyCells(naive, false, ours),
      ];
    }),
  );
}

function scaled(side: Side, by: number): Side {
  const { steady } = side;
  return {
    ...side,
    exchanges: side.exchanges * by,
    refreshes: side.refreshes * by,
    peakPerMinute: side.peakPerMinute * by,
    peakExchangesPerMinute: side.peakExchangesPerMinute * by,
    steady: steady && {
      ...steady,
      perMinute: steady.perMinute * by,
      exchangesPerMinute: steady.exchangesPerMinute * by,
    },
  };
}

function steadyCells({ steady }: Side, withExchanges: boolean, than?: Side): readonly string[] {
  if (steady === undefined) return withExchanges ? ['', '', ''] : ['', ''];
  const { perMinute, exchangesPerMinute, p99ByMean } = steady;
  const times = than?.steady && ` (${ratio(than.steady.perMinute, perMinute)})`;
  return [
    `${number(perMinute)}${times ?? ''}`,
    ...(withExchanges ? [number(exchangesPerMinute)] : []),
    p99ByMean.toFixed(2),
  ];
}

function recoveryTable(results: readonly Result[]): string {
  const head = [
    '',
    'before/min',
    'while down, mean/min',
    'while down, peak/min',
    'back: first 10 s',
    'first minute',
    'peak/min after',
    'each minute after, by what it was before',
  ];
  const sides = results.flatMap(({ name, people, ours, naive }) => [
    { name: `${name} (${number(people)} people)`, recovery: ours.recovery },
    { name: `${name}, naive`, recovery: naive.recovery },
  ]);
  const rows = sides.flatMap(({ name, recovery }) =>
    recovery === undefined ? [] : [[name, ...recoveryCells(recovery)]],
  );
  return tableOf(head, rows);
}

const recoveryCells = (recovery: Recovery): readonly string[] => [
  number(recovery.beforePerMinute),
  number(recovery.duringPerMinute),
  number(recovery.duringPeakPerMinute),
  number(recovery.firstTenSeconds),
  number(recovery.firstMinute),
  number(recovery.peakPerMinute),
  recovery.byMinute.map((one) => one.toFixed(1)).join(' '),
];
