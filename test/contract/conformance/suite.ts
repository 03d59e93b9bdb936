// Runs the MCP conformance suite, or one scenario of it, against a client bundle.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

export interface SuiteResult {
  readonly passed: boolean;
  readonly checks: number;
  readonly output: string;
}

/** Text of one source file to replace. */
export interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const folder = 'test/contract/conformance';
const needsShim = Number(process.versions.node.split('.', 1)[0]) < 22;
const shim = `./${folder}/globSync.mjs`;

export const expectedFailures = `${folder}/expectedFailures.yml`;
export const companySignIn = {
  flag: '--company-sign-in',
  expectedFailures: `${folder}/companySignIn.yml`,
};

/** A client bundle; `change` replaces text of one source file on the way, and must find it. */
export async function buildClient(outfile: string, change?: Change): Promise<void> {
  const mutate: Plugin = {
    name: 'mutate',
    setup: (mutant) => {
      if (change === undefined) return;
      mutant.onLoad({ filter: new RegExp(`src/${change.file}$`) }, ({ path }) => {
        const source = readFileSync(path, 'utf8');
        if (!source.includes(change.from)) throw new Error(`${change.file} has no ${change.from}`);
        return { contents: source.replace(change.from, () => change.to), loader: 'ts' };
      });
    },
  };
  await build({
    entryPoints: ['src/conformance/client.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outfile,
    plugins: [mutate],
    logLevel: 'silent',
  });
}

/** @param client bundle, with arguments for it */
export async function runScenario(
  client: string,
  scenario: string,
  ...more: readonly string[]
): Promise<SuiteResult> {
  const { code, output } = await run(client, '--scenario', scenario, ...more);
  const [, passed = '0', all = '0'] = /Passed: (\d+)\/(\d+)/.exec(output) ?? [];
  const overall = output.includes('OVERALL: PASSED') && code === 0;
  return { passed: overall && passed === all, checks: Number(passed), output };
}

/** Passed when nothing failed but what `baseline` names, and all of that did. */
export async function runAgainst(
  baseline: string,
  client: string,
  ...what: readonly string[]
): Promise<SuiteResult> {
  const { code, output } = await run(client, ...what, '--expected-failures', baseline);
  const [, passed = '0'] = /(?:Total|Passed): (\d+)/.exec(output) ?? [];
  return { passed: code === 0, checks: Number(passed), output };
}

async function run(client: string, ...what: readonly string[]) {
  const results = mkdtempSync(join(tmpdir(), 'conformance-'));
  const child = spawn(
    process.execPath,
    [
      ...(needsShim ? ['--import', shim] : []),
      'node_modules/@modelcontextprotocol/conformance/dist/index.js',
      'client',
      '--command',
      `${process.execPath} ${client}`,
      '-o',
      results,
      ...what,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  child.stdout.on('data', (data) => (output += String(data)));
  child.stderr.on('data', (data) => (output += String(data)));
  const code = await new Promise((resolve) => child.once('close', resolve));
  rmSync(results, { recursive: true, force: true });
  return { code, output };
}
