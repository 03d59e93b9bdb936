import assert from 'node:assert/strict';
import { toolChangesSentence } from '../../../src/core/present/toolChangeWords.ts';

describe('what is said of a server that changes its tools', () => {
  it('names them, what says something else under the same name first', () => {
    const changes = { added: ['mail_all'], removed: ['close'], changed: ['read'] };
    assert.equal(
      toolChangesSentence('Tickets', changes),
      'Tickets changed its tools while they were in use (changed: read; new: mail_all; gone: close).',
    );
  });

  it('is one short sentence, whatever the server calls them', () => {
    const added = Array.from({ length: 900 }, (_, n) => `tool ${n}`);
    const changed = [`<b>\u202e[x](command:evil)\n${'y'.repeat(5_000)}`];
    const said = toolChangesSentence('Tickets', { added, removed: [], changed });
    assert.match(said, /new: tool 0, tool 1, tool 2, tool 3 and 896 more\)\.$/);
    assert.ok(said.length < 300, String(said.length));
    assert.doesNotMatch(said, /[\n\u202e]/);
  });
});
