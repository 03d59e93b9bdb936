import type { Processes } from './processes.mjs';

export function packageVsix(options: {
  readonly root: string;
  readonly processes: Processes;
}): Promise<string>;
