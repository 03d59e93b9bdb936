import assert from 'node:assert/strict';
import { canSignIn } from '../../../src/core/present/attention.ts';
import { overviewRows } from '../../../src/core/present/sideBar.ts';
import { badge, viewState } from '../../../src/core/present/view.ts';
import type { Row } from '../../../src/core/present/row.ts';
import type { ConnectionSnapshot, ConnectionState } from '../../../src/core/connection/state.ts';
import {
  alice,
  connected,
  connection,
  context,
  minutesAgo,
  nowhere,
  nowMs,
  overview,
  person,
} from '../../support/acmeOverview.ts';

const removed = { kind: 'accessRemoved', atMs: nowMs, code: 'exchange.denied' } as const;
const told = ({ label, description }: Row) => [label, description];

describe('the side bar', () => {
  const named = (label: string, state: ConnectionState) =>
    connection(state, { id: label.toLowerCase(), label });

  it('is organization, person, servers: those needing someone first, else as in the profile', () => {
    const roots = overviewRows(
      overview({
        connections: [
          named('Off', { kind: 'turnedOff' }),
          named('Docs', connected),
          named('Builds', connected),
          named('Never', { kind: 'notGranted', code: 'exchange.denied' }),
          named('Tickets', removed),
          named('Wiki', { kind: 'misconfigured', code: 'redemption.clientSecretMissing' }),
        ],
      }),
      context,
    );
    assert.deepEqual(roots.map(told), [['Acme', 'set up in your settings']]);
    const [alicesRow] = roots[0]!.children;
    assert.deepEqual(told(alicesRow!), ['alice@acme.example', 'signed in 12:03']);
    assert.equal(alicesRow!.contextValue, 'person canSignOut');
    assert.deepEqual(
      alicesRow!.children.map(({ label }) => label),
      ['Wiki', 'Tickets', 'Docs', 'Builds', 'Never', 'Off'],
    );
  });

  it('gives every mistake in the profile a row, also without an organization', () => {
    const problems = [
      { code: 'profile.invalid', key: 'servers[2].url', reason: 'must be https' },
    ] as const;
    assert.deepEqual(overviewRows({ ...nowhere, problems }, context).map(told), [
      ['servers[2].url', 'must be https'],
    ]);
    const [root] = overviewRows(overview({ problems }), context);
    assert.deepEqual(
      root!.children.map(({ contextValue }) => contextValue),
      ['problem canOpenProfile', 'person canSignOut'],
    );
  });

  it('tells each moment of a company session', () => {
    const failure = {
      code: 'identityProvider.clientSecretMissing',
      facts: {},
      atMs: nowMs,
    } as const;
    const rows = [
      person({ kind: 'signedOut' }),
      person({ kind: 'signedOut' }, { failure }),
      person({ kind: 'restoring' }),
      person({ kind: 'signingIn' }),
      person({ kind: 'ended', account: alice, atMs: minutesAgo(1), detector: 'session' }),
    ].map((one) => {
      const other = person(undefined, { identityProvider: 'other' });
      const [root] = overviewRows(overview({ people: [one, other] }), context);
      return [...told(root!.children[0]!), root!.children[0]!.contextValue];
    });
    assert.deepEqual(rows, [
      ['Not signed in', 'Acme', 'person canSignIn'],
      [
        'Not signed in',
        'Acme expects a client secret that is not stored on this computer; store it once.',
        'person canSignIn canSetClientSecret canCopyDetails',
      ],
      ['Acme', 'Signing in…', 'person'],
      ['Acme', 'Signing in…', 'person'],
      ['alice@acme.example', 'Signed out by Acme at 14:02', 'person canSignIn'],
    ]);
  });

  it('names the identity provider beside the person where it is not the organization', () => {
    const other = person({ kind: 'signedIn', account: alice, sinceMs: nowMs }, { label: 'Okta' });
    const [root] = overviewRows(overview({ people: [other] }), context);
    assert.match(root!.children[0]!.description, /^Okta · signed in/);
  });

  it('leaves the place to a welcome when there is nothing else to say', () => {
    assert.deepEqual([viewState(nowhere), overviewRows(nowhere, context)], ['noProfile', []]);
    const signedOut = overview({
      people: [person({ kind: 'signedOut' })],
      connections: [connection({ kind: 'signedOut' })],
    });
    assert.equal(viewState({ ...signedOut, connections: [] }), 'noServers');
    assert.deepEqual([viewState(signedOut), overviewRows(signedOut, context)], ['signedOut', []]);
    const ended = overview({
      people: [person({ kind: 'ended', account: alice, atMs: nowMs, detector: 'session' })],
    });
    const restoring = overview({ people: [person({ kind: 'restoring' })] });
    assert.deepEqual([viewState(restoring), overviewRows(restoring, context)], ['loading', []]);
    assert.equal(viewState({ ...nowhere, loaded: false }), 'loading');
    assert.equal(viewState(ended), 'ready');
    assert.equal(viewState(overview()), 'ready');
  });
});

describe('the badge', () => {
  it('counts causes the person can mend, never those of an administrator', () => {
    const ended = person({ kind: 'ended', account: alice, atMs: nowMs, detector: 'session' });
    const closed = connection({ kind: 'sessionEnded', atMs: nowMs });
    const stepUp = connection({ kind: 'needsSignIn', code: 'exchange.stepUpRequired' });
    const count = (rest: Parameters<typeof overview>[0]) => badge(overview(rest))?.value;
    assert.equal(count({ people: [ended], connections: [closed, closed] }), 1);
    assert.equal(count({ connections: [stepUp, stepUp] }), 1);
    assert.equal(
      count({
        connections: [
          connection({ kind: 'misconfigured', code: 'redemption.clientSecretMissing' }),
        ],
      }),
      1,
    );
    const portal = connection({ kind: 'unreachable', code: 'network.captivePortal' });
    assert.equal(count({ connections: [portal, portal] }), 1);
    const wrongClock = connection({ kind: 'misconfigured', code: 'network.clockSkew' });
    assert.equal(count({ connections: [wrongClock, wrongClock] }), 1);
    const confirm = connection({ kind: 'needsSignIn', code: 'redemption.interactionRequired' });
    assert.equal(count({ connections: [confirm, confirm, stepUp] }), 3);
    const noKey = { code: 'identityProvider.clientKeyMissing', facts: {}, atMs: nowMs } as const;
    assert.equal(count({ people: [person({ kind: 'signedOut' }, { failure: noKey })] }), 1);
    const nobody: readonly ConnectionState[] = [
      removed,
      { kind: 'needsSignIn', code: 'exchange.stepUpFailed' },
      { kind: 'refusedByServer', code: 'server.insufficientScope' },
      { kind: 'refusedByServer', code: 'redemption.refused' },
      { kind: 'misconfigured', code: 'discovery.issuerMismatch' },
      { kind: 'paused', sinceMs: nowMs, code: 'identityProvider.unavailable' },
      { kind: 'turnedOff' },
      connected,
    ];
    for (const state of nobody)
      assert.equal(count({ connections: [connection(state)] }), undefined);
    assert.equal(count({ people: [person({ kind: 'signedOut' })] }), undefined);
  });

  it('lets a person sign in for what only a sign-in mends', () => {
    const may = (...connections: ConnectionSnapshot[]) =>
      canSignIn(person(), overview({ connections }));
    const failure = { code: 'server.stepUpRequired', facts: {}, atMs: nowMs } as const;
    assert.equal(may(connection(connected)), false);
    assert.equal(may(connection(connected, { failure })), true);
    assert.equal(may(connection({ kind: 'needsSignIn', code: 'exchange.stepUpFailed' })), true);
    assert.equal(
      may(connection({ kind: 'needsSignIn', code: 'redemption.interactionRequired' })),
      false,
    );
  });

  it('counts mistakes in my own profile, not in a managed one', () => {
    const problems = [{ code: 'profile.invalid', key: 'a', reason: 'is missing' }] as const;
    assert.deepEqual(badge(overview({ problems })), { value: 1, tooltip: '1 thing needs you' });
    assert.equal(badge(overview({ problems, managed: true })), undefined);
  });
});
