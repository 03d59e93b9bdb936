import assert from 'node:assert/strict';
import { ConnectError } from '../../src/core/errors.ts';
import { settle } from '../support/fakeClock.ts';
import { harness, never } from './connectionRig.ts';

function held() {
  const parts: { release?: () => void } = {};
  const promise = new Promise<void>((resolve) => (parts.release = resolve));
  return { promise, release: () => parts.release?.() };
}

describe('a connection', () => {
  it('opens after exchange and probe', async () => {
    const h = harness();
    await h.connection.connect();
    assert.deepEqual(h.seen, [
      'connecting:discovery',
      'connecting:exchange',
      'connecting:probe',
      'connected',
    ]);
    const { state, tools, expiresAtMs } = h.connection.snapshot();
    assert.deepEqual(state, {
      kind: 'connected',
      scopes: ['read', 'write'],
      reducedBy: [],
      tools: 1,
      confirmedAtMs: h.clock.now(),
    });
    assert.deepEqual(tools, [{ name: 'search', readOnly: true }]);
    assert.equal(expiresAtMs, h.clock.now() + 3_600_000);
    assert.equal((await h.connection.accessToken(never)).secret.reveal(), 't1');
  });

  it('says what was not granted', async () => {
    const h = harness({ scopes: ['read'] });
    await h.connection.connect();
    const { state } = h.connection.snapshot();
    assert.deepEqual(state.kind === 'connected' && state.reducedBy, ['write']);
  });

  it('holds no token in its snapshot', async () => {
    const h = harness();
    await h.connection.connect();
    assert.doesNotMatch(JSON.stringify(h.connection.snapshot()), /"t1"/);
  });

  it('stays shut after a first no, and says "removed" after a later one', async () => {
    const h = harness();
    h.world.mint = 'exchange.denied';
    await h.connection.connect();
    assert.equal(h.connection.snapshot().state.kind, 'notGranted');
    h.world.mint = undefined;
    await h.connection.connect();
    h.world.mint = 'exchange.denied';
    await h.connection.check();
    assert.equal(h.connection.snapshot().state.kind, 'accessRemoved');
    assert.deepEqual(h.clock.pending, []);
  });

  it('closes in order: gate and streams, tokens, change, then giving back', async () => {
    const h = harness();
    await h.connection.connect();
    h.watchGate();
    h.seen.length = 0;
    h.world.mint = 'exchange.denied';
    await h.connection.check();
    assert.deepEqual(h.seen, ['cut exchange.denied', 'accessRemoved', 'gave back t1']);
    await assert.rejects(h.connection.accessToken(never), { code: 'exchange.denied' });
  });

  it('renews at 80 % of life, and at the check interval when that is sooner', async () => {
    const short = harness({ lifeSec: 600 });
    await short.connection.connect();
    await short.connection.accessToken(never);
    assert.deepEqual(short.clock.pending, [480_000]);
    await short.clock.advance(480_000);
    assert.equal(short.world.minted, 2);
    const long = harness({ lifeSec: 86_400, checkMinutes: 15 });
    await long.connection.connect();
    assert.deepEqual(long.clock.pending, [900_000]);
  });

  it('goes on through an outage while anything is left, then pauses, then comes back', async () => {
    const h = harness({ lifeSec: 600 });
    await h.connection.connect();
    await h.connection.accessToken(never);
    h.watchGate();
    h.world.mint = 'identityProvider.unavailable';
    await h.clock.advance(480_000);
    const since = h.connection.snapshot().state;
    assert.ok(since.kind === 'connected' && since.unconfirmedSinceMs !== undefined);
    assert.equal((await h.connection.accessToken(never)).secret.reveal(), 't1');
    await h.clock.advance(120_000);
    assert.equal(h.connection.snapshot().state.kind, 'paused');
    assert.ok(h.seen.includes('cut identityProvider.unavailable'));
    h.world.mint = undefined;
    await h.clock.advance(10_000);
    assert.equal(h.connection.snapshot().state.kind, 'connected');
    assert.ok(!h.seen.includes('accessRemoved'));
  });

  it('waits as long as it is told to before it tries again', async () => {
    const h = harness();
    h.world.mint = 'identityProvider.busy';
    h.world.facts = { retryAfterSec: 7 };
    await h.connection.connect();
    assert.equal(h.connection.snapshot().state.kind, 'paused');
    assert.deepEqual(h.clock.pending, [7_000]);
  });

  it('takes an answer nobody understands for an outage while it is open', async () => {
    const h = harness();
    await h.connection.connect();
    h.world.mint = 'exchange.answerInvalid';
    h.world.facts = { status: 404, systemCode: 'OAUTH_RESPONSE_IS_NOT_CONFORM' };
    await h.connection.check();
    const { state } = h.connection.snapshot();
    assert.ok(state.kind === 'connected' && state.unconfirmedSinceMs !== undefined);
    h.world.facts = { reason: 'the grant is for another audience' };
    await h.connection.check();
    assert.equal(h.connection.snapshot().state.kind, 'misconfigured');
  });

  it('a wrong clock of this computer never closes it, but keeps it from opening', async () => {
    const h = harness({ lifeSec: 600 });
    await h.connection.connect();
    h.world.mint = 'network.clockSkew';
    await h.connection.check();
    const { state, failure } = h.connection.snapshot();
    assert.ok(state.kind === 'connected' && state.unconfirmedSinceMs !== undefined);
    assert.equal(failure?.code, 'network.clockSkew');
    await h.clock.advance(600_000);
    assert.equal(h.connection.state.kind, 'paused');
    h.world.mint = undefined;
    await h.clock.advance(300_000);
    assert.equal(h.connection.state.kind, 'connected');
    const first = harness();
    first.world.mint = 'network.clockSkew';
    await first.connection.connect();
    assert.deepEqual(first.connection.state, { kind: 'misconfigured', code: 'network.clockSkew' });
  });

  it('never sends an expired token, also after a sleep no timer noticed', async () => {
    const h = harness({ lifeSec: 600 });
    await h.connection.connect();
    h.clock.sleep(8 * 3_600_000);
    assert.equal((await h.connection.accessToken(never)).secret.reveal(), 't2');
    h.clock.sleep(8 * 3_600_000);
    h.world.mint = 'exchange.denied';
    await assert.rejects(h.connection.accessToken(never), { code: 'exchange.denied' });
    assert.equal(h.connection.snapshot().state.kind, 'accessRemoved');
  });

  it('mints once for ten callers with a refused token', async () => {
    const h = harness();
    await h.connection.connect();
    const refused = await h.connection.accessToken(never);
    const tokens = await Promise.all(
      Array.from({ length: 10 }, () => h.connection.replaceToken(refused, never)),
    );
    assert.deepEqual([...new Set(tokens.map((token) => token.secret.reveal()))], ['t2']);
    assert.equal(h.world.minted, 2);
    assert.equal((await h.connection.replaceToken(refused, never)).secret.reveal(), 't2');
    assert.equal(h.world.minted, 2);
  });

  it('gives back what arrives after it was closed', async () => {
    const h = harness();
    const { promise, release } = held();
    h.world.hold = promise;
    const connecting = h.connection.connect();
    await settle();
    await h.connection.close({ type: 'turnedOff' });
    release();
    await connecting;
    assert.deepEqual(h.seen.slice(-2), ['turnedOff', 'orphan t1']);
  });

  it('drops the answers of an abandoned attempt', async () => {
    const h = harness();
    const { promise, release } = held();
    h.world.hold = promise;
    h.world.mint = 'exchange.denied';
    const first = h.connection.connect();
    await settle();
    h.world.hold = undefined;
    h.world.mint = undefined;
    await h.connection.connect();
    release();
    await first;
    assert.equal(h.connection.snapshot().state.kind, 'connected');
  });

  it('closes when its server refuses a fresh token', async () => {
    const h = harness();
    await h.connection.connect();
    h.connection.refuse(new ConnectError('server.tokenRefused'));
    assert.equal(h.connection.snapshot().state.kind, 'refusedByServer');
    assert.deepEqual(h.seen.slice(-2), ['refusedByServer', 'gave back t1']);
  });

  it('is not connected while the server does not answer the probe', async () => {
    const h = harness();
    h.world.probe = 'server.unavailable';
    await h.connection.connect();
    assert.equal(h.connection.snapshot().state.kind, 'unreachable');
    h.world.probe = undefined;
    await h.clock.advance(5_000);
    assert.equal(h.connection.snapshot().state.kind, 'connected');
  });

  it('remembers the last call and new tools', async () => {
    const h = harness();
    await h.connection.connect();
    h.connection.record.called({ tool: 'search', outcome: 'ok' });
    h.connection.record.toolsListed([
      { name: 'search', readOnly: true },
      { name: 'create', readOnly: false },
    ]);
    const { lastCall, state, tools } = h.connection.snapshot();
    assert.deepEqual(lastCall, { tool: 'search', outcome: 'ok', atMs: h.clock.now() });
    assert.ok(state.kind === 'connected' && state.tools === 2 && tools.length === 2);
  });

  it('keeps what its server changed about its tools until it is closed', async () => {
    const changes = { added: ['mail_all'], removed: [], changed: ['search'] };
    const h = harness();
    h.connection.record.toolsChanged(changes);
    assert.equal(h.connection.snapshot().toolChanges, undefined, 'it was not in use');
    await h.connection.connect();
    h.connection.record.toolsChanged(changes);
    const { toolChanges, history } = h.connection.snapshot();
    assert.deepEqual(toolChanges, { ...changes, atMs: h.clock.now() });
    assert.deepEqual(
      history.map(({ kind }) => kind),
      ['connected', 'toolsChanged'],
    );
    await h.connection.close({ type: 'turnedOff' }, 'person');
    assert.equal(h.connection.snapshot().toolChanges, undefined);
  });

  it('leaves nothing scheduled once disposed', async () => {
    const h = harness();
    await h.connection.connect();
    await h.connection.dispose();
    assert.deepEqual(h.clock.pending, []);
  });
});
