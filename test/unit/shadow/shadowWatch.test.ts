// When is looked, and what people read of it.
import assert from 'node:assert/strict';
import { readClientFile } from '../../../src/core/shadow/clientFileReading.ts';
import type { FilesRead } from '../../../src/core/shadow/filesRead.ts';
import { afterRemoval, removalQuestion } from '../../../src/core/shadow/removalWords.ts';
import { findShadows, type FileEntry } from '../../../src/core/shadow/shadows.ts';
import { createShadowWatch } from '../../../src/core/shadow/shadowWatch.ts';
import { placeOf, shadowSummary, shadowWords } from '../../../src/core/shadow/shadowWords.ts';
import { tickets, wiki } from './shadowRig.ts';

const entry = (value: object, more: Partial<FileEntry> = {}): FileEntry => {
  const text = JSON.stringify({ s: { t: value } }, null, 2);
  const [server] = readClientFile(text, { format: 'json', servers: [['s']] }).servers;
  const file = '/home/me/.cursor/mcp.json';
  return {
    ...server!,
    client: 'Cursor',
    file,
    format: 'json',
    managed: false,
    digest: '',
    ...more,
  };
};
const nothing: FilesRead = { entries: [], unreadable: [] };

function rig(servers = [tickets, wiki]) {
  const state = { now: 0, reads: 0, files: nothing, changes: 0 };
  const watch = createShadowWatch({
    clock: { monotonic: () => state.now },
    log: {
      error: (message) => {
        throw new assert.AssertionError({ message });
      },
    },
    servers: () => servers,
    read: () => {
      state.reads += 1;
      return Promise.resolve(state.files);
    },
  });
  watch.onDidChange(() => (state.changes += 1));
  return { state, watch };
}

describe('the look for shadows', () => {
  it('is taken once a minute at most, one at a time, and at once when asked for', async () => {
    const { state, watch } = rig();
    assert.equal(watch.report(), undefined);
    await Promise.all([watch.look(), watch.look(), watch.lookNow()]);
    assert.equal(state.reads, 1);
    state.now = 59_999;
    await watch.look();
    assert.equal(state.reads, 1);
    await watch.lookNow();
    assert.equal(state.reads, 2);
    state.now += 60_000;
    await watch.look();
    assert.equal(state.reads, 3);
  });

  it('tells a change once', async () => {
    const { state, watch } = rig();
    await watch.lookNow();
    state.files = { ...nothing, entries: [entry({ url: tickets.url })] };
    await watch.lookNow();
    await watch.lookNow();
    assert.equal(state.changes, 2);
    assert.equal(watch.report()?.shadows.length, 1);
  });

  it('reads nothing without servers, and is taken again after a failure', async () => {
    const none = rig([]);
    await none.watch.lookNow();
    assert.equal(none.state.reads, 0);
    const { state, watch } = rig();
    state.files = undefined as unknown as FilesRead;
    await assert.rejects(watch.lookNow());
    state.files = nothing;
    assert.deepEqual(await watch.look(), { shadows: [], unreadable: [] });
  });
});

describe('words about shadows', () => {
  const shadowOf = (value: object, more: Partial<FileEntry> = {}) =>
    findShadows([entry(value, more)], [tickets, wiki])[0]!;
  const { url } = tickets;
  const kinds = [
    { url },
    { url, headers: { Authorization: 'Bearer x' } },
    { url, oauth: { enterpriseManaged: true } },
    { url, oauth: false },
    { url: `${url}/other` },
    { command: 'x', args: [url], disabled: true },
  ].map((value) => shadowOf(value));

  it('count servers, not entries', () => {
    const report = (values: readonly string[]) => ({
      shadows: findShadows(
        values.map((one) => entry({ url: one })),
        [tickets, wiki],
      ),
      unreadable: [],
    });
    assert.equal(shadowSummary(report([]), 'Acme'), undefined);
    assert.equal(shadowSummary(report([`${url}/other`]), 'Acme'), undefined);
    assert.equal(shadowSummary(report([url, url]), 'Acme'), '1 server also set up without Acme');
    assert.equal(
      shadowSummary(report([url, wiki.url]), 'Acme'),
      '2 servers also set up without Acme',
    );
  });

  it('say what it is, who acts, and one sentence of what to do, in plain words', () => {
    const words = [...kinds, shadowOf({ url }, { managed: true })].map(shadowWords);
    assert.deepEqual(
      words.map(({ who }) => who),
      ['you', 'you', 'you', 'you', 'administrator', 'you', 'administrator'],
    );
    assert.equal(words[1]!.title, 't in Cursor');
    assert.equal(words[1]!.how, 'Tickets, with a fixed key in a header (Authorization)');
    assert.match(words[5]!.how, /through a program on this computer, turned off there/);
    for (const { title, how, advice } of words) {
      assert.doesNotMatch(`${title} ${how} ${advice}`, /token|oauth|jag|\b40[13]\b|bearer/i);
      assert.match(advice, /^[^.]+\.$/);
    }
  });

  it('name exactly what is removed, and what goes on', () => {
    const question = removalQuestion(kinds[1]!, '/home/me');
    assert.equal(question.message, 'Remove t in Cursor?');
    assert.match(question.detail, /taken out of ~\/\.cursor\/mcp\.json, lines 3 to 8:/);
    assert.match(question.detail, /key stays good until it is withdrawn/);
    assert.match(
      afterRemoval(kinds[0]!, 'removed', ''),
      /sign-in Cursor made for it is not removed/,
    );
    for (const end of ['changed', 'notPossible'] as const) {
      assert.match(afterRemoval(kinds[0]!, end, ''), /Nothing was removed/);
    }
  });

  it('shorten the person’s own folder only', () => {
    const lines = { first: 4, last: 6 };
    assert.equal(placeOf({ file: '/home/me/a', lines }, '/home/me'), '~/a:4');
    assert.equal(placeOf({ file: '/home/meg/a' }, '/home/me'), '/home/meg/a');
    assert.equal(placeOf({ file: '/h/a\u202Eb' }, '/home/me'), '/h/a b');
  });
});
