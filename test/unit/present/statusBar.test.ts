import assert from 'node:assert/strict';
import type { ConnectionSnapshot } from '../../../src/core/connection/state.ts';
import type { ErrorCode } from '../../../src/core/errors.ts';
import type { Overview } from '../../../src/core/overview.ts';
import { statusBar } from '../../../src/core/present/statusBar.ts';
import {
  alice,
  connected,
  connection,
  context,
  nowMs,
  nowhere,
  overview,
  person,
} from '../../support/acmeOverview.ts';

const ended = person({ kind: 'ended', account: alice, atMs: nowMs, detector: 'session' });
const removed = connection({ kind: 'accessRemoved', atMs: nowMs, code: 'exchange.denied' });
const connecting = connection({ kind: 'connecting', attempt: 1, step: 'discovery' });
const stepUp = connection({ kind: 'needsSignIn', code: 'exchange.stepUpRequired' });
const paused = connection({ kind: 'paused', sinceMs: nowMs, code: 'identityProvider.unavailable' });
const open = connection(connected);
const inOutage = (
  code: ErrorCode,
  rest: Partial<ConnectionSnapshot> = { openUntilMs: nowMs + 29 * 60_000 },
) =>
  connection(
    { ...connected, unconfirmedSinceMs: nowMs },
    { failure: { code, facts: { host: 'login.acme.example' }, atMs: nowMs }, ...rest },
  );
const later = { openUntilMs: nowMs + 40 * 60_000 };
const acmeDown = inOutage('identityProvider.unavailable');
const silent = connection(
  { kind: 'unreachable', code: 'redemption.unavailable' },
  { failure: { code: 'redemption.unavailable', facts: {}, atMs: nowMs } },
);
const problem = { code: 'profile.invalid', key: 'servers', reason: 'is missing' } as const;

/** What is → text, command, severity. */
const table: readonly (readonly [string, Overview, string, string, string])[] = [
  [
    'signed out',
    overview({ people: [person({ kind: 'signedOut' })] }),
    '$(sign-in) Sign in to Acme',
    'signIn',
    'none',
  ],
  [
    'signing in',
    overview({ people: [person({ kind: 'signingIn' })] }),
    '$(loading~spin) Signing in…',
    'showConnections',
    'none',
  ],
  [
    'restoring',
    overview({ people: [person({ kind: 'restoring' })] }),
    '$(loading~spin) Connecting…',
    'showConnections',
    'none',
  ],
  [
    'connecting',
    overview({ connections: [connecting, removed] }),
    '$(loading~spin) Connecting…',
    'showConnections',
    'none',
  ],
  [
    'four open',
    overview({ connections: [open, open, open, open] }),
    '$(plug) 4 servers connected',
    'showConnections',
    'none',
  ],
  [
    'one open, one removed',
    overview({ connections: [open, removed] }),
    '$(plug) 1 server connected',
    'showConnections',
    'none',
  ],
  [
    'one open, one on its way',
    overview({ connections: [open, connecting] }),
    '$(loading~spin) 1 server connected',
    'showConnections',
    'none',
  ],
  [
    'nothing open',
    overview({ connections: [removed] }),
    '$(plug) No servers connected',
    'showConnections',
    'none',
  ],
  [
    'an outage',
    overview({ connections: [paused] }),
    '$(debug-pause) Acme is not answering',
    'showConnections',
    'none',
  ],
  [
    'an outage that changes nothing yet',
    overview({ connections: [acmeDown, inOutage('identityProvider.busy', later)] }),
    '$(debug-disconnect) Acme is not answering; 2 servers keep working until 14:32',
    'showConnections',
    'none',
  ],
  [
    'an outage found at one of two so far',
    overview({ connections: [acmeDown, open] }),
    '$(debug-disconnect) Acme is not answering; 2 servers keep working',
    'showConnections',
    'none',
  ],
  [
    'an outage of the way there',
    overview({ connections: [inOutage('network.unreachable')] }),
    '$(debug-disconnect) login.acme.example is not answering; 1 server keeps working until 14:32',
    'showConnections',
    'none',
  ],
  [
    'an outage of two parties',
    overview({ connections: [acmeDown, inOutage('redemption.unavailable', later)] }),
    '$(debug-disconnect) Several are not answering; 2 servers keep working until 14:32',
    'showConnections',
    'none',
  ],
  [
    'a first connect that found a silent authorization server',
    overview({ connections: [silent, removed] }),
    '$(debug-pause) The sign-in server of Tickets is not answering',
    'showConnections',
    'none',
  ],
  [
    'a retry in an outage',
    overview({ connections: [paused, connecting] }),
    '$(loading~spin) Connecting…',
    'showConnections',
    'none',
  ],
  [
    'signed out by the company',
    overview({ people: [ended] }),
    '$(warning) Signed out by Acme',
    'signIn',
    'warning',
  ],
  [
    'one thing to do',
    overview({ connections: [open, stepUp] }),
    '$(warning) 1 needs attention',
    'showConnections',
    'warning',
  ],
  [
    'two things to do',
    overview({ people: [ended], problems: [problem] }),
    '$(warning) 2 need attention',
    'showConnections',
    'warning',
  ],
  [
    'a mistake an administrator made',
    { ...nowhere, managed: true, problems: [problem] },
    '$(warning) Not set up correctly',
    'showConnections',
    'none',
  ],
];

describe('the status bar', () => {
  for (const [what, seen, text, command, severity] of table) {
    it(`${what}: ${text}`, () => {
      const item = statusBar(seen, context);
      assert.deepEqual(
        [item.visible, item.text, item.command, item.severity, item.accessibilityLabel],
        [true, text, command, severity, `Enterprise MCP: ${text.replace(/^\$\(.+?\) /, '')}`],
      );
    });
  }

  it('is hidden until there is a profile or a mistake in one', () => {
    assert.equal(statusBar(nowhere, context).visible, false);
    assert.equal(statusBar({ ...nowhere, problems: [problem] }, context).visible, true);
  });

  it('lists every server in the tooltip, escaped, those needing someone first', () => {
    const other = connection(connected, { id: 'docs', label: 'Docs_1' });
    assert.deepEqual(statusBar(overview({ connections: [other, removed] }), context).tooltip, [
      '**Enterprise MCP**: 1 server connected',
      'Tickets: Access removed by Acme at 14\\:03',
      'Docs\\_1: Connected · 12 tools · confirmed 3 min ago',
    ]);
  });
});
