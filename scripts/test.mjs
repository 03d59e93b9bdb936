// npm test: checks, then the rings unit, contract, host and e2e; the last line is their sum.
//   node scripts/test.mjs [ring ...] [--desktop] [--update-screenshots] [arguments for mocha]
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureChromium } from './chromium.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { bundleHostSuites } from './hostSuite.mjs';
import { createProcesses, killGroup, stopWithThisProcess } from './processes.mjs';
import { ensureVscodeHost, hostVersions } from './vscodeHost.mjs';
import { packageVsix } from './vsix.mjs';

const root = path.resolve(import.meta.dirname, '..');
const artifacts = path.join(root, 'artifacts');
const processes = createProcesses();
stopWithThisProcess(processes);

const minutes = 60_000;
const rings = {
  unit: { timeoutMs: 4 * minutes, needsBuild: false },
  contract: { timeoutMs: 15 * minutes, needsBuild: true },
  host: { timeoutMs: 7 * minutes, needsBuild: true },
  e2e: { timeoutMs: 18 * minutes, needsBuild: true },
};

function readArguments(given) {
  const named = given.filter((word) => word in rings);
  const flags = ['--desktop', '--update-screenshots'];
  return {
    names: named.length > 0 ? named : Object.keys(rings),
    whole: named.length === 0,
    desktop: given.includes('--desktop'),
    updateScreenshots: given.includes('--update-screenshots'),
    rest: given.filter((word) => !(word in rings) && !flags.includes(word)),
  };
}

const options = readArguments(process.argv.slice(2));
const started = Date.now();
const say = (text) => {
  console.log(`\n[${String(Math.round((Date.now() - started) / 1000)).padStart(4)} s] ${text}`);
};

async function node(args, { environment = {}, timeoutMs = 5 * minutes } = {}) {
  const { code, timedOut } = await processes.run(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
    timeoutMs,
  });
  if (timedOut) console.error(`stopped after ${String(timeoutMs / minutes)} minutes`);
  return { code, timedOut };
}

/** What a ring that had to be killed left running, each the leader of a process group. */
function killLeftovers(file) {
  if (!existsSync(file)) return;
  for (const pid of readFileSync(file, 'utf8').split('\n').filter(Boolean))
    killGroup({ pid: Number(pid) }, 'SIGKILL');
}

const module = (file) => path.join(root, 'node_modules', file);

/** The steps of `npm run check` that fail. */
async function check() {
  const steps = {
    types: [module('typescript/bin/tsc')],
    lint: [module('eslint/bin/eslint.js'), '.'],
    format: [module('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'],
  };
  let failed = 0;
  for (const [name, args] of Object.entries(steps)) {
    say(`check: ${name}`);
    if ((await node(args)).code !== 0) failed += 1;
  }
  return { passed: 0, failed, skipped: 0 };
}

const mocha = (pattern) => [
  ...['--import', 'tsx', module('mocha/bin/mocha.js')],
  ...['--reporter', path.join(root, 'scripts/countingReporter.cjs'), '--timeout', '20000'],
  pattern,
];

async function hostOf(which) {
  const { vscode } = hostVersions[which];
  const { node, server, codeServer } = await ensureVscodeHost({ root, which, processes });
  return [which, { vscode, node, server, codeServer }];
}

/** What host and e2e need, handed over in one variable (test/support/setup.ts). */
async function setup() {
  const hosts = [];
  if (!options.desktop) for (const which of ['newest', 'minimum']) hosts.push(await hostOf(which));
  return {
    TEST_SETUP: JSON.stringify({
      root,
      artifacts,
      hosts: Object.fromEntries(hosts),
      desktop: options.desktop,
      chromium: await ensureChromium({ root, processes }),
      vsix: path.join(root, 'dist/enterprise-mcp.vsix'),
      updateScreenshots: options.updateScreenshots,
    }),
  };
}

const prepare = {
  unit: async () => ({ args: mocha('test/unit/**/*.test.ts') }),
  contract: async () => ({ args: mocha('test/contract/**/*.test.ts') }),
  host: async () => {
    await bundleHostSuites(root);
    return { args: ['--import', 'tsx', 'test/host/run.ts'], environment: await setup() };
  },
  e2e: async () => {
    const environment = await setup();
    await packageVsix({ root, processes });
    return { args: mocha('test/e2e/**/*.test.ts'), environment };
  },
};

/** Runs one ring in a process of its own. A ring without a result is one failure. */
async function runRing(name) {
  const folder = mkdtempSync(path.join(tmpdir(), 'enterprise-mcp-ring-'));
  const stats = path.join(folder, 'counts.json');
  const groups = path.join(folder, 'process-groups');
  try {
    const { args, environment = {} } = await prepare[name]();
    const { code, timedOut } = await node([...args, ...options.rest], {
      environment: { ...environment, TEST_STATS: stats, TEST_PROCESS_GROUPS: groups },
      timeoutMs: rings[name].timeoutMs,
    });
    if (timedOut) killLeftovers(groups);
    const nothing = { passed: 0, failed: 0, skipped: 0 };
    const counts = existsSync(stats) ? JSON.parse(readFileSync(stats, 'utf8')) : nothing;
    const ran = counts.passed + counts.failed > 0;
    if (!ran && code === 0) console.error(`no test ran in ${name}`);
    const failedWithoutCount = counts.failed === 0 && (code !== 0 || !ran);
    return failedWithoutCount ? { ...counts, failed: 1 } : counts;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    if (error instanceof Error && error.cause !== undefined) console.error(error.cause);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const total = { passed: 0, failed: 0, skipped: 0 };
const add = (counts) => {
  for (const key of Object.keys(total)) total[key] += counts[key];
};

try {
  await ensureDependencies({ root, processes });
  mkdirSync(artifacts, { recursive: true });
  if (options.whole) add(await check());
  say('build');
  const built = (await node([path.join(root, 'esbuild.mjs')])).code === 0;
  for (const name of options.names) {
    say(`ring: ${name}`);
    if (!built && rings[name].needsBuild) {
      console.error('not run: the build failed');
      total.failed += 1;
      continue;
    }
    const counts = await runRing(name);
    console.log(`${name}: ${String(counts.passed)} passed, ${String(counts.failed)} failed`);
    add(counts);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  total.failed += 1;
}

say('done');
const { passed, failed, skipped } = total;
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
console.log(`${String(passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped`);
