// When an editor gets its answer about the servers, and what it is told instead of a server.
import assert from 'node:assert/strict';
import type { CompanySessionState, Overview } from '../../src/core/overview.ts';
import { whyNotOffered } from '../../src/core/present/notOffered.ts';
import { isDecided, isSettled } from '../../src/core/readiness.ts';
import type { ConnectionSnapshot, ConnectionState } from '../../src/core/connection/state.ts';

const states = {
  connecting: { kind: 'connecting', attempt: 1, step: 'probe' },
  connected: { kind: 'connected', scopes: [], confirmedAtMs: 0, tools: 1, reducedBy: [] },
  removed: { kind: 'accessRemoved', atMs: 0, code: 'exchange.denied' },
  signedOut: { kind: 'signedOut' },
} as const satisfies Record<string, ConnectionState>;
const signedIn: CompanySessionState = {
  kind: 'signedIn',
  account: { id: 'a', label: 'a' },
  sinceMs: 0,
};

function overview(
  given: Partial<Record<string, keyof typeof states>>,
  { session = signedIn, loaded = true } = {},
): Overview {
  const connections = Object.entries(given).map(
    ([label, kind = 'connecting']): ConnectionSnapshot => ({
      id: label.toLowerCase(),
      label,
      url: 'https://mcp.example',
      identityProvider: 'acme',
      state: states[kind],
      changedAtMs: 0,
      wantedScopes: [],
      writeScopes: [],
      tools: [],
      history: [],
      openStreams: 0,
    }),
  );
  const people = [{ identityProvider: 'acme', label: 'Acme', session }];
  return { loaded, organization: 'Acme', managed: false, problems: [], people, connections };
}

describe('readiness', () => {
  it('an open connection can be offered only once the gateway listens', () => {
    const now = overview({ Tickets: 'connected', Docs: 'removed' });
    assert.deepEqual([isSettled(now, false), isSettled(now, true)], [false, true]);
    assert.deepEqual(
      [isDecided(now, 'Tickets', false), isDecided(now, 'Tickets', true)],
      [false, true],
    );
    assert.ok(isDecided(now, 'Docs', false), 'a refusal needs no gateway');
    assert.ok(isDecided(now, 'Unknown', false));
  });

  it('nobody waits for the gateway where nothing is open', () => {
    assert.ok(isSettled(overview({ Docs: 'removed', Tickets: 'signedOut' }), false));
    assert.ok(isSettled(overview({}), false));
  });

  it('what is still being found out is awaited', () => {
    for (const [now, isSettledNow] of [
      [overview({}, { loaded: false }), false],
      [overview({ Tickets: 'signedOut' }, { session: { kind: 'restoring' } }), false],
      [overview({ Tickets: 'connecting', Docs: 'connected' }), false],
      [overview({ Tickets: 'signedOut' }, { session: { kind: 'signedOut' } }), true],
    ] as const) {
      assert.equal(isSettled(now, true), isSettledNow);
      assert.equal(isDecided(now, 'Tickets', true), isSettledNow);
    }
    const now = overview({ Tickets: 'connecting', Docs: 'connected' });
    assert.ok(isDecided(now, 'Docs', true), 'the others do not matter to one');
  });

  it('a gateway that cannot listen is told in words, and so is a closed connection', () => {
    const now = overview({ Tickets: 'connected', Docs: 'removed' });
    const said = (label: string, isListening: boolean) => {
      const { code, message } = whyNotOffered(now, label, isListening);
      assert.match(message, /^[A-Z].+\.$/);
      return code;
    };
    assert.equal(said('Tickets', false), 'gateway.notListening');
    assert.equal(said('Docs', false), 'exchange.denied');
    assert.equal(said('Tickets', true), 'gateway.closed');
    assert.equal(said('Unknown', true), 'gateway.closed');
  });
});
