// What the extension costs in a real VS Code: its start, its memory, its processor time.
//   node --import tsx bench/editor/run.ts [--windows N] [--turns N] [--idle SECONDS] [--only NAME] [--vsix FILE]
// Only a whole run is written down.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { createProcesses, stopWithThisProcess } from '../../scripts/processes.mjs';
import { launchBrowser } from '../../test/support/browser.ts';
import { fleet } from '../../test/support/fleet.ts';
import { startSandbox } from '../../test/support/sandbox.ts';
import { write, writeReport } from '../report.ts';
import { measureActivation, type ActivationTask } from './activation.ts';
import { openDirectServers } from './directServers.ts';
import { startEditor, type Editor, type EditorOptions, type Person } from './editor.ts';
import { bytesAtActivation, preparePackages, type Packages } from './packages.ts';
import { measureResidence, type Residence } from './residence.ts';
import type { ActivationCase, EditorResults } from './results.ts';
import { connected, signInFirst } from './signIn.ts';

const { values } = parseArgs({
  options: {
    windows: { type: 'string', default: '7' },
    turns: { type: 'string', default: '3' },
    idle: { type: 'string', default: '60' },
    only: { type: 'string' },
    vsix: { type: 'string' },
  },
});

interface Place {
  readonly packages: Packages;
  readonly browser: Browser;
}

const say = (text: string): void => {
  console.log(`${new Date().toISOString().slice(11, 19)} ${text}`);
};

/** Runs `act` and closes what it opened, last first. */
async function closing<T>(act: (opened: (() => Promise<void>)[]) => Promise<T>): Promise<T> {
  const opened: (() => Promise<void>)[] = [];
  try {
    return await act(opened);
  } finally {
    for (const close of opened.reverse()) await close();
  }
}

const activation = ({ packages, browser }: Place): Promise<ActivationCase[]> =>
  closing(async (opened) => {
    const { product, empty, harness } = packages;
    const acme = await startSandbox();
    opened.push(() => acme.stop());
    const start = async (settings: Record<string, unknown>): Promise<Editor> => {
      const editor = await startEditor({
        packages,
        extensions: [harness, empty, product],
        settings,
      });
      opened.push(() => editor.close());
      return editor;
    };
    const plain = await start({});
    const company = await start({ 'enterpriseMcp.profile': acme.line.profile });
    const alice = await company.newPerson(browser);
    await (await signInFirst(alice, 4)).close();
    const tasks: ActivationTask[] = [
      {
        name: 'no profile',
        person: await plain.newPerson(browser),
        settled: () => Promise.resolve(),
      },
      {
        name: 'signed out',
        person: await company.newPerson(browser),
        settled: ({ workbench }) => workbench.statusBarItem('Sign in to Acme').waitFor(),
      },
      { name: 'signed in, 4 servers', person: alice, settled: (window) => connected(window, 4) },
    ];
    return measureActivation(tasks, Number(values.windows));
  });

const residence = ({ packages, browser }: Place): Promise<Residence> =>
  closing(async (opened) => {
    const { product, empty, harness } = packages;
    const servers = 30;
    const acme = await startSandbox({ setup: fleet({ servers, authorizationServers: servers }) });
    opened.push(() => acme.stop());
    // Otherwise a window connects those used last at its start, and the others when they are used.
    const profile = { ...(acme.line.profile as object), limits: { connectAtStart: servers } };
    const others = await openDirectServers(profile);
    opened.push(() => others.end());
    const start = async (
      own: Pick<EditorOptions, 'extensions' | 'settings' | 'environment'>,
    ): Promise<Person> => {
      const editor = await startEditor({ packages, ...own });
      opened.push(() => editor.close());
      return editor.newPerson(browser);
    };
    const people = {
      empty: await start({ extensions: [harness, empty] }),
      direct: await start({ extensions: [harness, empty], environment: others.environment }),
      ours: await start({
        extensions: [harness, empty, product],
        settings: { 'enterpriseMcp.profile': profile },
        environment: { BENCH_GATEWAY: 'yes' },
      }),
    };
    await (await signInFirst(people.ours, servers)).close();
    return measureResidence({
      acme: acme.admin,
      people,
      serverIds: acme.line.servers.map(({ id }) => id),
      turns: Number(values.turns),
      settleSeconds: 10,
      idleSeconds: Number(values.idle),
      say,
    });
  });

async function all(place: Place): Promise<void> {
  const { only } = values;
  say('activation');
  const starts = only === 'residence' ? [] : await activation(place);
  if (starts.length > 0) console.log(JSON.stringify(starts));
  if (only === 'activation') return;
  say('memory and processor time');
  const stays = await residence(place);
  console.log(JSON.stringify(stays));
  if (only !== undefined) return;
  const results: EditorResults = {
    measuredAt: new Date().toISOString().slice(0, 10),
    machine: {
      cores: cpus().length,
      vscode: place.packages.host.vscode,
      node: process.versions.node,
    },
    bytesAtActivation: bytesAtActivation(),
    activation: starts,
    ...stays,
  };
  await write('bench/editor/results.json', JSON.stringify(results));
  await writeReport();
}

const processes = createProcesses();
stopWithThisProcess(processes);
const folder = mkdtempSync(path.join(tmpdir(), 'enterprise-mcp-bench-'));
try {
  say('packing');
  const packages = await preparePackages(processes, { folder, vsix: values.vsix });
  const browser = await launchBrowser(packages.chromium);
  await all({ packages, browser }).finally(() => browser.close());
  say('done');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
