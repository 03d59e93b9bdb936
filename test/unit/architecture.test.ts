// The drawing in docs/ARCHITECTURE.md, executed: who may import whom, and what may be in which bundle.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Layer → layers it may import. `extension` is src/extension.ts, the composition root. */
const layers: Record<string, readonly string[]> = {
  core: ['core'],
  gateway: ['gateway', 'core'],
  node: ['node', 'core'],
  vscode: ['vscode', 'core'],
  extension: ['core', 'gateway', 'node', 'vscode'],
  conformance: ['conformance', 'core', 'gateway', 'node'],
  sandbox: ['sandbox'],
};
/** Packages and Node modules a layer may name; `*` is any. */
const modules: Record<string, readonly string[]> = {
  core: [
    ...['valibot', 'p-limit', 'eventsource-parser', 'openid-client', 'jose', 'ipaddr.js'],
    ...['jsonc-parser', 'smol-toml'],
  ],
  gateway: ['eventsource-parser', 'node:*'],
  node: ['node:*', 'eventsource-parser/stream'],
  vscode: ['vscode', 'node:*'],
  extension: ['vscode', 'node:*'],
  conformance: ['valibot', 'jose', 'node:*'],
  sandbox: ['*'],
};

const files = (readdirSync('src', { recursive: true }) as string[])
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join('src', name));
const layerOf = (file: string) => {
  const parts = relative('src', file).split('/');
  return parts.length === 1 ? 'extension' : (parts[0] ?? '');
};
const importsOf = (file: string) =>
  [
    ...readFileSync(file, 'utf8').matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^'";]*?from\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g,
    ),
  ].map(([, from, dynamic, bare]) => from ?? dynamic ?? bare ?? '');

describe('architecture', () => {
  it('has files in known layers only', () => {
    assert.ok(files.length > 30, `only ${files.length} files seen`);
    assert.deepEqual(
      files.filter((file) => !(layerOf(file) in layers)),
      [],
    );
  });

  it('imports along the arrows only, types included', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((name) => {
          const layer = layerOf(file);
          if (name.startsWith('.')) {
            const target = layerOf(join(dirname(file), name));
            return !(layers[layer] ?? []).includes(target) || target === 'extension';
          }
          return !(modules[layer] ?? []).some(
            (allowed) =>
              allowed === '*' ||
              allowed === name ||
              (allowed === 'node:*' && name.startsWith('node:')),
          );
        })
        .map((name) => `${file} imports ${name}`),
    );
    assert.deepEqual(wrong, []);
  });

  it('notices a wrong import', () => {
    const seen = importsOf('test/unit/architecture.test.ts');
    assert.ok(seen.includes('node:fs') && seen.includes('node:assert/strict'));
  });

  it('never throws a bare Error where a code belongs', () => {
    const bare = files.filter(
      (file) =>
        ['core', 'gateway', 'node', 'vscode'].includes(layerOf(file)) &&
        /new (Type|Range)?Error\(/.test(readFileSync(file, 'utf8')),
    );
    assert.deepEqual(bare, []);
  });

  it('holds no state and runs nothing when a module is imported', () => {
    const stateful = files.filter((file) => /^(export )?let /m.test(readFileSync(file, 'utf8')));
    assert.deepEqual(stateful, []);
  });
});

interface Metafile {
  readonly inputs: Record<string, unknown>;
  readonly outputs: Record<
    string,
    { readonly inputs: Record<string, unknown>; readonly imports: { path: string; kind: string }[] }
  >;
}

describe('bundles', () => {
  const meta = (name: string) =>
    JSON.parse(readFileSync(`dist/${name}.meta.json`, 'utf8')) as Metafile;

  /** dist/extension.cjs and what it requires at once, with what each was made of. */
  const atActivation = () => {
    const { outputs } = meta('extension');
    const seen = new Set<string>();
    const visit = (file: string) => {
      if (seen.has(file) || outputs[file] === undefined) return;
      seen.add(file);
      for (const { path, kind } of outputs[file].imports) {
        if (kind === 'import-statement') visit(path);
      }
    };
    visit('dist/extension.cjs');
    const inputs = [...seen].flatMap((file) => Object.keys(outputs[file]!.inputs));
    return { files: [...seen], inputs };
  };

  before(function () {
    this.timeout(60_000);
    // conformance is built without `vscode` external: a value import of it would fail right here.
    execFileSync(process.execPath, ['esbuild.mjs', 'extension', 'conformance']);
  });

  it('of the extension hold nothing of the sandbox, the SDK or undici', () => {
    const foreign = Object.keys(meta('extension').inputs).filter((input) =>
      /^src\/(sandbox|conformance)\/|@modelcontextprotocol|oidc-provider|express|undici/.test(
        input,
      ),
    );
    assert.deepEqual(foreign, []);
  });

  it('load what talks to other parties on first use only', () => {
    const { inputs } = atActivation();
    assert.ok(inputs.includes('src/extension.ts'));
    const early = inputs.filter((input) =>
      /openid-client|oauth4webapi|\/jose\/|valibot|core\/(protocol|company)\.ts|^src\/gateway\//.test(
        input,
      ),
    );
    assert.deepEqual(early.sort(), ['src/gateway/onDemand.ts']);
    const all = Object.keys(meta('extension').inputs);
    assert.ok(all.some((input) => input.includes('openid-client')));
    assert.ok(all.includes('src/gateway/forward.ts'));
  });

  it('load at most 60 KB at activation', () => {
    const bytes = atActivation().files.map((file) => readFileSync(file).byteLength);
    const sum = bytes.reduce((a, b) => a + b, 0);
    assert.ok(sum > 10_000 && sum <= 60_000, `${sum} bytes`);
  });

  it('of core, gateway and node build without vscode', () => {
    assert.deepEqual(
      Object.keys(meta('conformance').inputs).filter((input) => input.startsWith('src/vscode/')),
      [],
    );
  });
});
