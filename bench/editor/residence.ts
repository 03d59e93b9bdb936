// What a signed-in window costs that is left alone, and after many calls. Three windows side by
// side: an empty one, one that has the same servers without the product, and ours.
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../test/support/eventually.ts';
import type { Admin } from '../../test/support/sandbox.ts';
import { openCaller, type Place } from './calls.ts';
import type { EditorWindow, Person } from './editor.ts';
import {
  round,
  sampleOf,
  sides,
  type Growth,
  type IdleCpu,
  type IdleMemory,
  type Memory,
  type MemoryPair,
  type Reading,
  type Sided,
} from './results.ts';
import { connected } from './signIn.ts';

const mib = 1_048_576;

type Windows = Sided<EditorWindow>;

/** Raw, and after collecting. */
interface WindowReading {
  readonly raw: Reading;
  readonly collected: Reading;
}

export interface ResidenceOptions {
  readonly acme: Pick<Admin, 'ledger'>;
  readonly people: Sided<Person>;
  readonly serverIds: readonly string[];
  readonly turns: number;
  readonly settleSeconds: number;
  readonly idleSeconds: number;
  readonly say: (text: string) => void;
}

export interface Residence {
  readonly idleMemory: IdleMemory;
  readonly idleCpu: IdleCpu;
  readonly growth: Growth;
}

async function each<T, R>(of: Sided<T>, act: (one: T) => R | Promise<R>): Promise<Sided<R>> {
  const { empty, direct, ours } = of;
  const [a, b, c] = await Promise.all([act(empty), act(direct), act(ours)]);
  return { empty: a, direct: b, ours: c };
}

const readingOf = async (window: EditorWindow, question: string): Promise<Reading> => {
  const { rss, heapUsed } = await window.ask<Reading>(question);
  return { rss: rss / mib, heapUsed: heapUsed / mib };
};

const readWindow = async (window: EditorWindow): Promise<WindowReading> => ({
  raw: await readingOf(window, '/memory'),
  collected: await readingOf(window, '/collected'),
});

/** Not before the servers say so: what VS Code remembers of their tools looks the same. */
async function openWindows(options: ResidenceOptions): Promise<Windows> {
  const { people, serverIds, settleSeconds } = options;
  const [empty, direct] = await Promise.all([people.empty.open(), people.direct.open()]);
  // Like the product, the harness asks again until VS Code has taken over its list.
  await listedBy(options, 1, () => direct.ask('/start'));
  const listed = listedBy(options, 2);
  const ours = await people.ours.open();
  await connected(ours, serverIds.length);
  await listed;
  await sleep(settleSeconds * 1000);
  return { empty, direct, ours };
}

/** Waits until every server was asked for its tools so often from now on. */
async function listedBy(
  { acme, serverIds }: ResidenceOptions,
  times: number,
  ask?: () => Promise<unknown>,
): Promise<void> {
  const since = (await acme.ledger(0)).at(-1)?.seq ?? 0;
  await eventually(
    `every server was asked for its tools ${times} times`,
    async () => {
      await ask?.();
      const asked = (await acme.ledger(since)).filter(({ detail }) => detail === 'tools/list');
      return serverIds.every((server) => asked.filter(({ id }) => id === server).length >= times);
    },
    { withinMs: 60_000, everyMs: 1_000 },
  );
}

const closeAll = (windows: Windows) => each(windows, (window) => window.close());

/** The last windows stay for the processor's time and the calls. */
export async function measureResidence(options: ResidenceOptions): Promise<Residence> {
  const { turns, say } = options;
  const readings: Sided<WindowReading>[] = [];
  for (let turn = 1; turn < turns; turn++) {
    const windows = await openWindows(options);
    readings.push(await each(windows, readWindow));
    await closeAll(windows);
    say(`windows ${turn} of ${turns}`);
  }
  const last = await openWindows(options);
  try {
    readings.push(await each(last, readWindow));
    const idleMemory = idleMemoryOf(options, readings);
    say('idle');
    const idleCpu = await measureCpu(last, options.idleSeconds);
    say(`calls; idle took ${JSON.stringify(idleCpu.overall)} % of a core`);
    return { idleMemory, idleCpu, growth: await measureGrowth(last, options.serverIds) };
  } finally {
    await closeAll(last);
  }
}

function idleMemoryOf(
  { serverIds, turns }: ResidenceOptions,
  readings: readonly Sided<WindowReading>[],
): IdleMemory {
  const pairOf = (
    read: (one: Sided<WindowReading>, state: keyof WindowReading) => Reading,
  ): MemoryPair => {
    const memoryOf = (state: keyof WindowReading): Memory => ({
      rss: sampleOf(readings.map((one) => read(one, state).rss)),
      heapUsed: sampleOf(readings.map((one) => read(one, state).heapUsed)),
    });
    return { raw: memoryOf('raw'), collected: memoryOf('collected') };
  };
  const over = (side: 'direct' | 'ours') =>
    pairOf((one, state) => less(one[side][state], one.empty[state]));
  return {
    servers: serverIds.length,
    windows: turns,
    empty: pairOf(({ empty }, state) => empty[state]),
    overEmpty: { direct: over('direct'), ours: over('ours') },
  };
}

const less = (one: Reading, other: Reading): Reading => ({
  rss: one.rss - other.rss,
  heapUsed: one.heapUsed - other.heapUsed,
});

interface Cpu {
  readonly atMs: number;
  /** Microseconds. */
  readonly user: number;
  readonly system: number;
}

const stepSeconds = 10;

/** In all at the same time, in steps: one of them may meet a garbage collection, the median does not. */
async function measureCpu(windows: Windows, seconds: number): Promise<IdleCpu> {
  const read = () => each(windows, (window) => window.ask<Cpu>('/cpu'));
  // The collection asked for just now goes on in the background.
  await sleep(stepSeconds * 1000);
  const readings = [await read()];
  for (let passed = 0; passed < seconds; passed += stepSeconds) {
    await sleep(stepSeconds * 1000);
    readings.push(await read());
  }
  const steps = readings.slice(1).map((now, index) => {
    const before = readings[index]!;
    return sides((side) => percent(before[side], now[side]));
  });
  return {
    seconds,
    percent: sides((side) => sampleOf(steps.map((step) => step[side]))),
    overEmpty: {
      direct: sampleOf(steps.map(({ direct, empty }) => direct - empty)),
      ours: sampleOf(steps.map(({ ours, empty }) => ours - empty)),
    },
    overall: sides((side) => round(percent(readings[0]![side], readings.at(-1)![side]))),
  };
}

const percent = (before: Cpu, after: Cpu): number =>
  (after.user + after.system - before.user - before.system) / (after.atMs - before.atMs) / 10;

const warmUp = 1_000;
const calls = 10_000;
const parallel = 8;

async function measureGrowth(windows: Windows, serverIds: readonly string[]): Promise<Growth> {
  const grown = {
    empty: await growthOf(windows.empty, undefined, serverIds),
    direct: await growthOf(windows.direct, await plainPlace(windows.direct), serverIds),
    ours: await growthOf(windows.ours, await gatewayPlace(windows.ours), serverIds),
  };
  return { calls, warmUp, parallel, grown };
}

async function plainPlace(window: EditorWindow): Promise<Place> {
  const { port } = await window.ask<{ port: number }>('/plain');
  return { where: { host: '127.0.0.1', port }, authorization: 'none' };
}

async function gatewayPlace(window: EditorWindow): Promise<Place> {
  const { address, authorization } = await window.ask<Record<string, string>>('/gateway');
  if (address === undefined || authorization === undefined)
    throw new Error('nobody has seen the gateway');
  return { where: { socketPath: address }, authorization };
}

const asLongAsCalls = 30_000;

async function growthOf(
  window: EditorWindow,
  place: Place | undefined,
  serverIds: readonly string[],
): Promise<Growth['grown']['ours']> {
  const caller = place && (await openCaller(place, { serverIds, parallel }));
  await caller?.call(warmUp);
  const before = await readWindow(window);
  const startedAt = performance.now();
  if (caller === undefined) await sleep(asLongAsCalls);
  else await caller.call(calls);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const after = await readWindow(window);
  await caller?.close();
  const grownBy = (state: keyof WindowReading): Reading => {
    const { rss, heapUsed } = less(after[state], before[state]);
    return { rss: round(rss), heapUsed: round(heapUsed) };
  };
  return { seconds, raw: grownBy('raw'), collected: grownBy('collected') };
}
