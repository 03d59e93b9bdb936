import assert from 'node:assert/strict';
import { Emitter } from '../../../src/core/event.ts';
import { clockTime, relativeTime, utc } from '../../../src/core/present/moment.ts';
import { cleanText, escapeMarkdown } from '../../../src/core/present/plainText.ts';
import { overviewRows } from '../../../src/core/present/sideBar.ts';
import { changedRows, indexRows } from '../../../src/core/present/rowChanges.ts';
import { subjectOf } from '../../../src/core/present/row.ts';
import type { ConnectionSnapshot } from '../../../src/core/connection/state.ts';
import { until } from '../../../src/core/until.ts';
import { connected, connection, context, nowMs, overview } from '../../support/acmeOverview.ts';

describe('changed rows', () => {
  const docs = connection(connected, { id: 'docs', label: 'Docs' });
  const tickets = connection(connected);
  const index = (...connections: ConnectionSnapshot[]) =>
    indexRows(overviewRows(overview({ connections }), context));

  it('are only the topmost that look different', () => {
    const before = index(docs, tickets);
    assert.deepEqual(changedRows(before, index(docs, tickets)), []);
    const later = connection({ ...connected, confirmedAtMs: nowMs });
    assert.deepEqual(changedRows(before, index(docs, later)), ['server:tickets']);
    const called = {
      ...tickets,
      lastCall: { tool: 'create_ticket', atMs: nowMs, outcome: 'ok' as const },
    };
    assert.deepEqual(changedRows(before, index(docs, called)), ['server:tickets']);
    assert.deepEqual(changedRows(before, index(tickets, docs)), ['person:acme']);
    assert.equal(changedRows(before, indexRows([])), 'all');
  });

  it('know their parents', () => {
    const { byId, roots } = index(docs);
    assert.deepEqual(roots, ['organization']);
    assert.equal(byId.get('server:docs')?.parentId, 'person:acme');
    assert.equal(byId.get('server:docs/tools')?.parentId, 'server:docs');
  });

  it('name what a command acts on', () => {
    assert.deepEqual(subjectOf('server:docs'), { kind: 'server', id: 'docs' });
    assert.deepEqual(subjectOf('person:acme'), { kind: 'person', id: 'acme' });
    for (const id of ['organization', 'problem:1', 'server:a:b', '']) {
      assert.equal(subjectOf(id), undefined);
    }
  });
});

describe('moments', () => {
  it('are said as people say them', () => {
    const at = (minutes: number) => relativeTime(nowMs + minutes * 60_000, context);
    assert.deepEqual([0, -0.9, -1, -59.9, -60, -26 * 60, 0.5, 55].map(at), [
      'just now',
      'just now',
      '1 min ago',
      '59 min ago',
      '1 hr ago',
      '1 day ago',
      'in less than a minute',
      'in 55 min',
    ]);
    assert.equal(clockTime(nowMs, context), '14:03');
    assert.equal(clockTime(nowMs, { ...context, timeZone: 'Asia/Tokyo' }), '23:03');
    assert.equal(clockTime(nowMs - 86_400_000, context), '20 Nov, 14:03');
    assert.equal(utc(nowMs), '2026-11-21T14:03:00.000Z');
  });

  it('that no calendar has are unknown', () => {
    for (const never of [NaN, Infinity, -Infinity, 9e15, -9e18, 8.64e15 + 1, 1e308]) {
      for (const say of [clockTime, relativeTime]) {
        assert.equal(say(never, context), 'an unknown time');
        assert.equal(say(nowMs, { ...context, nowMs: never }), 'an unknown time');
      }
      assert.equal(utc(never), 'an unknown time');
      const state = { ...connected, confirmedAtMs: never };
      assert.ok(overviewRows(overview({ connections: [connection(state)] }), context).length > 0);
    }
    assert.match(relativeTime(8.64e15, context), /days/);
    assert.match(clockTime(-8.64e15, context), /Apr/);
  });
});

describe('plain text', () => {
  it('has no control, invisible or direction-changing character and an end', () => {
    assert.equal(cleanText('a\u0000b\u001b[31mc\u202Ed\u2066e\uFEFF\r\nf'), 'a b [31mc d e f');
    assert.equal(cleanText('x'.repeat(500)).length, 120);
    assert.equal(cleanText('🙂'.repeat(5), 3), '🙂🙂…');
    assert.equal(cleanText('\uD83D'), '');
  });

  it('stays plain in Markdown', () => {
    assert.equal(
      escapeMarkdown('[a](b) <c> $(d) e_f'),
      '\\[a\\]\\(b\\) &lt;c&gt; \\$\\(d\\) e\\_f',
    );
  });
});

describe('until', () => {
  const setUp = () => {
    const changes = new Emitter<void>((error) => {
      assert.ifError(error);
    });
    const timers = new Set<() => void>();
    const clock = {
      schedule: (_delayMs: number, task: () => void) => {
        timers.add(task);
        return { dispose: () => timers.delete(task) };
      },
    };
    return { changes, timers, clock };
  };

  it('ends when the condition holds, and leaves no timer', async () => {
    const { changes, timers, clock } = setUp();
    let ready = false;
    const waiting = until(() => ready, changes.event, clock, 10);
    changes.fire();
    assert.equal(timers.size, 1);
    ready = true;
    changes.fire();
    await waiting;
    assert.equal(timers.size, 0);
    await until(() => ready, changes.event, clock, 10);
  });

  it('ends when its time is over', async () => {
    const { changes, timers, clock } = setUp();
    const waiting = until(() => false, changes.event, clock, 10);
    for (const task of [...timers]) task();
    await waiting;
    assert.equal(timers.size, 0);
  });
});
