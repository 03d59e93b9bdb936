import assert from 'node:assert/strict';
import { readClientFile } from '../../../src/core/shadow/clientFileReading.ts';
import { findShadows, type FileEntry } from '../../../src/core/shadow/shadows.ts';
import { shadowRows } from '../../../src/core/present/shadowRow.ts';
import { tickets, wiki } from '../shadow/shadowRig.ts';

const entry = (name: string, value: object, client = 'Cursor'): FileEntry => {
  const text = JSON.stringify({ mcpServers: { [name]: value } });
  const [server] = readClientFile(text, { format: 'json', servers: [['mcpServers']] }).servers;
  const file = '/home/me/.cursor/mcp.json';
  return { ...server!, client, file, format: 'json', managed: false, digest: '' };
};
const about = { organization: 'Acme', home: '/home/me' };
const rowsOf = (...entries: FileEntry[]) =>
  shadowRows({ shadows: findShadows(entries, [tickets, wiki]), unreadable: [] }, about);

describe('the row of shadow connections', () => {
  it('is not there before a look, nor when nothing leads to a server', () => {
    assert.deepEqual(shadowRows(undefined, about), []);
    assert.deepEqual(rowsOf(), []);
    assert.deepEqual(rowsOf(entry('other', { url: 'https://elsewhere.example/mcp' })), []);
    assert.deepEqual(rowsOf(entry('near', { url: `${tickets.url}/other` })), []);
  });

  it('counts the servers, names the programs once, and opens what to do', () => {
    const [row, ...others] = rowsOf(
      entry('one', { url: tickets.url }),
      entry('two', { url: wiki.url }, 'VS Code (workspace)'),
      entry('three', { url: wiki.url }),
    );
    assert.deepEqual(others, []);
    assert.equal(row?.label, '2 servers also set up without Acme');
    assert.equal(row.description, 'in Cursor and VS Code (workspace)');
    assert.equal(row.accessibilityLabel, `${row.label}, ${row.description}`);
    assert.equal(row.opens, 'shadowConnections');
  });

  it('tells each in the tooltip, escaped and without the key, and no more than a few', () => {
    const key = 'sk-live-51H8xQ2eZvKYlo2C0aB3cD4eF5';
    const headers = { Authorization: `Bearer ${key}` };
    const many = Array.from({ length: 12 }, (_, index) =>
      entry(`a*${index}`, { url: tickets.url, headers }),
    );
    const [row] = rowsOf(...many);
    assert.equal(row?.tooltip.length, 8 + 3);
    assert.match(row.tooltip[1]!, /^a\\\*0 in Cursor\\: Tickets, with a fixed key/);
    assert.match(row.tooltip[1]!, /\\~\/\\\.cursor|~\/\.cursor/);
    assert.equal(row.tooltip.at(-2), 'and 4 more');
    assert.doesNotMatch(JSON.stringify(row), new RegExp(key));
  });
});
