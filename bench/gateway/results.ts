// What was measured on the way through the gateway, as data.
import type { Tool } from './load.ts';

export interface CallsResult {
  readonly tool: Tool;
  readonly parallel: number;
  readonly way: string;
  readonly calls: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly perSecond: number;
  /** Of the process between, milliseconds per call. Nothing is between: undefined. */
  readonly cpuMs?: number;
}

export interface StreamResult {
  readonly way: string;
  readonly mib: number;
  /** Medians of `runs`. */
  readonly mibPerSecond: number;
  /** Resident memory of the process between: at most, over what it was before. Nothing is between: undefined. */
  readonly grownMib?: number;
  readonly runs: readonly { readonly mibPerSecond: number; readonly grownMib?: number }[];
}

export interface GatewayResults {
  readonly measuredAt: string;
  readonly cores: number;
  readonly node: string;
  readonly rounds: number;
  readonly calls: readonly CallsResult[];
  readonly streams: readonly StreamResult[];
}

export function percentile(numbers: readonly number[], part: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const found = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  return Number((found ?? Number.NaN).toFixed(3));
}

export const median = (numbers: readonly number[]): number => percentile(numbers, 0.5);
