import assert from 'node:assert/strict';
import type { HistoryEntry } from '../../../src/core/connection/history.ts';
import { connectionRow } from '../../../src/core/present/connectionRow.ts';
import { connected, connection, context, minutesAgo, nowMs } from '../../support/acmeOverview.ts';

const rowsOf = (
  rest: Parameters<typeof connection>[1],
  state = connected as Parameters<typeof connection>[0],
) => connectionRow(connection(state, rest), context).children;
const entry = (
  kind: HistoryEntry['kind'],
  detector: HistoryEntry['detector'],
  minutes: number,
) => ({
  kind,
  detector,
  atMs: minutesAgo(minutes),
});

describe('the history of a server', () => {
  it('stands below it, the latest first and in its own line', () => {
    const history = [
      entry('connected', 'connect', 90),
      entry('reduced', 'check', 60),
      entry('accessRemoved', 'check', 30),
      entry('connected', 'connect', 20),
      entry('stopped', 'emergencyStop', 10),
    ];
    const row = rowsOf({ history }).find(({ label }) => label === 'History');
    assert.equal(row?.description, 'Stopped by Acme · by the emergency stop');
    assert.deepEqual(
      row.children.map(({ label, description }) => [label, description]),
      [
        ['13:53', 'Stopped by Acme · by the emergency stop'],
        ['13:43', 'Connected'],
        ['13:33', 'Access removed by Acme · found by a check'],
        ['13:03', 'Access reduced by Acme · found by a check'],
        ['12:33', 'Connected'],
      ],
    );
  });

  it('tells of tools that its server changed', () => {
    const row = rowsOf({ history: [entry('toolsChanged', 'use', 3)] }).at(-1);
    assert.equal(row?.description, 'Tickets changed its tools · found by a call');
  });

  it('survives what another version wrote', () => {
    const foreign = {
      kind: 'melted',
      detector: 'constructor',
      atMs: 9e99,
    } as unknown as HistoryEntry;
    const row = rowsOf({ history: [foreign] }).find(({ label }) => label === 'History');
    assert.equal(row?.description, 'Closed · found otherwise');
  });

  it('says until when a copy would work elsewhere, and whether its server was told', () => {
    const copyOf = (rest: Parameters<typeof connection>[1]) =>
      rowsOf(rest, { kind: 'turnedOff' }).find(({ label }) => label.startsWith('A copy'))
        ?.description;
    assert.equal(copyOf({ copyWorksUntilMs: nowMs + 3_600_000 }), 'until 15:03');
    assert.equal(
      copyOf({ copyWorksUntilMs: nowMs + 3_600_000, revokedAtMs: minutesAgo(1) }),
      'until 15:03, unless Tickets heeds that it was given back at 14:02',
    );
    assert.equal(copyOf({ copyWorksUntilMs: nowMs }), undefined);
  });

  it('says until when it stays open, and that the rest is checked before its use', () => {
    const open = { ...connected, unconfirmedSinceMs: minutesAgo(1) };
    const row = connectionRow(connection(open, { openUntilMs: nowMs + 600_000 }), context);
    assert.match(row.description, /not confirmed since 14:00, open until 14:13$/);
    const next = rowsOf({}).find(({ label }) => label === 'Next check');
    assert.equal(next?.description, 'before its next use');
  });
});
