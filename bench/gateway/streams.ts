// One long stream: how fast it passes, and what the process between takes of memory for it. Every run has a
// process of its own, warmed up by a shorter stream.
import type { Measuring } from './calls.ts';
import { usageOf, run, startWay, targetOf, type Way } from './parts.ts';
import { median, type StreamResult } from './results.ts';

type Run = StreamResult['runs'][number];

const mib = 1_048_576;
const warmUpMib = 64;
/** For a process to come to rest. */
const restMs = 300;
const lookMs = 25;

export async function measureStreams(
  measuring: Measuring,
  { rounds, mib: size }: { rounds: number; mib: number },
): Promise<StreamResult[]> {
  const all = measuring.ways.map((way) => ({ way, runs: [] as Run[] }));
  for (let round = 0; round < rounds; round++) {
    for (const { way, runs } of all) runs.push(await measure(way, measuring, size));
  }
  return all.map(({ way, runs }) => ({
    way: way.name,
    mib: size,
    mibPerSecond: Math.round(median(runs.map(({ mibPerSecond }) => mibPerSecond))),
    ...(way.part && { grownMib: median(runs.map(({ grownMib }) => grownMib ?? 0)) }),
    runs,
  }));
}

async function measure(way: Way, { load, company }: Measuring, size: number): Promise<Run> {
  const part = way.part && (await startWay(way.part, company));
  const target = targetOf(way, part, company);
  await run(load, { kind: 'begin', target, connections: 1 });
  await run(load, { kind: 'stream', bytes: warmUpMib * mib });
  await new Promise((resolve) => setTimeout(resolve, restMs));
  const before = part && (await usageOf(part, lookMs));
  const { bytes, elapsedMs } = await run(load, { kind: 'stream', bytes: size * mib });
  const after = part && (await usageOf(part));
  await part?.stop();
  const mibPerSecond = Math.round(bytes / mib / (elapsedMs / 1_000));
  if (before === undefined || after === undefined) return { mibPerSecond };
  return { mibPerSecond, grownMib: Number((after.most - before.now).toFixed(1)) };
}
