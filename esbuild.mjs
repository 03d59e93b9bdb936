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

/** Names of the files that `file` requires at once, itself the last. */
function requiredAtOnce(outputs, file, found = new Set()) {
  for (const { path, kind } of outputs[file].imports) {
    if (kind === 'import-statement' && path in outputs && !found.has(path))
      requiredAtOnce(outputs, path, found);
  }
  return found.add(file);
}

/**
 * One file of all that activation requires: each require costs the extension host as much as what is in it.
 * Files loaded later find these parts under their old names.
 */
function joinAtOnce(codes, { outputs }) {
  const main = 'extension.cjs';
  const parts = [...requiredAtOnce(outputs, `dist/${main}`)]
    .map((file) => basename(file))
    .filter((name) => name !== main);
  const functions = parts.map(
    (name) => `${JSON.stringify(`./${name}`)}(module,exports,require){${codes.get(name)}}`,
  );
  codes.set(
    main,
    `const outer=require,made={},parts={${functions.join(',')}};` +
      'const part=(name)=>{if(!(name in parts))return outer(name);' +
      'if(!(name in made)){const module=made[name]={exports:{}};parts[name](module,module.exports,part)}' +
      'return made[name].exports};' +
      `((require)=>{${codes.get(main)}})(part);module.exports={...module.exports,part};`,
  );
  for (const name of parts)
    codes.set(name, `module.exports=require("./${main}").part(${JSON.stringify(`./${name}`)});`);
}

/** esbuild splits ES modules only, VS Code loads CommonJS everywhere: split first, convert each file. */
async function writeAsCommonJs(files, metafile) {
  for (const name of readdirSync('dist')) {
    if (name.endsWith('.cjs')) rmSync(join('dist', name));
  }
  const codes = new Map();
  for (const { path, text } of files) {
    const { code } = await transform(text, {
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      minify: true,
      // import() becomes require(): the extension host loads both, and this one without a detour.
      supported: { 'dynamic-import': false },
    });
    codes.set(basename(path), code);
  }
  joinAtOnce(codes, metafile);
  for (const [name, code] of codes) writeFileSync(join('dist', name), code);
}

mkdirSync('dist', { recursive: true });
const only = process.argv.slice(2);
for (const [name, options] of Object.entries(outputs)) {
  if (only.length > 0 && !only.includes(name)) continue;
  const { metafile, outputFiles } = await build({ ...node, ...options });
  if (outputFiles !== undefined) await writeAsCommonJs(outputFiles, metafile);
  writeFileSync(`dist/${name}.meta.json`, JSON.stringify(metafile));
}
