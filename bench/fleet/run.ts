// The load on an identity provider of 10,000 people with this extension, beside a naive client's, on a fake
// clock with the product's own scheduler.
//   npm run bench:fleet -- [--only TEXT] [--people N] [--processes N]
// With a filter nothing is written.
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runDay } from './fleet.ts';
import { recoveryOf } from './recovery.ts';
import { writeResults, type Result } from './results.ts';
import { scenarios, type Scenario } from './scenarios.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    people: { type: 'string' },
    processes: { type: 'string' },
    /** Of this one alone the result is sent to the process that asked. */
    index: { type: 'string' },
  },
});

async function measure(scenario: Scenario): Promise<Result> {
  const { name, group, terms, untilMs, company } = scenario;
  const startedAt = performance.now();
  const { ours, naive, calls, unsent } = await runDay(scenario);
  const ended = { seconds: Math.round((performance.now() - startedAt) / 1000), calls, unsent };
  const { outage } = terms;
  const side = (load: typeof ours) => ({
    ...load.figures(untilMs),
    // Nothing is steady on a day like that.
    ...(outage && { steady: undefined, recovery: recoveryOf(load, outage) }),
  });
  return { name, group, people: company.people, ...ended, ours: side(ours), naive: side(naive) };
}

const asAsked = (scenario: Scenario): Scenario => {
  const { company } = scenario;
  const people = Number(values.people ?? company.people);
  return { ...scenario, company: { ...company, people } };
};

/** In a process of its own: each is as many seconds of one core. */
function inProcess(index: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const people = values.people === undefined ? [] : ['--people', values.people];
    const child = fork(import.meta.filename, ['--index', String(index), ...people]);
    child.once('message', (result) => {
      resolve(result as Result);
    });
    child.once('exit', (code) => {
      reject(new Error(`scenario ${index} ended with ${code}`));
    });
  });
}

async function all(): Promise<void> {
  const wanted = scenarios.flatMap(({ group, name }, index) =>
    `${group}: ${name}`.includes(values.only) ? [index] : [],
  );
  const waiting = [...wanted];
  const results = new Map<number, Result>();
  const work = async () => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      const result = await inProcess(index);
      results.set(index, result);
      const short = (key: string, value: unknown) => (key === 'eachMinute' ? undefined : value);
      console.log(JSON.stringify(result, short));
    }
  };
  const processes = Number(values.processes ?? availableParallelism());
  await Promise.all(Array.from({ length: processes }, work));
  if (values.only === '') await writeResults(wanted.flatMap((index) => results.get(index) ?? []));
}

const own = values.index === undefined ? undefined : scenarios[Number(values.index)];
if (own === undefined) await all();
else process.send?.(await measure(asAsked(own)));
