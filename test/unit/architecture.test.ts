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
  core: ['valibot', 'p-limit', 'eventsource-parser', 'openid-client', 'jose'],
  gateway: ['eventsource-parser', 'node:*'],
  node: ['node:*'],
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

  it('keeps openid-client and jose behind one lazy file', () => {
    const importers = files.filter(
      (file) =>
        layerOf(file) === 'core' &&
        importsOf(file).some((name) => ['openid-client', 'jose'].includes(name)),
    );
    assert.deepEqual(importers, ['src/core/oauth.ts']);
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

describe('bundles', () => {
  const inputs = (name: string) =>
    Object.keys(
      (
        JSON.parse(readFileSync(`dist/${name}.meta.json`, 'utf8')) as {
          inputs: Record<string, unknown>;
        }
      ).inputs,
    );

  before(function () {
    this.timeout(60_000);
    // conformance is built without `vscode` external: a value import of it would fail right here.
    execFileSync(process.execPath, ['esbuild.mjs', 'extension', 'oauth', 'conformance']);
  });

  it('of the extension hold nothing of the sandbox, the SDK or undici', () => {
    for (const name of ['extension', 'oauth']) {
      const foreign = inputs(name).filter((input) =>
        /^src\/(sandbox|conformance)\/|@modelcontextprotocol|oidc-provider|express|undici/.test(
          input,
        ),
      );
      assert.deepEqual(foreign, [], name);
    }
  });

  it('load openid-client and jose from the second file', () => {
    assert.ok(inputs('oauth').some((input) => input.includes('openid-client')));
    assert.deepEqual(
      inputs('extension').filter((input) => /openid-client|oauth4webapi|\/jose\//.test(input)),
      [],
    );
    assert.match(readFileSync('dist/extension.cjs', 'utf8'), /\.\/oauth\.cjs/);
  });

  it('load at most 60 KB at activation', () => {
    const bytes = readFileSync('dist/extension.cjs').byteLength;
    assert.ok(bytes <= 60_000, `${bytes} bytes`);
  });

  it('of core, gateway and node build without vscode', () => {
    assert.deepEqual(
      inputs('conformance').filter((input) => input.startsWith('src/vscode/')),
      [],
    );
  });
});
