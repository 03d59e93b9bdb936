import type { Processes } from './processes.mjs';

export interface HostPaths {
  readonly folder: string;
  readonly node: string;
  readonly server: string;
  readonly codeServer: string;
  readonly stamp: string;
}

export const hostVersions: Readonly<
  Record<'newest' | 'minimum', { readonly vscode: string; readonly codeServer: string }>
>;

export function ensureVscodeHost(options: {
  readonly root: string;
  readonly which: 'newest' | 'minimum';
  readonly processes: Processes;
}): Promise<HostPaths>;
