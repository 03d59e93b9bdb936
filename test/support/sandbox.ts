// Acme as a process of its own, the way `npm run sandbox` starts it, and its administrator's hands.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Description } from '../../src/sandbox/description.ts';
import type { Serving, StopList } from '../../src/sandbox/emergencyStop.ts';
import type { Faults } from '../../src/sandbox/faults.ts';
import type { LedgerEntry } from '../../src/sandbox/ledger.ts';
import type { Setup } from '../../src/sandbox/setup.ts';
import type { SharedSignals, SignalOrder } from '../../src/sandbox/sharedSignals.ts';

export type { Faults, LedgerEntry };

/** The one line the sandbox prints. */
export type SandboxLine = Description;

export interface AdminState {
  readonly people: readonly {
    readonly id: string;
    readonly sessions: number;
    readonly accessTokens: number;
    readonly grants: Readonly<Record<string, readonly string[]>>;
  }[];
  readonly faults: Faults;
  readonly ledger: { readonly last: number };
}

export interface Admin {
  state(): Promise<AdminState>;
  grant(person: string, server: string, scopes: readonly string[]): Promise<AdminState>;
  remove(person: string, server: string): Promise<AdminState>;
  /** Ends the person's sessions at the identity provider; access tokens stay valid. */
  endSession(person: string): Promise<AdminState>;
  /** Revokes access tokens already issued. */
  revokeAccess(person: string, server?: string): Promise<AdminState>;
  /** Changes the given faults, keeps the others. */
  faults(changes: Partial<Faults>): Promise<AdminState>;
  /** Makes a device's public key the one of a client of `acme`, an authorization server or `documents`. */
  registerKey(party: string, clientId: string, jwk: object): Promise<void>;
  /** A tool of the server says something else of itself from now on. */
  rewriteTools(server: string): Promise<AdminState>;
  /** Publishes a new list of what is stopped; an empty one lifts every stop. */
  stop(list: StopList): Promise<AdminState>;
  /** What stands at the address of that list from now on. */
  serveStop(as: Serving, list?: StopList): Promise<AdminState>;
  /** A security event about a person, for whoever polls. */
  signal(order: SignalOrder & { readonly person: string }): Promise<AdminState>;
  /** What became of the security events. */
  signals(): Promise<SharedSignals['state']>;
  reset(): Promise<AdminState>;
  /** Entries later than `since`. */
  ledger(since: number): Promise<readonly LedgerEntry[]>;
}

export interface Sandbox {
  readonly line: SandboxLine;
  readonly admin: Admin;
  stop(): Promise<void>;
}

/** Starts Acme, or the company of a set-up, on free ports; the caller stops it. */
export async function startSandbox(
  options: { readonly latencyMs?: number; readonly setup?: Setup } = {},
): Promise<Sandbox> {
  const { setup = {} } = options;
  const folder = await mkdtemp(join(tmpdir(), 'company-'));
  const file = join(folder, 'setup.json');
  await writeFile(file, JSON.stringify(setup));
  const process_ = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', 'src/sandbox/sandbox.ts', '--port', '0', '--json'],
      ...['--latency', String(options.latencyMs ?? 0), '--setup', file],
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  const line = await firstLine(process_).finally(() => rm(folder, { recursive: true }));
  return {
    line,
    admin: adminClient(line.admin.api),
    async stop() {
      if (process_.exitCode !== null || process_.signalCode !== null) return;
      const ended = once(process_, 'exit');
      process_.kill('SIGTERM');
      await ended;
    },
  };
}

async function firstLine(process_: ChildProcess): Promise<SandboxLine> {
  const { stdout, stderr } = process_;
  if (stdout === null || stderr === null) throw new Error('the sandbox has no output');
  const complaints: string[] = [];
  stderr.on('data', (chunk: Buffer) => complaints.push(chunk.toString()));
  const lines = createInterface({ input: stdout });
  const text = await Promise.race([
    once(lines, 'line').then(([first]) => String(first)),
    once(process_, 'exit').then(() => {
      throw new Error(`the sandbox did not start:\n${complaints.join('')}`);
    }),
  ]);
  return JSON.parse(text) as SandboxLine;
}

/** A client of the administration's JSON API. */
export function adminClient(api: string): Admin {
  async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(api + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }
  return {
    state: () => ask('GET', '/state'),
    grant: (person, server, scopes) => ask('PUT', `/grants/${person}/${server}`, { scopes }),
    remove: (person, server) => ask('DELETE', `/grants/${person}/${server}`),
    endSession: (person) => ask('POST', `/people/${person}/end-session`, {}),
    revokeAccess: (person, server) =>
      ask('POST', `/people/${person}/revoke-access`, server === undefined ? {} : { server }),
    faults: (changes) => ask('PUT', '/faults', changes),
    registerKey: (party, clientId, jwk) =>
      ask('PUT', `/clients/${party}/${encodeURIComponent(clientId)}/keys`, { jwk }),
    rewriteTools: (server) => ask('POST', `/servers/${server}/rewrite-tools`),
    stop: (list) => ask('PUT', '/emergency-stop', list),
    serveStop: (as, list = {}) => ask('PUT', '/emergency-stop/serving', { as, ...list }),
    signal: (order) => ask('POST', '/signals', order),
    signals: () => ask('GET', '/signals'),
    reset: () => ask('POST', '/reset', {}),
    ledger: async (since) =>
      (await ask<{ entries: readonly LedgerEntry[] }>('GET', `/ledger?since=${since}`)).entries,
  };
}
