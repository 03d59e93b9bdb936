// The revocation drill without an editor: signs in with a code, keeps nothing, and writes the report.
//   node dist/conformance.mjs --drill --profile FILE --kind grantRemoved [--servers a,b] [--report PREFIX] [--dry-run]
// Asks for a line on stdin once the administrator has done it. Exit code 0 only for PASS.
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { isOpen, isUsable } from '../core/connection/state.ts';
import { Connections } from '../core/connections.ts';
import { drillMarkdown } from '../core/drill/markdown.ts';
import { drillKinds, verdictOf, type DrillKind, type DrillReport } from '../core/drill/report.ts';
import { drillSteps, dryRunText } from '../core/drill/words.ts';
import { readProfile } from '../core/profile/profile.ts';
import { aloneWindow } from '../core/windows/windowMeans.ts';
import { createWitness } from '../core/witness.ts';
import { connectionUpstreams } from '../gateway/connectionUpstreams.ts';
import { Gateway } from '../gateway/gateway.ts';
import { createSupportTools } from '../node/supportTools.ts';
import { systemClock as clock } from '../node/systemClock.ts';

const log = { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 };
const say = (text: string) => process.stderr.write(`${text}\n`);

/** @returns the exit code */
export async function drillFromCommandLine(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      drill: { type: 'boolean' },
      profile: { type: 'string', default: '' },
      kind: { type: 'string', default: 'grantRemoved' },
      servers: { type: 'string' },
      report: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
    },
  });
  const kind = (Object.keys(drillKinds) as DrillKind[]).find((one) => one === values.kind);
  if (kind === undefined) {
    say(`--kind must be one of ${Object.keys(drillKinds).join(', ')}`);
    return 2;
  }
  const desk = openDesk();
  try {
    const { connections } = desk;
    await signIn(connections, values.profile);
    await desk.gateway.listen();
    const ids = values.servers?.split(',') ?? openIds(connections);
    if (values['dry-run']) {
      process.stdout.write(dryRunText(desk.tools.dryRun(kind, ids)));
      return 0;
    }
    const report = await desk.tools.rehearse({
      kind,
      serverIds: ids,
      signal: new AbortController().signal,
      triggered: () => triggered(kind),
      onProgress: () => undefined,
    });
    write(report, values.report);
    return verdictOf(report) === 'PASS' ? 0 : 1;
  } finally {
    await desk.gateway.dispose();
    await desk.connections.dispose();
  }
}

/** Everything an editor has but the editor; what is kept is kept in memory. */
function openDesk() {
  const secrets = new Map<string, string>();
  const preferences = new Map<string, unknown>();
  const witness = createWitness({
    fetch: (input, init) => fetch(input, init),
    openUrl: () => Promise.resolve(false),
  });
  const connections = new Connections({
    ...{ ...witness, clock, log, random: Math.random, clientVersion: '0' },
    store: {
      keys: () => Promise.resolve([...secrets.keys()]),
      get: (key) => Promise.resolve(secrets.get(key)),
      store: (key, value) => Promise.resolve(void secrets.set(key, value)),
      delete: (key) => Promise.resolve(void secrets.delete(key)),
    },
    preferences: {
      get: (key) => preferences.get(key),
      set: (key, value) => Promise.resolve(void preferences.set(key, value)),
    },
    networkMark: () => '',
    openWindows: () => Promise.resolve(aloneWindow()),
    startReceiver: () => Promise.reject(new DOMException('there is no browser', 'NotFoundError')),
    checkIntervalMinutes: () => undefined,
  });
  const gateway = new Gateway({
    upstreams: connectionUpstreams(connections),
    ...{ fetch: witness.fetch, clock, log },
    platform: process.platform,
    environment: process.env,
  });
  const tools = createSupportTools({
    ...{ connections, clock, log, witnessed: witness.counts },
    gateway: { address: () => gateway.address, key: () => gateway.key() },
    isOffered: (serverId) => {
      const connection = connections.connection(serverId);
      return connection !== undefined && isUsable(connection.state);
    },
    platform: process.platform,
    environment: process.env,
    // There is no storage and no log: what is looked through is what this run writes.
    globalStorage: '',
    logs: '',
    versions: { extension: 'headless', editor: 'none' },
    workspace: () => ({ folders: [], file: undefined }),
  });
  return { connections, gateway, tools };
}

async function signIn(connections: Connections, file: string): Promise<void> {
  const raw: unknown = JSON.parse(readFileSync(file, 'utf8'));
  await connections.load(() => Promise.resolve(readProfile(raw, 'managed')));
  for (const { identityProvider } of connections.overview().people) {
    await connections.signIn(identityProvider, new AbortController().signal, {
      withCode: ({ userCode, verificationUri }) => {
        say(`Open ${verificationUri} and enter ${userCode}`);
      },
    });
  }
  await settled(connections);
}

/** Until no connection is on its way any more. */
function settled(connections: Connections): Promise<void> {
  const isOver = () =>
    connections.overview().connections.every(({ state }) => state.kind !== 'connecting');
  return new Promise((resolve) => {
    const look = () => {
      if (!isOver()) return;
      subscription.dispose();
      resolve();
    };
    const subscription = connections.onDidChange(look);
    look();
  });
}

const openIds = (connections: Connections): readonly string[] =>
  connections
    .overview()
    .connections.filter(({ state }) => isOpen(state))
    .map(({ id }) => id);

async function triggered(kind: DrillKind): Promise<number> {
  const lines = createInterface({ input: process.stdin });
  say(`${drillSteps[kind]}; then press Enter.`);
  await new Promise<void>((resolve) => {
    lines.once('line', () => {
      resolve();
    });
    lines.once('close', resolve);
  });
  lines.close();
  return Date.now();
}

function write(report: DrillReport, prefix: string | undefined): void {
  const json = `${JSON.stringify(report, undefined, 2)}\n`;
  process.stdout.write(json);
  if (prefix === undefined) return;
  writeFileSync(`${prefix}.json`, json);
  writeFileSync(`${prefix}.md`, drillMarkdown(report));
}
