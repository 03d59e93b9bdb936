// Starts VS Code's server on a free loopback port. Its workbench is opened with Chromium.
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createProcesses, stopWithThisProcess } from '../../scripts/processes.mjs';
import type { RunFolders } from './runFolders.ts';
import type { VscodeHost } from './setup.ts';

/** Quiet and offline. AI features off hides the chat; MCP servers and their tools go on working. */
const quietSettings = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
} as const;

export interface VscodeServer {
  readonly url: string;
  /** Address of the workbench on the run's folder. */
  readonly workbench: (payload?: readonly (readonly [string, string])[]) => string;
  readonly authority: string;
  stop(): Promise<void>;
}

export interface VscodeServerOptions {
  readonly host: VscodeHost;
  readonly folders: RunFolders;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Makes VS Code accept a test suite from the address; also mutes notifications. */
  readonly smokeTestDriver?: boolean;
}

function folderArguments({ data }: RunFolders): string[] {
  return [
    ...['--server-data-dir', path.join(data, 'server')],
    ...['--user-data-dir', path.join(data, 'user')],
    ...['--extensions-dir', path.join(data, 'extensions')],
  ];
}

/** Nothing of the run lands in the person's home. */
function isolated({ data }: RunFolders): NodeJS.ProcessEnv {
  return { ...process.env, HOME: data, XDG_CONFIG_HOME: data, XDG_DATA_HOME: data };
}

/** Starts the server; the caller stops it, or the end of this process does. */
export async function startVscodeServer(options: VscodeServerOptions): Promise<VscodeServer> {
  const { host, folders, settings = {}, environment = {}, smokeTestDriver = false } = options;
  writeFileSync(
    path.join(folders.data, 'user', 'User', 'settings.json'),
    JSON.stringify({ ...quietSettings, ...settings }, null, 2),
  );
  const connectionToken = randomBytes(16).toString('hex');
  const processes = createProcesses();
  const stopWatching = stopWithThisProcess(processes);
  const child = processes.start(
    host.node,
    [
      host.server,
      ...['--host', '127.0.0.1', '--port', '0', '--connection-token', connectionToken],
      ...['--accept-server-license-terms', '--telemetry-level', 'off'],
      ...folderArguments(folders),
      ...(smokeTestDriver ? ['--enable-smoke-test-driver'] : []),
    ],
    {
      env: { ...isolated(folders), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const port = await listeningPort(child, path.join(folders.data, 'server.log'));
  const authority = `127.0.0.1:${port}`;
  const url = `http://${authority}`;
  return {
    url,
    authority,
    workbench(payload) {
      const query = new URLSearchParams({ tkn: connectionToken, folder: folders.workspace });
      if (payload !== undefined) query.set('payload', JSON.stringify(payload));
      return `${url}/?${query.toString()}`;
    },
    stop: async () => {
      await processes.stop(child);
      stopWatching();
    },
  };
}

function listeningPort(child: ChildProcess, logFile: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const seen: string[] = [];
    const timer = setTimeout(() => {
      reject(new Error(`VS Code's server did not start within 60 s\n${seen.join('')}`));
    }, 60_000);
    const read = (chunk: Buffer): void => {
      const text = chunk.toString();
      appendFileSync(logFile, text);
      seen.push(text);
      const port = /listening on (\d+)/.exec(seen.join(''))?.[1];
      if (port === undefined) return;
      seen.splice(0, seen.length, `Extension host agent listening on ${port}\n`);
      clearTimeout(timer);
      resolve(port);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`VS Code's server ended with ${String(code)}\n${seen.join('')}`));
    });
  });
}
