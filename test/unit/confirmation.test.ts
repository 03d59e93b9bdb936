// Every rule about time, on a clock that stands still until told: when the company is asked again, how long
// a connection goes on without an answer, and what nobody uses.
import assert from 'node:assert/strict';
import { harness, never } from './connectionRig.ts';

const minute = 60_000;
type Harness = ReturnType<typeof harness>;

const opened = async (options: Parameters<typeof harness>[0] = {}): Promise<Harness> => {
  const h = harness(options);
  await h.connection.connect();
  return h;
};
const used = async (options: Parameters<typeof harness>[0] = {}): Promise<Harness> => {
  const h = await opened(options);
  await call(h);
  return h;
};
const call = async ({ connection }: Harness) =>
  (await connection.accessToken(never)).secret.reveal();
const kindOf = ({ connection }: Harness) => connection.state.kind;

describe('confirmation', () => {
  describe('of what nobody uses', () => {
    it('is not asked for, however long', async () => {
      const h = await opened();
      await h.clock.advance(8 * 60 * minute);
      assert.equal(h.world.minted, 1);
      assert.equal(kindOf(h), 'connected');
      assert.deepEqual(h.clock.pending, []);
      assert.equal(h.connection.snapshot().nextCheckAtMs, undefined);
    });

    it('comes before its next use, once for all who call at once', async () => {
      const h = await opened();
      await h.clock.advance(16 * minute);
      const calls = await Promise.all([call(h), call(h), call(h)]);
      assert.deepEqual(calls, ['t2', 't2', 't2']);
      assert.equal(h.world.minted, 2);
    });

    it('closes it before that use where the company says no', async () => {
      const h = await opened();
      await h.clock.advance(16 * minute);
      h.world.mint = 'exchange.denied';
      await assert.rejects(call(h), { code: 'exchange.denied' });
      assert.equal(kindOf(h), 'accessRemoved');
    });

    it('lets nobody in while nobody can be asked, when the last yes is too old', async () => {
      const h = await opened();
      await h.clock.advance(40 * minute);
      h.world.mint = 'identityProvider.unavailable';
      await assert.rejects(call(h), { code: 'identityProvider.unavailable' });
      assert.equal(kindOf(h), 'paused');
      h.world.mint = undefined;
      await h.clock.advance(5 * minute);
      assert.equal(kindOf(h), 'connected');
    });

    it('still lets in by the last yes while that is young enough', async () => {
      const h = await opened();
      await h.clock.advance(20 * minute);
      h.world.mint = 'identityProvider.unavailable';
      assert.equal(await call(h), 't1');
      const { state } = h.connection.snapshot();
      assert.ok(state.kind === 'connected' && state.unconfirmedSinceMs !== undefined);
    });
  });

  it('does not keep a caller waiting for a silent company while the last yes is good enough', async () => {
    const h = await opened();
    await h.clock.advance(16 * minute);
    const release = hold(h);
    const late = call(h);
    await h.clock.advance(4_999);
    const isWaiting = await Promise.race([late.then(() => false), Promise.resolve(true)]);
    assert.ok(isWaiting);
    await h.clock.advance(1);
    assert.equal(await late, 't1');
    release();
    await h.clock.advance(0);
    assert.equal(await call(h), 't2');
  });

  it('keeps a caller waiting where the profile is strict', async () => {
    const h = await opened({ stalenessMinutes: 0 });
    await h.clock.advance(16 * minute);
    const release = hold(h);
    const late = call(h);
    await h.clock.advance(10_000);
    assert.ok(await Promise.race([late.then(() => false), Promise.resolve(true)]));
    release();
    assert.equal(await late, 't2');
  });

  describe('of what is in use', () => {
    it('is asked for at the interval, as long as there are calls, and one time more', async () => {
      const h = await used();
      assert.equal(h.connection.snapshot().nextCheckAtMs, h.clock.now() + 15 * minute);
      await h.clock.advance(15 * minute);
      assert.equal(h.world.minted, 2);
      await h.clock.advance(60 * minute);
      assert.equal(h.world.minted, 2);
    });

    it('is asked for as long as a stream is open', async () => {
      const h = await opened();
      const stream = h.connection.streamOpened();
      await h.clock.advance(46 * minute);
      assert.equal(h.world.minted, 4);
      stream.dispose();
      stream.dispose();
      await h.clock.advance(3 * 60 * minute);
      assert.deepEqual([h.world.minted], [4]);
    });

    it('gives up access at the cap, however long the server would take it', async () => {
      const h = await used({ lifeSec: 86_400, capMinutes: 10, checkMinutes: 60 });
      const { expiresAtMs, copyWorksUntilMs } = h.connection.snapshot();
      assert.equal(expiresAtMs, h.clock.now() + 10 * minute);
      assert.equal(copyWorksUntilMs, h.clock.now() + 86_400_000);
      await h.clock.advance(8 * minute);
      assert.equal(h.world.minted, 2);
    });
  });

  describe('that nobody answers', () => {
    it('leaves it open until the limit, closes it on that second, says until when', async () => {
      const h = await used();
      const stream = h.connection.streamOpened();
      const begun = h.clock.now();
      h.watchGate();
      h.world.mint = 'identityProvider.unavailable';
      await h.clock.advance(15 * minute);
      assert.equal(h.connection.snapshot().openUntilMs, begun + 30 * minute);
      await h.clock.advance(15 * minute - 1_000);
      assert.equal(kindOf(h), 'connected');
      assert.equal(await call(h), 't1');
      await h.clock.advance(1_000);
      assert.equal(kindOf(h), 'paused');
      assert.ok(h.seen.includes('cut identityProvider.unavailable'));
      assert.ok(h.seen.includes('gave back t1'));
      stream.dispose();
    });

    it('closes it on that second also while the question is still open', async () => {
      const h = await used({ checkMinutes: 29, stalenessMinutes: 30 });
      const release = hold(h);
      await h.clock.advance(29 * minute);
      await h.clock.advance(minute - 1_000);
      assert.equal(kindOf(h), 'connected');
      await h.clock.advance(1_000);
      assert.equal(kindOf(h), 'paused');
      release();
      await h.clock.advance(0);
      assert.equal(kindOf(h), 'paused');
      assert.ok(h.seen.includes('orphan t2'));
    });

    it('closes it at once where the profile is strict', async () => {
      const h = await used({ stalenessMinutes: 0 });
      h.world.mint = 'network.unreachable';
      await h.clock.advance(15 * minute);
      assert.equal(kindOf(h), 'paused');
      h.world.mint = undefined;
      await h.clock.advance(5 * minute);
      assert.equal(kindOf(h), 'connected');
    });

    it('closes it with the life of what it holds, also before the limit', async () => {
      const h = await used({ lifeSec: 600, stalenessMinutes: 60 });
      h.world.mint = 'identityProvider.unavailable';
      await h.clock.advance(10 * minute - 1_000);
      assert.equal(kindOf(h), 'connected');
      await h.clock.advance(1_000);
      assert.equal(kindOf(h), 'paused');
    });

    it('asks again by itself, not for every call', async () => {
      const h = await used();
      h.world.mint = 'identityProvider.busy';
      h.world.facts = { retryAfterSec: 120 };
      await h.clock.advance(15 * minute);
      const asked = h.world.asked.length;
      for (let times = 0; times < 20; times++) await call(h);
      assert.equal(h.world.asked.length, asked);
      await h.clock.advance(2 * minute);
      assert.equal(h.world.asked.length, asked + 1);
    });
  });

  describe('after a sleep', () => {
    for (const hours of [0.5, 8, 72]) {
      it(`of ${hours} h comes before the first call, and no dead access is sent`, async () => {
        const h = await used();
        h.clock.sleep(hours * 60 * minute);
        assert.equal(await call(h), 't2');
        assert.equal(h.world.minted, 2);
      });
    }

    it('is asked for at waking where a stream is open, and for nothing else', async () => {
      const [streaming, idle] = [await opened(), await opened()];
      streaming.connection.streamOpened();
      for (const h of [streaming, idle]) {
        h.clock.sleep(8 * 60 * minute);
        await h.connection.checkWhenDue();
      }
      assert.deepEqual([streaming.world.minted, idle.world.minted], [2, 1]);
    });

    it('believes neither clock more than the other', async () => {
      const h = await used();
      h.clock.sleep(-3 * 60 * minute);
      await h.clock.advance(15 * minute);
      assert.equal(h.world.minted, 2);
    });
  });

  describe('of one that stands by', () => {
    const standing = () => {
      const h = harness();
      h.world.had = true;
      h.connection.standBy();
      return h;
    };

    it('is asked for by the first call, once for all at once', async () => {
      const h = standing();
      assert.equal(h.world.minted, 0);
      assert.ok(h.connection.gate instanceof AbortSignal);
      assert.deepEqual(await Promise.all([call(h), call(h)]), ['t1', 't1']);
      assert.equal(kindOf(h), 'connected');
      assert.deepEqual(h.connection.snapshot().tools, [{ name: 'search', readOnly: true }]);
    });

    it('closes it where the company says no, with the word that fits', async () => {
      const h = standing();
      h.watchGate();
      h.world.mint = 'exchange.denied';
      await assert.rejects(call(h), { code: 'exchange.denied' });
      assert.equal(kindOf(h), 'accessRemoved');
      assert.ok(h.seen.includes('cut exchange.denied'));
    });

    it('can be signed out of meanwhile, and opens no more', async () => {
      const h = standing();
      const release = hold(h);
      const late = call(h);
      await h.connection.close({ type: 'signedOut' });
      release();
      await assert.rejects(late, { code: 'user.signedOut' });
      assert.equal(kindOf(h), 'signedOut');
      assert.ok(h.seen.includes('orphan t1'));
    });
  });

  it('keeps who ended it and what found it out', async () => {
    const h = await used();
    h.world.mint = 'exchange.denied';
    await h.clock.advance(15 * minute);
    h.world.mint = undefined;
    await h.connection.connect();
    await h.connection.close({ type: 'stopped', atMs: 7 }, 'emergencyStop');
    const said = h.connection
      .snapshot()
      .history.map(({ kind, detector, code }) => [kind, detector, code]);
    assert.deepEqual(said, [
      ['connected', 'connect', undefined],
      ['accessRemoved', 'check', 'exchange.denied'],
      ['connected', 'connect', undefined],
      ['stopped', 'emergencyStop', 'organization.stopped'],
    ]);
  });
});

/** The company takes its time from now on. */
function hold({ world }: Harness): () => void {
  const parts: { release?: () => void } = {};
  world.hold = new Promise<void>((resolve) => (parts.release = resolve));
  return () => parts.release?.();
}
