// The server suite of the MCP conformance tests, run against an address; and gateways whose source was
// changed on the way, to see that the suite would notice.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import type { Era } from './server/testServer.ts';

/** Text of one source file to replace. */
export interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Of each scenario its checks in their order, as `id name STATUS`, and events with what they said. */
export type Outcome = ReadonlyMap<string, readonly string[]>;

interface Check {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly details?: { readonly data?: string };
}

const needsShim = Number(process.versions.node.split('.', 1)[0]) < 22;

/** @param scenario without: all that the version has */
export async function runSuite(url: string, era: Era, scenario?: string): Promise<Outcome> {
  const results = mkdtempSync(join(tmpdir(), 'conformance-server-'));
  const what = scenario === undefined ? ['--suite', 'all'] : ['--scenario', scenario];
  const child = spawn(
    process.execPath,
    [
      ...(needsShim ? ['--import', './test/contract/conformance/globSync.mjs'] : []),
      'node_modules/@modelcontextprotocol/conformance/dist/index.js',
      'server',
      ...['--url', url, '--spec-version', era, '-o', results],
      ...what,
    ],
    { stdio: 'ignore' },
  );
  await new Promise((resolve) => child.once('close', resolve));
  const outcome = new Map<string, readonly string[]>();
  for (const folder of readdirSync(results)) {
    const name = /^server-(.*)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(folder)?.[1] ?? folder;
    const text = readFileSync(join(results, folder, 'checks.json'), 'utf8');
    outcome.set(name, (JSON.parse(text) as Check[]).map(lineOf));
  }
  rmSync(results, { recursive: true, force: true });
  return outcome;
}

const lineOf = ({ id, name, status, details }: Check): string =>
  [id, name, status, ...(id === 'incoming-sse-event' ? [details?.data ?? ''] : [])].join(' ');

/** Where two runs differ, one line each. */
export function differences(before: Outcome, after: Outcome): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].flatMap((name) => {
    const was = before.get(name) ?? [];
    const is = after.get(name) ?? [];
    const length = Math.max(was.length, is.length);
    return Array.from({ length }, (_, at) => [was[at] ?? 'nothing', is[at] ?? 'nothing'])
      .filter(([one, other]) => one !== other)
      .map(([one, other]) => `${name}: ${String(one)} → ${String(other)}`);
  });
}

/** `front.ts` with its gateway, `change` made in one source file, which must have the text. */
export async function buildFront(outfile: string, change: Change): Promise<void> {
  const mutate: Plugin = {
    name: 'mutate',
    setup: (mutant) => {
      mutant.onLoad({ filter: new RegExp(`src/gateway/${change.file}$`) }, ({ path }) => {
        const source = readFileSync(path, 'utf8');
        if (!source.includes(change.from)) throw new Error(`${change.file} has no ${change.from}`);
        return { contents: source.replace(change.from, () => change.to), loader: 'ts' };
      });
    },
  };
  await build({
    entryPoints: ['test/contract/transparent/front.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outfile,
    plugins: [mutate],
    logLevel: 'silent',
  });
}
