// What is installed into the VS Code that is measured: the product as it is shipped, an extension that does
// nothing, and the harness that answers questions.
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Metafile } from 'esbuild';
import { ensureChromium } from '../../scripts/chromium.mjs';
import type { Processes } from '../../scripts/processes.mjs';
import { ensureVscodeHost, hostVersions, type HostPaths } from '../../scripts/vscodeHost.mjs';
import { packageVsix } from '../../scripts/vsix.mjs';

export interface Packages {
  readonly host: HostPaths & { readonly vscode: string };
  readonly chromium: string;
  readonly product: string;
  readonly empty: string;
  readonly harness: string;
}

const root = path.resolve(import.meta.dirname, '../..');

/** Builds the VSIX of the product unless one is given; `folder` takes the others. */
export async function preparePackages(
  processes: Processes,
  { folder, vsix }: { readonly folder: string; readonly vsix: string | undefined },
): Promise<Packages> {
  const host = await ensureVscodeHost({ root, which: 'newest', processes });
  return {
    host: { ...host, vscode: hostVersions.newest.vscode },
    chromium: await ensureChromium({ root, processes }),
    product: vsix ?? (await packageVsix({ root, processes })),
    empty: pack('emptyExtension', folder),
    harness: pack('harness', folder),
  };
}

function pack(name: string, folder: string): string {
  const file = path.join(folder, `${name}.vsix`);
  execFileSync(
    process.execPath,
    [
      path.join(root, 'node_modules/@vscode/vsce/vsce'),
      ...['package', '--no-dependencies', '--allow-missing-repository', '--skip-license'],
      ...['--allow-star-activation', '--out', file],
    ],
    { cwd: path.join(import.meta.dirname, name), stdio: 'pipe' },
  );
  return file;
}

/** The product's main file and what it requires at once, as built last. */
export function bytesAtActivation(): number {
  const metafile = path.join(root, 'dist/extension.meta.json');
  const { outputs } = JSON.parse(readFileSync(metafile, 'utf8')) as Metafile;
  // A set grows while it is walked.
  const files = new Set(['dist/extension.cjs']);
  for (const file of files) {
    for (const { path: imported, kind } of outputs[file]?.imports ?? []) {
      if (kind === 'import-statement' && imported in outputs) files.add(imported);
    }
  }
  return [...files].reduce((sum, file) => sum + statSync(path.join(root, file)).size, 0);
}
