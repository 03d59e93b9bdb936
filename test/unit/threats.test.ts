// docs/THREATS.md and the tests name the same attacks, and each test where the table says it is.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';

const rows = readFileSync('docs/THREATS.md', 'utf8')
  .split('\n')
  .filter((line) => /^\| T\d/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, id = '', , , tests = '']) => ({ id, places: tests.match(/[^`, ]+\/[^`]+/g) ?? [] }));

const titles = (file: string): readonly string[] =>
  [...readFileSync(file, 'utf8').matchAll(/(?:it|describe)\(\s*['"`]((?:T\d+ )+)/g)].flatMap(
    ([, ids = '']) => ids.trim().split(' '),
  );

describe('the table of threats', () => {
  it('has every attack of T1 to T20, and T22', () => {
    const wanted = [...Array.from({ length: 20 }, (_, at) => `T${at + 1}`), 'T22'];
    assert.deepEqual(
      rows.map(({ id }) => id),
      wanted,
    );
  });

  for (const { id, places } of rows) {
    it(`${id}: is tried in each of the files it names`, () => {
      assert.ok(places.length > 0);
      for (const place of places) {
        assert.ok(titles(`test/${place}.test.ts`).includes(id), place);
      }
    });
  }

  it('knows every attack that a test names', () => {
    const known = new Set(rows.map(({ id }) => id));
    const files = (readdirSync('test', { recursive: true }) as string[]).filter((file) =>
      file.endsWith('.test.ts'),
    );
    const named = files.flatMap((file) => titles(`test/${file}`));
    assert.ok(named.length > 50);
    assert.deepEqual(
      named.filter((id) => !known.has(id)),
      [],
    );
  });
});
