// What was measured, as data.
import { cpus } from 'node:os';
import { write, writeReport } from '../report.ts';
import type { Run } from './contestants.ts';

export interface Case {
  readonly servers: number;
  readonly authorizationServers: number;
  readonly latencyMs: number;
}

export interface Result extends Case {
  readonly contestant: string;
  /** Medians. */
  readonly ms: number;
  readonly requests: number;
  readonly runs: readonly Run[];
}

export interface ConnectResults {
  readonly measuredAt: string;
  readonly cores: number;
  readonly node: string;
  readonly results: readonly Result[];
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

export const resultOf = (at: Case, contestant: string, runs: readonly Run[]): Result => ({
  ...at,
  contestant,
  ms: Math.round(median(runs.map(({ ms }) => ms))),
  requests: median(runs.map(({ requests }) => requests)),
  runs: runs.map(({ ms, requests }) => ({ ms: Math.round(ms), requests })),
});

/** bench/connect/results.json, and what people read. */
export async function writeResults(results: readonly Result[]): Promise<void> {
  const measuredAt = new Date().toISOString().slice(0, 10);
  const machine = { cores: cpus().length, node: process.versions.node };
  const data: ConnectResults = { measuredAt, ...machine, results };
  await write('bench/connect/results.json', JSON.stringify(data));
  await writeReport();
}
