// What is in the VSIX, as VS Code installs it, and how much of it is loaded before anybody does anything.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Metafile } from 'esbuild';
import { installVsix } from '../../scripts/codeServer.mjs';
import { createRunFolders } from '../support/runFolders.ts';
import { filesBelow } from '../support/secretSearch.ts';
import { readSetup } from '../support/setup.ts';

const allowed = [
  /^LICENSE\.txt$/,
  /^changelog\.md$/,
  /^dist\/extension\.cjs$/,
  /^media\/enterprise-mcp\.svg$/,
  /^media\/icon\.png$/,
  /^package\.json$/,
  /^readme\.md$/,
];

/** esbuild names a part for the file of ours it begins with; its end is another with every change. */
function isPart(file: string, sources: ReadonlySet<string>): boolean {
  const name = /^dist\/extension-([A-Za-z]+)-[A-Z0-9]{8}\.cjs$/.exec(file)?.[1];
  return name === 'chunk' || sources.has(`${name ?? ''}.ts`);
}

const kilobytes = (bytes: number): number => bytes / 1024;

/** The bundle and what it imports without being asked. */
function loadedAtActivation({ outputs }: Metafile, name = 'dist/extension.cjs'): Set<string> {
  const names = new Set([name]);
  // A set grows while it is walked.
  for (const known of names) {
    for (const { path: imported, kind } of outputs[known]?.imports ?? []) {
      if (kind === 'import-statement' && imported in outputs) names.add(imported);
    }
  }
  return names;
}

describe('The VSIX', () => {
  const setup = readSetup();

  it('holds what the allow-list names and nothing else', () => {
    const folders = createRunFolders();
    try {
      installVsix({ host: setup.hosts.newest, data: folders.data, vsix: setup.vsix });
      const extensions = path.join(folders.data, 'extensions');
      const found = [...filesBelow(extensions).keys()]
        .map((file) => path.relative(extensions, file))
        .filter((file) => file.startsWith('enterprise-mcp.'))
        .map((file) => file.split(path.sep).slice(1).join('/'))
        // VS Code's own note of what it installed.
        .filter((file) => file !== '.vsixmanifest');
      const sources = (readdirSync('src', { recursive: true }) as string[])
        .filter((file) => !file.startsWith('sandbox'))
        .map((file) => path.basename(file));
      const known = new Set(sources);
      const strangers = found.filter(
        (file) => !isPart(file, known) && !allowed.some((pattern) => pattern.test(file)),
      );
      assert.deepEqual(strangers, []);
      const required = ['package.json', 'readme.md', 'LICENSE.txt', 'dist/extension.cjs'];
      assert.deepEqual(
        required.filter((file) => !found.includes(file)),
        [],
      );
    } finally {
      folders.remove();
    }
  });

  it('is at most 600 KB, of which activation loads at most 60 KB', () => {
    assert.ok(kilobytes(statSync(setup.vsix).size) <= 600);
    const metafile = path.join(setup.root, 'dist/extension.meta.json');
    const loaded = loadedAtActivation(JSON.parse(readFileSync(metafile, 'utf8')) as Metafile);
    const bytes = [...loaded].reduce(
      (sum, file) => sum + statSync(path.join(setup.root, file)).size,
      0,
    );
    assert.ok(kilobytes(bytes) <= 60, `${String(Math.round(kilobytes(bytes)))} KB`);
  });
});
