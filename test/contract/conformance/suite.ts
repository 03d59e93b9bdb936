// Runs one scenario of the MCP conformance suite against a client bundle.
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

const needsShim = Number(process.versions.node.split('.', 1)[0]) < 22;
const shim = './test/contract/conformance/globSync.mjs';

/** A client bundle; `change` replaces text of one source file on the way, and must find it. */
export async function buildClient(
  outfile: string,
  change?: { file: string; from: string; to: string },
): Promise<void> {
  const mutate: Plugin = {
    name: 'mutate',
    setup: (mutant) => {
      if (change === undefined) return;
      mutant.onLoad({ filter: new RegExp(`src/${change.file}$`) }, ({ path }) => {
        const source = readFileSync(path, 'utf8');
        if (!source.includes(change.from)) throw new Error(`${change.file} has no ${change.from}`);
        return { contents: source.replace(change.from, change.to), loader: 'ts' };
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

export async function runScenario(
  client: string,
  scenario: string,
  ...more: readonly string[]
): Promise<SuiteResult> {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  const child = spawn(
    process.execPath,
    [
      ...(needsShim ? ['--import', shim] : []),
      'node_modules/@modelcontextprotocol/conformance/dist/index.js',
      'client',
      '--command',
      `${process.execPath} ${client}`,
      '--scenario',
      scenario,
      '-o',
      folder,
      ...more,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  child.stdout.on('data', (data) => (output += String(data)));
  child.stderr.on('data', (data) => (output += String(data)));
  const code = await new Promise((resolve) => child.once('close', resolve));
  rmSync(folder, { recursive: true, force: true });
  const [, passed = '0', all = '0'] = /Passed: (\d+)\/(\d+)/.exec(output) ?? [];
  const overall = output.includes('OVERALL: PASSED') && code === 0;
  return { passed: overall && passed === all, checks: Number(passed), output };
}
