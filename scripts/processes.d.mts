import type { ChildProcess, SpawnOptions } from 'node:child_process';

export interface Processes {
  start(command: string, args: readonly string[], options?: SpawnOptions): ChildProcess;
  stop(child: ChildProcess): Promise<void>;
  stopAll(signal?: NodeJS.Signals): void;
  stopAllInTurn(): Promise<unknown>;
}

export function createProcesses(): Processes;

/** @returns what ends that */
export function stopWithThisProcess(
  processes: Pick<Processes, 'stopAll' | 'stopAllInTurn'>,
): () => void;
