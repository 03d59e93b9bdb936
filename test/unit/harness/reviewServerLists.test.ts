// What a reviewer tried on the editor's lists: a pattern that keeps the editor's extensions busy for ever.
import assert from 'node:assert/strict';
import { blockOf } from '../../../src/core/harness/serverLists.ts';

const address = `http://127.0.0.1:29417/mcp/${'a'.repeat(60)}`;
const block = (serverUrl: string) =>
  blockOf(
    {
      access: 'all',
      allowed: [{ serverUrl }],
      denied: undefined,
      managedOnly: undefined,
      pluginsOnly: undefined,
    },
    { label: 'Tickets', address },
  );

describe('review: patterns of the editor’s lists', () => {
  it('take no time, however many stars they have', () => {
    for (const pattern of [
      `http://127.0.0.1:*/${'*a'.repeat(30)}X`,
      `http://${'*1'.repeat(30)}X/*`,
      `http://${':*'.repeat(30)}X/*`,
      `${'*'.repeat(60)}X`,
      `http://${':**'.repeat(5_000)}X`,
    ]) {
      const sinceMs = performance.now();
      assert.equal(block(pattern), 'notAllowed', pattern.slice(0, 40));
      assert.ok(performance.now() - sinceMs < 500, pattern.slice(0, 40));
    }
  });

  it('are read as before', () => {
    for (const pattern of [
      'http://127.0.0.1:*/*',
      'http://127.0.0.1:29417/**',
      'http://127.*:*/mcp/*aaa',
      '*://127.0.0.1:29417/mcp/a*a*a',
      'HTTP://127.0.0.1:29417/*',
    ]) {
      assert.equal(block(pattern), undefined, pattern);
    }
    for (const pattern of [
      'http://127.0.0.1:*',
      'http://*',
      'http://127.0.0.1*/mcp',
      'http://*/x*',
    ]) {
      assert.equal(block(pattern), 'notAllowed', pattern);
    }
  });
});
