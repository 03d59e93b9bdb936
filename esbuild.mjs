// Builds every bundle. dist/extension.cjs is what activation loads; openid-client and jose live in
// dist/oauth.cjs, loaded on first use. dist/conformance.mjs is built without `vscode` external, so a
// value import of it anywhere below core, gateway or node fails the build.
import { build } from 'esbuild';
import { mkdirSync, writeFileSync } from 'node:fs';

mkdirSync('dist', { recursive: true });

const node = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  minify: true,
  sourcemap: false,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
};
const esm = {
  format: 'esm',
  // The CommonJS packages bundled into the sandbox call require() for Node's own modules.
  banner: {
    js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);",
  },
};

/** The one dynamic import of core/oauth stays a file of its own. */
const oauthInItsOwnFile = {
  name: 'oauth-in-its-own-file',
  setup({ onResolve }) {
    onResolve({ filter: /\/oauth\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './oauth.cjs', external: true } : undefined,
    );
  },
};

const outputs = {
  extension: {
    entryPoints: ['src/extension.ts'],
    outfile: 'dist/extension.cjs',
    format: 'cjs',
    external: ['vscode'],
    plugins: [oauthInItsOwnFile],
  },
  oauth: { entryPoints: ['src/core/oauth.ts'], outfile: 'dist/oauth.cjs', format: 'cjs' },
  conformance: {
    entryPoints: ['src/conformance/client.ts'],
    outfile: 'dist/conformance.mjs',
    ...esm,
  },
  sandbox: { entryPoints: ['src/sandbox/sandbox.ts'], outfile: 'dist/sandbox.mjs', ...esm },
};

const only = process.argv.slice(2);
for (const [name, options] of Object.entries(outputs)) {
  if (only.length > 0 && !only.includes(name)) continue;
  const { metafile } = await build({ ...node, ...options });
  writeFileSync(`dist/${name}.meta.json`, JSON.stringify(metafile));
}
