// What a person reads of other clients: rows, and the page with the key.
import assert from 'node:assert/strict';
import { clientDocument, shownOnce } from '../../../src/core/present/clientDocument.ts';
import { clientRows, freeName, nameProblem } from '../../../src/core/present/clientRows.ts';
import { knownClients } from '../../../src/core/present/clientSnippets.ts';
import { subjectOf } from '../../../src/core/present/row.ts';
import { parse as parseToml } from 'smol-toml';
import { minutesAgo, nowMs } from '../../support/acmeOverview.ts';

const codex = { id: '7e1c', name: 'Codex CLI', createdAtMs: minutesAgo(60) };
const used = { ...codex, id: '9a2b', name: 'Claude Code', lastUsedAtMs: minutesAgo(3) };
const now = { nowMs };

describe('rows of other clients', () => {
  it('are none without a client', () => {
    assert.deepEqual(clientRows({ list: [], taken: 29_432 }, now), []);
  });

  it('name each client and its last use, to a screen reader too', () => {
    const [root, ...more] = clientRows({ list: [codex, used], taken: undefined }, now);
    assert.ok(root !== undefined && more.length === 0);
    assert.deepEqual([root.label, root.description, root.icon], ['Other clients', '', 'plug']);
    assert.deepEqual(
      root.children.map(({ accessibilityLabel }) => accessibilityLabel),
      ['Codex CLI, not used yet', 'Claude Code, last used 3 min ago'],
    );
    assert.deepEqual(subjectOf(root.children[1]!.id), { kind: 'client', id: '9a2b' });
  });

  it('say that another program has the port', () => {
    const [root] = clientRows({ list: [codex], taken: 29_432 }, now);
    assert.equal(root?.accessibilityLabel, 'Other clients, port 29432 is taken by another program');
    assert.equal(root.icon, 'warning');
    const [none] = clientRows({ list: [codex], taken: 'any' }, now);
    assert.equal(none?.description, 'every port is taken by other programs');
  });

  it('show a name of any make as plain text', () => {
    const list = [{ ...codex, name: '[x](command:y) **b**\u202e' }];
    const [row] = clientRows({ list, taken: undefined }, now)[0]!.children;
    assert.ok(!row!.tooltip.join().includes('](command'));
    assert.ok(!row!.label.includes('\u202e'));
  });

  it('want a name of their own for each client', () => {
    assert.equal(nameProblem('Cursor', [codex]), undefined);
    assert.match(nameProblem(' codex cli ', [codex]) ?? '', /Another client/);
    assert.match(nameProblem(' \u200b ', []) ?? '', /Enter a name/);
    assert.equal(freeName('Codex CLI', []), 'Codex CLI');
    assert.equal(freeName('Codex CLI', [codex]), 'Codex CLI 2');
    assert.equal(freeName('Codex CLI', [codex, { ...codex, name: 'Codex CLI 2' }]), 'Codex CLI 3');
  });
});

describe('the page with a key', () => {
  const made = { name: 'Mine\n"evil": true', key: 'k3y', port: 29_432 };

  for (const client of knownClients) {
    it(`is what ${client.name} takes, with comments that stay comments`, () => {
      const { snippet, document } = clientDocument(client, made, ['tickets', 'docs-2']);
      const mark = client.language === 'toml' ? '#' : '//';
      const comments = document
        .slice(0, document.length - snippet.length)
        .trimEnd()
        .split('\n');
      assert.ok(document.endsWith(snippet));
      assert.deepEqual(
        comments.filter((line) => !line.startsWith(mark)),
        [],
      );
      const read: unknown = client.language === 'toml' ? parseToml(snippet) : JSON.parse(snippet);
      const text = JSON.stringify(read);
      for (const id of ['tickets', 'docs-2']) {
        assert.ok(text.includes(`"${id}"`) && text.includes(`http://127.0.0.1:29432/mcp/${id}"`));
      }
      assert.equal(text.split('"Authorization":"Bearer k3y"').length, 3);
      assert.ok(comments.join('\n').includes('shown once'));
      assert.match(shownOnce(client), client.language === 'toml' ? /^# / : /^\/\/ /);
    });
  }
});
