import type { Processes } from './processes.mjs';

export function ensureChromium(options: {
  readonly root: string;
  readonly processes: Processes;
}): Promise<string>;
