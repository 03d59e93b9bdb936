// Tool calls, some at a time: every way in turn in every round, so that what the machine does besides falls
// on all of them.
import type { Tool } from './load.ts';
import { run, startWay, targetOf, usageOf, type Company, type Part, type Way } from './parts.ts';
import { percentile, type CallsResult } from './results.ts';

export interface Measuring {
  readonly load: Part;
  readonly company: Company;
  readonly ways: readonly Way[];
}

interface Cell {
  readonly tool: Tool;
  readonly parallel: number;
  readonly way: Way;
  readonly latencies: number[];
  elapsedMs: number;
  cpuMs: number;
}

const parallels = [1, 8, 32];
/** The first byte of a stream is looked at one stream after the other. */
const cases: readonly Pick<Cell, 'tool' | 'parallel'>[] = [
  ...parallels.map((parallel) => ({ tool: 'json', parallel }) as const),
  ...parallels.map((parallel) => ({ tool: 'events', parallel }) as const),
  { tool: 'first', parallel: 1 },
];

export async function measureCalls(
  { load, company, ways }: Measuring,
  { rounds, ms }: { rounds: number; ms: number },
): Promise<CallsResult[]> {
  const parts = new Map<string, Part>();
  for (const { part } of ways) {
    if (part !== undefined && !parts.has(part.file))
      parts.set(part.file, await startWay(part, company));
  }
  const cells = cases.flatMap((one) =>
    ways.map((way): Cell => ({ ...one, way, latencies: [], elapsedMs: 0, cpuMs: 0 })),
  );
  const measure = async ({ tool, parallel, way }: Cell) => {
    const part = parts.get(way.part?.file ?? '');
    const target = targetOf(way, part, company);
    await run(load, { kind: 'begin', target, connections: parallel });
    const before = part && (await usageOf(part));
    const measured = await run(load, { kind: 'calls', tool, parallel, ms });
    const after = part && (await usageOf(part));
    return { ...measured, cpuMs: (after?.cpuMs ?? 0) - (before?.cpuMs ?? 0) };
  };
  // Nobody's first calls pay for loading and compiling the code.
  for (const cell of cells) await measure(cell);
  for (let round = 0; round < rounds; round++) {
    for (const cell of cells) {
      const { latencies, elapsedMs, cpuMs } = await measure(cell);
      for (const latency of latencies) cell.latencies.push(latency);
      cell.elapsedMs += elapsedMs;
      cell.cpuMs += cpuMs;
    }
  }
  for (const part of parts.values()) await part.stop();
  return cells.map(resultOf);
}

function resultOf({ tool, parallel, way, latencies, elapsedMs, cpuMs }: Cell): CallsResult {
  return {
    ...{ tool, parallel, way: way.name, calls: latencies.length },
    p50: percentile(latencies, 0.5),
    p95: percentile(latencies, 0.95),
    p99: percentile(latencies, 0.99),
    perSecond: Math.round((latencies.length / elapsedMs) * 1_000),
    ...(way.part && { cpuMs: Number((cpuMs / latencies.length).toFixed(3)) }),
  };
}
