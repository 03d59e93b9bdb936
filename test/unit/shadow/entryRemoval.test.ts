// One entry cut out, everything else byte for byte as it was.
import assert from 'node:assert/strict';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { readClientFile } from '../../../src/core/shadow/clientFileReading.ts';
import { withoutEntry } from '../../../src/core/shadow/entryRemoval.ts';
import type { FileEntry } from '../../../src/core/shadow/shadows.ts';
import { readShadowFiles } from '../../../src/node/shadowFiles.ts';
import { removeShadow } from '../../../src/node/shadowRemoval.ts';
import { temporaryComputer, tickets } from './shadowRig.ts';

const entry = (name: string) => `"${name}": { "url": "https://${name}.example/" }`;
function without(text: string, name: string): string | undefined {
  const { servers } = readClientFile(text, { format: 'json', servers: [['s']] });
  const { span } = servers.find((one) => one.name === name) ?? {};
  assert.ok(span, text);
  return withoutEntry(text, { name, span });
}

describe('removal of an entry', () => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    [
      'the first',
      'a',
      `{"s":{\n  ${entry('a')},\n  ${entry('b')}\n}}`,
      `{"s":{\n  ${entry('b')}\n}}`,
    ],
    [
      'the last',
      'b',
      `{"s":{\n  ${entry('a')},\n  ${entry('b')}\n}}`,
      `{"s":{\n  ${entry('a')}\n}}`,
    ],
    ['the only one', 'a', `{"s":{\n  ${entry('a')}\n}}`, `{"s":{\n}}`],
    ['one on one line', 'a', `{"s":{${entry('a')},${entry('b')}}}`, `{"s":{${entry('b')}}}`],
    [
      'with a trailing comma',
      'b',
      `{"s":{\n${entry('a')},\n${entry('b')},\n}}`,
      `{"s":{\n${entry('a')},\n}}`,
    ],
    ['the only one with a comma', 'a', `{"s":{${entry('a')},}}`, `{"s":{}}`],
    ['one by a name of JavaScript', '__proto__', `{"s":{${entry('__proto__')}}}`, `{"s":{}}`],
    [
      'among comments',
      'b',
      `\uFEFF// top\n{"s":{\r\n  // a\r\n  ${entry('a')}, // behind a\r\n  /* b */\r\n  ${entry('b')}, // behind b\r\n  // c\r\n  ${entry('c')}\r\n}} // end`,
      `\uFEFF// top\n{"s":{\r\n  // a\r\n  ${entry('a')}, // behind a\r\n  /* b */\r\n   // behind b\r\n  // c\r\n  ${entry('c')}\r\n}} // end`,
    ],
    [
      'with its comma behind a comment',
      'a',
      `{"s":{\n  ${entry('a')} /* x */ ,\n  ${entry('b')}\n}}`,
      `{"s":{\n   /* x */ \n  ${entry('b')}\n}}`,
    ],
  ];
  for (const [title, name, before, after] of cases) {
    it(`takes out ${title}`, () => {
      assert.equal(without(before, name), after);
    });
  }

  it('refuses one that is there twice, another name, another place, and broken text', () => {
    const twice = `{"s":{${entry('a')},${entry('a')}}}`;
    const { servers } = readClientFile(twice, { format: 'json', servers: [['s']] });
    assert.equal(servers.length, 2);
    assert.equal(withoutEntry(twice, { name: 'a', span: servers[1]!.span! }), undefined);
    const holders = `{"s":{${entry('a')}},"s":{${entry('a')}}}`;
    const [first] = readClientFile(holders, { format: 'json', servers: [['s']] }).servers;
    assert.equal(withoutEntry(holders, { name: 'a', span: first!.span! }), undefined);
    const text = `{"s":{${entry('a')}}}`;
    const span = { offset: 6, length: entry('a').length };
    assert.ok(withoutEntry(text, { name: 'a', span }));
    assert.equal(withoutEntry(text, { name: 'b', span }), undefined);
    assert.equal(withoutEntry(text, { name: 'a', span: { ...span, offset: 7 } }), undefined);
    assert.equal(withoutEntry(`${text}}`, { name: 'a', span }), undefined);
  });
});

describe('removal from a file', () => {
  let disk: ReturnType<typeof temporaryComputer>;
  const uid = process.getuid?.();
  const text = `{\n  // mine\n  "mcpServers": {\n    "t": { "url": "${tickets.url}" },\n    "u": {}\n  }\n}\n`;
  const left = text.replace(/ +"t".*\n/, '');
  beforeEach(() => {
    disk = temporaryComputer();
  });
  afterEach(() => {
    disk.dispose();
  });
  const read = async (): Promise<FileEntry> => {
    const { entries } = await readShadowFiles(disk.computer);
    assert.equal(entries.length, 1);
    return entries[0]!;
  };

  it('keeps the mode and leaves nothing beside', async () => {
    const file = disk.write('home/.cursor/mcp.json', text);
    chmodSync(file, 0o640);
    assert.equal(await removeShadow(await read(), uid), 'removed');
    assert.equal(readFileSync(file, 'utf8'), left);
    assert.equal(statSync(file).mode & 0o777, 0o640);
    assert.deepEqual(readdirSync(join(file, '..')), ['mcp.json']);
  });

  it('goes through a link and keeps it', async () => {
    const real = disk.write('dotfiles/mcp.json', text);
    mkdirSync(join(disk.home, '.cursor'), { recursive: true });
    const link = join(disk.home, '.cursor', 'mcp.json');
    symlinkSync(real, link);
    assert.equal(await removeShadow(await read(), uid), 'removed');
    assert.ok(lstatSync(link).isSymbolicLink());
    assert.equal(readFileSync(real, 'utf8'), left);
  });

  it('leaves a file alone that changed, is gone, is another’s or is not JSON', async () => {
    const file = disk.write('home/.cursor/mcp.json', text);
    const shown = await read();
    assert.equal(await removeShadow(shown, (uid ?? 0) + 1), 'notPossible');
    assert.equal(readFileSync(file, 'utf8'), text);
    writeFileSync(file, `${text} `);
    assert.equal(await removeShadow(shown, uid), 'changed');
    assert.equal(readFileSync(file, 'utf8'), `${text} `);
    assert.equal(await removeShadow({ ...shown, file: `${file}.gone` }, uid), 'notPossible');
    assert.equal(await removeShadow({ ...shown, span: undefined }, uid), 'notPossible');
    assert.deepEqual(readdirSync(join(file, '..')), ['mcp.json']);
  });
});
