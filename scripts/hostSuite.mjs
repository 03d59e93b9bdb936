// Bundles the suites that run inside VS Code's extension host, each with mocha, into out/host.
import { rmSync } from 'node:fs';
import path from 'node:path';

/** Suites by name; the file of suite `x` is out/host/x.cjs. */
export async function bundleHostSuites(root) {
  const { build } = await import('esbuild');
  const outdir = path.join(root, 'out/host');
  rmSync(outdir, { recursive: true, force: true });
  await build({
    entryPoints: ['signedIn', 'reloaded'].map((name) => path.join(root, `test/host/${name}.ts`)),
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['vscode'],
    // mocha's parallel runner, which these suites do not use, resolves files of its own.
    logOverride: { 'require-resolve-not-external': 'silent' },
    logLevel: 'warning',
  });
}
