import assert from 'node:assert/strict';
import { connectionRow } from '../../../src/core/present/connectionRow.ts';
import type { ErrorCode } from '../../../src/core/errors.ts';
import type { Row } from '../../../src/core/present/row.ts';
import type { ConnectionSnapshot, ConnectionState } from '../../../src/core/connection/state.ts';
import { connected, connection, context, minutesAgo, nowMs } from '../../support/acmeOverview.ts';

const removed = { kind: 'accessRemoved', atMs: nowMs, code: 'exchange.denied' } as const;

/** State → words, icon, menus. */
const states: readonly (readonly [ConnectionState, string, string, string])[] = [
  [{ kind: 'signedOut' }, 'Sign in to connect', 'sign-in', 'canSignIn canTurnOff'],
  [
    { kind: 'connecting', attempt: 1, step: 'exchange' },
    'Connecting…',
    'loading~spin',
    'canTurnOff',
  ],
  [
    connected,
    'Connected · 12 tools · confirmed 3 min ago',
    'pass-filled',
    'canReconnect canTurnOff',
  ],
  [
    { ...connected, tools: 1, confirmedAtMs: nowMs },
    'Connected · 1 tool · confirmed just now',
    'pass-filled',
    'canReconnect canTurnOff',
  ],
  [
    { ...connected, confirmedAtMs: minutesAgo(291), unconfirmedSinceMs: minutesAgo(10) },
    'Connected · not confirmed since 09:12',
    'question',
    'canReconnect canTurnOff',
  ],
  [
    { ...connected, scopes: ['tickets:read'], reducedBy: ['tickets:write'] },
    'Connected · read only',
    'eye',
    'canReconnect canTurnOff',
  ],
  [
    { ...connected, reducedBy: ['tickets:delete'] },
    'Connected · reduced access',
    'eye',
    'canReconnect canTurnOff',
  ],
  [
    {
      ...connected,
      scopes: ['tickets:read'],
      reducedBy: ['tickets:write'],
      unconfirmedSinceMs: minutesAgo(1),
    },
    'Connected · read only · not confirmed since 14:00',
    'question',
    'canReconnect canTurnOff',
  ],
  [
    { kind: 'paused', sinceMs: nowMs, code: 'identityProvider.unavailable' },
    'Paused · company sign-in unreachable',
    'debug-pause',
    'canReconnect canTurnOff',
  ],
  [
    { kind: 'notGranted', code: 'exchange.denied' },
    'Not granted by Acme',
    'circle-slash',
    'canReconnect canTurnOff',
  ],
  [removed, 'Access removed by Acme at 14:03', 'circle-slash', 'canReconnect canTurnOff'],
  [
    { ...removed, atMs: minutesAgo(24 * 60) },
    'Access removed by Acme at 20 Nov, 14:03',
    'circle-slash',
    'canReconnect canTurnOff',
  ],
  [{ kind: 'sessionEnded', atMs: nowMs }, 'Signed out by Acme', 'sign-out', 'canSignIn canTurnOff'],
  [
    { kind: 'needsSignIn', code: 'exchange.stepUpRequired' },
    'Sign in again · stronger sign-in needed',
    'key',
    'canSignIn canTurnOff',
  ],
  [
    { kind: 'needsSignIn', code: 'server.stepUpRequired' },
    'Sign in again · stronger sign-in needed',
    'key',
    'canSignIn canTurnOff',
  ],
  [
    { kind: 'needsSignIn', code: 'exchange.stepUpFailed' },
    'Sign-in not strong enough',
    'key',
    'canSignIn canTurnOff',
  ],
  [
    { kind: 'needsSignIn', code: 'identityProvider.accountMismatch' },
    'Sign in with another account',
    'key',
    'canSignIn canTurnOff',
  ],
  [
    { kind: 'needsSignIn', code: 'redemption.interactionRequired' },
    'Confirm in your browser',
    'key',
    'canReconnect canTurnOff canContinueInBrowser',
  ],
  [
    { kind: 'connecting', attempt: 1, step: 'interaction' },
    'Confirm in your browser…',
    'loading~spin',
    'canTurnOff',
  ],
  [
    { kind: 'needsSignIn', code: 'identityProvider.signInAgain' },
    'Sign in again',
    'key',
    'canSignIn canTurnOff',
  ],
  [
    { kind: 'refusedByServer', code: 'redemption.refused' },
    "Tickets refuses Acme's sign-in",
    'error',
    'canReconnect canTurnOff',
  ],
  [
    { kind: 'misconfigured', code: 'discovery.issuerMismatch' },
    'Not set up correctly',
    'warning',
    'canReconnect canTurnOff',
  ],
  [
    { kind: 'refusedByServer', code: 'redemption.nothingGranted' },
    'Tickets granted nothing',
    'error',
    'canReconnect canTurnOff',
  ],
  [
    { kind: 'refusedByServer', code: 'server.insufficientScope' },
    'Tickets asks for more than Acme allows',
    'error',
    'canReconnect canTurnOff',
  ],
  [
    { kind: 'misconfigured', code: 'network.clockSkew' },
    "This computer's clock is wrong",
    'warning',
    'canReconnect canTurnOff',
  ],
  [
    { kind: 'paused', sinceMs: nowMs, code: 'network.clockSkew' },
    "Paused · this computer's clock is wrong",
    'debug-pause',
    'canReconnect canTurnOff',
  ],
  [
    { kind: 'misconfigured', code: 'redemption.clientKeyMissing' },
    'Key of this computer missing',
    'warning',
    'canReconnect canTurnOff canCreateDeviceKey',
  ],
  [
    { kind: 'misconfigured', code: 'redemption.clientSecretMissing' },
    'Client secret missing',
    'warning',
    'canReconnect canTurnOff canSetClientSecret',
  ],
  [
    { kind: 'unreachable', code: 'server.unavailable' },
    'Tickets is not answering',
    'debug-disconnect',
    'canReconnect canTurnOff',
  ],
  [{ kind: 'turnedOff' }, 'Turned off by you', 'circle-outline', 'canTurnOn'],
];

const told = ({ label, description }: Row) => [label, description];
const childrenOf = (snapshot: ConnectionSnapshot) => connectionRow(snapshot, context).children;

describe('the row of a connection', () => {
  for (const [state, words, icon, menus] of states) {
    it(`${state.kind}: ${words} (${menus})`, () => {
      const row = connectionRow(connection(state), context);
      assert.deepEqual(
        {
          id: row.id,
          label: row.label,
          description: row.description,
          icon: row.icon,
          contextValue: row.contextValue,
          accessibilityLabel: row.accessibilityLabel,
        },
        {
          id: 'server:tickets',
          label: 'Tickets',
          description: words,
          icon,
          contextValue: `server ${menus} canCopyDetails`,
          accessibilityLabel: `Tickets, ${words.replaceAll(' · ', ', ')}`,
        },
      );
    });
  }

  describe('of a server that changed its tools', () => {
    const toolChanges = {
      added: ['mail_all'],
      removed: [],
      changed: ['read'],
      atMs: minutesAgo(3),
    };
    const rowOf = (rest: Partial<ConnectionSnapshot>) =>
      connectionRow(connection(connected, rest), context);

    it('says at once that a tool is another under the same name, and which', () => {
      const row = rowOf({ toolChanges });
      assert.match(row.description, /^Connected · \d+ tools · tools changed at 14:00 · confirmed /);
      const detail = row.children.find(({ label }) => label === 'Tools changed');
      assert.equal(detail?.description, 'changed: read; new: mail_all · 3 min ago (14:00)');
      assert.match(detail.tooltip.join(), /^Tickets changed its tools while they were in use/);
    });

    it('leaves tools that came or went to the details', () => {
      const row = rowOf({ toolChanges: { ...toolChanges, changed: [] } });
      assert.doesNotMatch(row.description, /changed/);
      const detail = row.children.find(({ label }) => label === 'Tools changed');
      assert.equal(detail?.description, 'new: mail_all · 3 min ago (14:00)');
    });
  });

  it('says read only where what the profile calls writing was left out', () => {
    const less = { ...connected, scopes: ['tickets'], reducedBy: ['tickets:write'] };
    const said = (writeScopes: readonly string[]) =>
      connectionRow(connection(less, { writeScopes }), context).description;
    assert.match(said(['tickets:write']), /^Connected · read only/);
    assert.match(said([]), /^Connected · reduced access/);
  });

  it('names the host that is silent when it is not the server', () => {
    const failure = { code: 'network.unreachable', atMs: nowMs } as const;
    const state = { kind: 'unreachable', code: 'network.unreachable' } as const;
    const said = (host: string) =>
      connectionRow(connection(state, { failure: { ...failure, facts: { host } } }), context)
        .description;
    assert.equal(said('auth.example'), 'auth.example is not answering');
    assert.equal(said('tickets.example'), 'Tickets is not answering');
  });

  it('names the sign-in server that is silent, never the server behind it', () => {
    const said = (state: ConnectionState, code: ErrorCode, host = 'auth.example') =>
      connectionRow(connection(state, { failure: { code, facts: { host }, atMs: nowMs } }), context)
        .description;
    const code = 'redemption.unavailable';
    assert.equal(said({ kind: 'unreachable', code }, code), 'Its sign-in server is not answering');
    const paused = { kind: 'paused', sinceMs: nowMs } as const;
    assert.equal(said({ ...paused, code }, code), 'Paused · Its sign-in server is not answering');
    assert.equal(
      said({ ...paused, code: 'network.unreachable' }, 'network.unreachable'),
      'Paused · auth.example is not answering',
    );
    assert.equal(said({ ...paused, code: 'bug' }, 'bug'), 'Paused · company sign-in unreachable');
  });

  it('tells how wrong the clock of this computer is', () => {
    const failure = {
      code: 'network.clockSkew',
      facts: { clockOffsetSec: 245 },
      atMs: nowMs,
    } as const;
    const said = (state: ConnectionState) =>
      connectionRow(connection(state, { failure }), context).description;
    assert.equal(
      said({ kind: 'misconfigured', code: 'network.clockSkew' }),
      "This computer's clock is 4 min fast",
    );
    assert.equal(
      said({ kind: 'paused', sinceMs: nowMs, code: 'network.clockSkew' }),
      "Paused · this computer's clock is 4 min fast",
    );
  });

  it('offers the stronger sign-in that a call of an open connection needs', () => {
    const failure = { code: 'exchange.stepUpRequired', facts: {}, atMs: nowMs } as const;
    const row = connectionRow(connection(connected, { failure }), context);
    assert.equal(row.description, 'Connected · 12 tools · confirmed 3 min ago');
    assert.equal(row.contextValue, 'server canSignIn canReconnect canTurnOff canCopyDetails');
    assert.match(row.children[0]!.description, /asks for a stronger sign-in/);
  });

  it('tells access, tools, times and the last call of a connected server', () => {
    const children = childrenOf(
      connection(connected, {
        tools: [
          { name: 'list_tickets', readOnly: true },
          { name: 'create_ticket', readOnly: false },
        ],
        nextCheckAtMs: nowMs + 12 * 60_000,
        expiresAtMs: nowMs + 55 * 60_000,
        lastCall: { tool: 'create_ticket', atMs: minutesAgo(2), outcome: 'ok' },
      }),
    );
    assert.deepEqual(children.map(told), [
      ['Read and write', 'tickets:read tickets:write'],
      ['12 tools', ''],
      ['Last confirmed', '3 min ago (14:00)'],
      ['Next check', 'in 12 min (14:15)'],
      ['Expires', 'in 55 min (14:58)'],
      ['Last call', 'create_ticket · answered · 2 min ago (14:01)'],
    ]);
    assert.deepEqual(children[1]!.children.map(told), [
      ['list_tickets', 'reads'],
      ['create_ticket', 'may change things'],
    ]);
  });

  it('says read only for read scopes or reading tools, and nothing less than write in doubt', () => {
    const access = (scopes: string[], ...readOnly: boolean[]) =>
      childrenOf(
        connection(
          { ...connected, scopes },
          { tools: readOnly.map((one, at) => ({ name: `t${at}`, readOnly: one })) },
        ),
      )[0]!.label;
    assert.equal(access(['docs:read', 'openid']), 'Read only');
    assert.equal(access(['docs:read', 'docs:write']), 'Read and write');
    assert.equal(access(['everything'], true, true), 'Read only');
    assert.equal(access(['everything'], true, false), 'Read and write');
    assert.equal(access([]), 'Read and write');
  });

  it('tells what is missing when access is reduced', () => {
    const state = { ...connected, scopes: ['tickets:read'], reducedBy: ['tickets:write'] };
    assert.deepEqual(childrenOf(connection(state)).slice(0, 4).map(told), [
      [
        'Why',
        'Acme does not allow everything at Tickets (tickets:write is missing); ask an administrator at Acme if you need it.',
      ],
      ['Who can mend it', 'An administrator at Acme'],
      ['Read only', 'tickets:read'],
      ['Not granted', 'tickets:write'],
    ]);
  });

  it('tells why and who can mend it, with the facts of that failure only', () => {
    const state = { kind: 'misconfigured', code: 'exchange.scopeRefused' } as const;
    const facts = { scopes: 'tickets:admin' };
    const why = (code: 'exchange.scopeRefused' | 'server.unavailable') =>
      childrenOf(connection(state, { failure: { code, facts, atMs: nowMs } }))[0]!.description;
    assert.match(why('exchange.scopeRefused'), /asks for at Tickets \(tickets:admin\); ask an/);
    assert.match(why('server.unavailable'), /asks for at Tickets; ask an/);
  });

  it('lets nothing a server is called become Markdown, an icon or a direction change', () => {
    const label = '[click](command:x) $(flame) <img src=x> **b** a\u202Eb https://evil.example';
    const row = connectionRow(connection(connected, { label }), context);
    assert.equal(
      row.label,
      '[click](command:x) $(flame) <img src=x> **b** a b https://evil.example',
    );
    const [title = ''] = row.tooltip;
    assert.match(title, /^\*\*.*\*\*: Connected/);
    assert.doesNotMatch(title.replace(/\\./g, '').slice(2), /[[\](<>$]|https:|\*\*b/);
  });
});
