// Builds every bundle. dist/extension.cjs is what activation loads; every dynamic import() in the source
// becomes a file of its own beside it. dist/conformance.mjs is built without `vscode` external, so a
// value import of it anywhere in core, gateway or node fails the build.
import { build, transform } from 'esbuild';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const node = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  minify: true,
  legalComments: 'none',
  // The OAuth libraries only ask it for a browser's name, and VS Code reports every look at it.
  define: { navigator: 'undefined' },
  // Its other build requires its own files by names a bundler cannot see.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  logLevel: 'warning',
  metafile: true,
};

const outputs = {
  extension: {
    entryPoints: ['src/extension.ts'],
    outdir: 'dist',
    format: 'esm',
    splitting: true,
    chunkNames: 'extension-[name]-[hash]',
    outExtension: { '.js': '.cjs' },
    external: ['vscode'],
    write: false,
  },
  conformance: {
    entryPoints: ['src/conformance/client.ts'],
    outfile: 'dist/conformance.mjs',
    format: 'esm',
  },
  // Runs from a clone only, next to node_modules: packages stay where they are.
  sandbox: {
    entryPoints: ['src/sandbox/sandbox.ts'],
    outfile: 'dist/sandbox.mjs',
    format: 'esm',
    packages: 'external',
    minify: false,
  },
};

/** esbuild splits ES modules only, VS Code loads CommonJS everywhere: split first, convert each file. */
async function writeAsCommonJs(files) {
  for (const name of readdirSync('dist')) {
    if (name.endsWith('.cjs')) rmSync(join('dist', name));
  }
  for (const { path, text } of files) {
    const { code } = await transform(text, {
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      minify: true,
      // import() becomes require(): the extension host loads both, and this one without a detour.
      supported: { 'dynamic-import': false },
    });
    writeFileSync(join('dist', basename(path)), code);
  }
}

mkdirSync('dist', { recursive: true });
const only = process.argv.slice(2);
for (const [name, options] of Object.entries(outputs)) {
  if (only.length > 0 && !only.includes(name)) continue;
  const { metafile, outputFiles } = await build({ ...node, ...options });
  if (outputFiles !== undefined) await writeAsCommonJs(outputFiles);
  writeFileSync(`dist/${name}.meta.json`, JSON.stringify(metafile));
}
