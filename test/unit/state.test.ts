import assert from 'node:assert/strict';
import { errorCodes, type ErrorCode } from '../../src/core/errors.ts';
import {
  isForPerson,
  isOutage,
  transition,
  type ConnectionEvent,
  type ConnectionState,
} from '../../src/core/connection/state.ts';

const states: Record<string, ConnectionState> = {
  signedOut: { kind: 'signedOut' },
  connecting: { kind: 'connecting', attempt: 2, step: 'exchange' },
  connected: { kind: 'connected', scopes: ['r'], reducedBy: [], tools: 3, confirmedAtMs: 10 },
  unconfirmed: {
    kind: 'connected',
    scopes: ['r'],
    reducedBy: [],
    tools: 3,
    confirmedAtMs: 10,
    unconfirmedSinceMs: 20,
  },
  paused: { kind: 'paused', sinceMs: 30, code: 'identityProvider.unavailable' },
  notGranted: { kind: 'notGranted', code: 'exchange.denied' },
  accessRemoved: { kind: 'accessRemoved', atMs: 40, code: 'exchange.denied' },
  sessionEnded: { kind: 'sessionEnded', atMs: 50 },
  needsSignIn: { kind: 'needsSignIn', code: 'exchange.stepUpRequired' },
  refusedByServer: { kind: 'refusedByServer', code: 'redemption.refused' },
  misconfigured: { kind: 'misconfigured', code: 'discovery.issuerMismatch' },
  unreachable: { kind: 'unreachable', code: 'server.unavailable' },
  turnedOff: { kind: 'turnedOff' },
};
const opened = { scopes: ['r', 'w'], reducedBy: ['x'], tools: 5, atMs: 99 };
const events: Record<string, ConnectionEvent> = {
  connectStarted: { type: 'connectStarted', attempt: 3 },
  stepped: { type: 'stepped', attempt: 2, step: 'probe' },
  steppedLate: { type: 'stepped', attempt: 1, step: 'probe' },
  opened: { type: 'opened', attempt: 2, ...opened },
  openedLate: { type: 'opened', attempt: 1, ...opened },
  confirmed: { type: 'confirmed', scopes: ['r'], reducedBy: ['w'], atMs: 99 },
  toolsListed: { type: 'toolsListed', tools: 7 },
  checkFailed: { type: 'checkFailed', atMs: 99 },
  limitReached: { type: 'limitReached', atMs: 99, code: 'identityProvider.unavailable' },
  attemptDenied: {
    type: 'failed',
    attempt: 2,
    code: 'exchange.denied',
    hadAccess: false,
    atMs: 99,
  },
  attemptLate: { type: 'failed', attempt: 1, code: 'exchange.denied', hadAccess: false, atMs: 99 },
  checkDenied: { type: 'failed', code: 'exchange.denied', hadAccess: true, atMs: 99 },
  signedOut: { type: 'signedOut' },
  sessionEnded: { type: 'sessionEnded', atMs: 99 },
  turnedOff: { type: 'turnedOff' },
  turnedOn: { type: 'turnedOn' },
};
const connecting = (attempt: number, step: 'discovery' | 'probe') =>
  ({ kind: 'connecting', attempt, step }) as const;
const ended = { kind: 'sessionEnded', atMs: 99 } as const;
const open = (tools: number, more: object) => ({
  kind: 'connected',
  scopes: ['r'],
  reducedBy: [],
  tools,
  confirmedAtMs: 10,
  ...more,
});

/** For every state: only the events that change it, and into what. */
const table: Record<string, Record<string, unknown>> = {
  signedOut: { sessionEnded: ended },
  connecting: {
    stepped: connecting(2, 'probe'),
    opened: {
      kind: 'connected',
      scopes: ['r', 'w'],
      reducedBy: ['x'],
      tools: 5,
      confirmedAtMs: 99,
    },
    attemptDenied: { kind: 'notGranted', code: 'exchange.denied' },
    sessionEnded: ended,
  },
  connected: {
    confirmed: open(3, { reducedBy: ['w'], confirmedAtMs: 99 }),
    toolsListed: open(7, {}),
    checkFailed: open(3, { unconfirmedSinceMs: 99 }),
    limitReached: { kind: 'paused', sinceMs: 99, code: 'identityProvider.unavailable' },
    checkDenied: { kind: 'accessRemoved', atMs: 99, code: 'exchange.denied' },
    sessionEnded: ended,
  },
  unconfirmed: {
    confirmed: open(3, { reducedBy: ['w'], confirmedAtMs: 99 }),
    toolsListed: open(7, { unconfirmedSinceMs: 20 }),
    limitReached: { kind: 'paused', sinceMs: 99, code: 'identityProvider.unavailable' },
    checkDenied: { kind: 'accessRemoved', atMs: 99, code: 'exchange.denied' },
    sessionEnded: ended,
  },
  paused: { sessionEnded: ended },
  notGranted: { sessionEnded: ended },
  accessRemoved: { sessionEnded: ended },
  sessionEnded: { sessionEnded: ended },
  needsSignIn: { sessionEnded: ended },
  refusedByServer: { sessionEnded: ended },
  misconfigured: { sessionEnded: ended },
  unreachable: { sessionEnded: ended },
  turnedOff: { turnedOn: { kind: 'signedOut' } },
};

describe('connection states', () => {
  for (const [from, state] of Object.entries(states)) {
    for (const [name, event] of Object.entries(events)) {
      const always: Record<string, unknown> = {
        connectStarted: connecting(3, 'discovery'),
        turnedOff: { kind: 'turnedOff' },
        ...(from === 'signedOut' || from === 'turnedOff'
          ? {}
          : { signedOut: { kind: 'signedOut' } }),
      };
      const expected = table[from]?.[name] ?? always[name];
      it(`${from} + ${name} ${expected === undefined ? 'changes nothing' : 'changes'}`, () => {
        const next = transition(Object.freeze(state), Object.freeze(event));
        if (expected === undefined) assert.equal(next, state);
        else assert.deepEqual(next, expected);
      });
    }
  }

  const closedBy = (code: ErrorCode, hadAccess: boolean) =>
    transition(
      { kind: 'connecting', attempt: 1, step: 'exchange' },
      { type: 'failed', attempt: 1, code, hadAccess, atMs: 1 },
    ).kind;

  it('never shows an outage as a removal or a removal as an outage', () => {
    for (const code of errorCodes) {
      const kinds = [closedBy(code, false), closedBy(code, true)];
      const outage = kinds.some((kind) => kind === 'unreachable' || kind === 'paused');
      const removal = kinds.some((kind) =>
        ['accessRemoved', 'notGranted', 'sessionEnded'].includes(kind),
      );
      assert.ok(!(outage && removal), code);
      assert.equal(isOutage(code), outage, code);
    }
  });

  it('takes exactly these codes for outages', () => {
    assert.deepEqual(errorCodes.filter(isOutage), [
      'network.unreachable',
      'network.tls',
      'network.captivePortal',
      'identityProvider.unavailable',
      'identityProvider.busy',
      'redemption.unavailable',
      'server.protocolError',
      'server.unavailable',
    ]);
  });

  it('takes exactly these codes for what a click of the person mends', () => {
    assert.deepEqual(errorCodes.filter(isForPerson), [
      'identityProvider.accountMismatch',
      'identityProvider.accountNotAllowed',
      'identityProvider.signInAgain',
      'exchange.stepUpRequired',
      'exchange.stepUpFailed',
      'redemption.interactionRequired',
      'server.stepUpRequired',
    ]);
  });

  it('calls a no a removal only after a yes', () => {
    assert.equal(closedBy('exchange.denied', false), 'notGranted');
    assert.equal(closedBy('exchange.denied', true), 'accessRemoved');
    assert.equal(closedBy('exchange.targetRefused', false), 'misconfigured');
    assert.equal(closedBy('exchange.targetRefused', true), 'accessRemoved');
    assert.equal(closedBy('redemption.refused', true), 'refusedByServer');
    assert.equal(closedBy('identityProvider.sessionEnded', true), 'sessionEnded');
    assert.equal(closedBy('exchange.nothingGranted', false), 'notGranted');
    assert.equal(closedBy('exchange.nothingGranted', true), 'accessRemoved');
    assert.equal(closedBy('redemption.nothingGranted', true), 'refusedByServer');
  });
});
