import type { ChildProcess } from 'node:child_process';
import type { Processes } from './processes.mjs';

interface InstalledHost {
  readonly node: string;
  readonly codeServer: string;
}

export function installVsix(options: {
  readonly host: InstalledHost;
  readonly data: string;
  readonly vsix: string;
}): void;

export function startCodeServer(options: {
  readonly host: InstalledHost;
  readonly data: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly processes: Processes;
  readonly environment?: Readonly<Record<string, string>>;
  readonly logLevel?: string;
}): Promise<{ readonly url: string; readonly password: string; readonly child: ChildProcess }>;

export const quietSettings: Readonly<Record<string, unknown>>;
