import assert from 'node:assert/strict';
import { FakeClock, settle } from '../../support/fakeClock.ts';
import { createRig, typ, type Rig, type Signer } from './emergencyStopRig.ts';
import { createPreferences, createSigner, planned } from './notices.ts';

/** An answer that comes when the test says so. */
function later() {
  const kept: { resolve: (answer: Response) => void } = { resolve: () => undefined };
  const promise = new Promise<Response>((resolve) => (kept.resolve = resolve));
  return {
    promise,
    resolve: (answer: Response) => {
      kept.resolve(answer);
    },
  };
}

describe('emergency stop: a feed', () => {
  let own: Signer;
  before(async () => {
    own = await createSigner('ES256');
  });
  const opened: Rig[] = [];
  const open = (...given: Parameters<typeof createRig> | []) => {
    const [signers = [own], memory, options] = given;
    const rig = createRig(signers, memory, options);
    opened.push(rig);
    return rig;
  };
  afterEach(() => {
    for (const { feed } of opened.splice(0)) feed.dispose();
  });

  it('an outage changes nothing but the age of the evidence', async () => {
    const rig = open();
    await rig.look({ seq: 1, all: true });
    const at = rig.feed.checkedAtMs;
    const outages: (() => Response | Promise<Response>)[] = [
      () => Promise.reject(new TypeError('fetch failed', { cause: { code: 'ENOTFOUND' } })),
      () => new Response('busy', { status: 503 }),
      () => new Response('slow down', { status: 429, headers: { 'retry-after': '9' } }),
      () => Response.redirect('https://elsewhere.example/', 302),
      () =>
        new Response('<p>Sign in to this network', { headers: { 'content-type': 'text/html' } }),
    ];
    for (const outage of outages) {
      rig.place.answer = outage;
      await rig.clock.advance(60_000);
    }
    assert.equal(rig.place.requests.length, 6);
    assert.equal(rig.feed.problem, undefined);
    assert.equal(rig.feed.stops?.all, true);
    assert.equal(rig.feed.checkedAtMs, at);
    assert.equal(rig.heard.changes, 1);
  });

  it('says when there is no list at its address', async () => {
    const rig = open();
    rig.place.answer = () => new Response('no', { status: 404 });
    await rig.feed.start();
    assert.match(rig.reason ?? '', /no list at its address/);
    assert.equal(rig.feed.problem?.facts.status, 404);
    assert.deepEqual([rig.feed.stops], [undefined]);
  });

  it('an expired list stays in force and is called old', async () => {
    const rig = open();
    await rig.look({ seq: 1, all: true });
    await rig.clock.advance(86_400_000);
    await planned(rig.clock);
    assert.match(rig.reason ?? '', /expired/);
    assert.equal(rig.feed.stops?.all, true);
    assert.equal(rig.heard.changes, 2, 'told once that it is old');
    await rig.look({ seq: 2 });
    assert.equal(rig.feed.problem, undefined);
    assert.equal(rig.feed.stops.all, false);
  });

  it('asks only for what changed', async () => {
    const rig = open();
    const etag = '"one"';
    rig.publish(await rig.sign({ seq: 1, servers: ['docs'] }), { etag });
    await rig.feed.start();
    rig.place.answer = (init) =>
      new Headers(init.headers).get('if-none-match') === etag
        ? new Response(null, { status: 304 })
        : new Response('wrong', { status: 500 });
    await rig.clock.advance(60_000);
    assert.equal(rig.place.requests.length, 2);
    assert.equal(rig.feed.checkedAtMs, rig.clock.now());
    assert.deepEqual(rig.feed.stops?.servers, ['docs']);
    assert.equal(rig.heard.changes, 1);
    await rig.look({ seq: 2 });
    const sent = rig.place.requests.map(({ headers }) => new Headers(headers).get('if-none-match'));
    assert.deepEqual(sent, [null, etag, etag]);
  });

  it('keeps no tag of a list it refused, and believes no 304 it did not ask for', async () => {
    const rig = open();
    rig.publish(await rig.sign({ seq: 1, aud: 'other' }), { etag: '"bad"' });
    await rig.feed.start();
    rig.place.answer = () => new Response(null, { status: 304 });
    await rig.feed.checkNow();
    assert.equal(new Headers(rig.place.requests[1]?.headers).get('if-none-match'), null);
    assert.equal(rig.feed.checkedAtMs, undefined);
    assert.match(rig.reason ?? '', /no list/);
  });

  it('looks every 60 s less or more by a fifth, never sooner than 48 s', async () => {
    for (const random of [0, 0.25, 0.999999]) {
      const rig = open([own], createPreferences(), { random: () => random });
      await rig.look({ seq: 1 });
      const [delayMs = 0] = rig.clock.pending;
      assert.ok(Math.abs(delayMs - 60_000 * (0.8 + 0.4 * random)) < 1, `${delayMs}`);
      assert.ok(delayMs >= 48_000 && delayMs <= 72_000);
      await rig.clock.advance(47_999);
      assert.equal(rig.place.requests.length, 1);
      await rig.clock.advance(24_001);
      await planned(rig.clock);
      assert.equal(rig.place.requests.length, 2);
      assert.equal(rig.clock.pending.length, 1, 'one look is planned, not two');
    }
  });

  it('goes on looking after failures, as often, and stops when disposed', async () => {
    const rig = open();
    await rig.feed.start();
    await rig.clock.advance(10 * 60_000);
    assert.equal(rig.place.requests.length, 11);
    rig.feed.dispose();
    await rig.clock.advance(10 * 60_000);
    assert.equal(rig.place.requests.length, 11);
    assert.deepEqual(rig.clock.pending, []);
  });

  it('has one look under way at a time', async () => {
    const rig = open();
    await Promise.all([rig.feed.start(), rig.feed.checkNow(), rig.feed.checkNow()]);
    assert.equal(rig.place.requests.length, 1);
    assert.equal(rig.clock.pending.length, 1);
  });

  it('an answer after the end changes nothing', async () => {
    const rig = open();
    const jws = await rig.sign({ seq: 1, all: true });
    const late = later();
    rig.place.answer = () => late.promise;
    const looking = rig.feed.start();
    await settle();
    rig.feed.dispose();
    late.resolve(new Response(jws));
    await looking;
    assert.deepEqual([rig.feed.stops], [undefined]);
    assert.equal(rig.memory.values.size, 0);
    assert.ok(rig.place.requests[0]?.signal?.aborted);
  });

  it('is in force before it is kept, and when it cannot be kept', async () => {
    const rig = open();
    rig.memory.state.fails = true;
    await rig.look({ seq: 3, all: true });
    assert.equal(rig.feed.stops?.all, true);
    assert.equal(rig.feed.problem, undefined);
    assert.match(rig.lines.join('\n'), /could not be kept/);
    await rig.look({ seq: 2 });
    assert.equal(rig.feed.stops.all, true, 'the floor holds in memory');
  });

  describe('after a restart', () => {
    it('is stopped without a network, from before the first look', async () => {
      const first = open();
      await first.look({ seq: 7, servers: ['docs'] });
      const second = open([own], first.memory);
      await second.feed.restore();
      assert.deepEqual(second.feed.stops?.servers, ['docs']);
      assert.equal(second.place.requests.length, 0);
      await second.feed.start();
      assert.deepEqual(second.feed.stops.servers, ['docs']);
      assert.equal(second.feed.checkedAtMs, undefined);
    });

    it('refuses what was older than the last list before it', async () => {
      const first = open();
      await first.look({ seq: 7, all: true });
      const second = open([own], first.memory);
      await second.look({ seq: 6 });
      assert.match(second.reason ?? '', /older than one before/);
      assert.equal(second.feed.stops?.all, true);
      await second.look({ seq: 7 });
      assert.match(second.reason ?? '', /differs from one/);
      await second.look({ seq: 8 });
      assert.equal(second.feed.stops.all, false);
    });

    it('stays stopped although the list expired or the clock was set back', async () => {
      const first = open();
      await first.look({ seq: 7, all: true });
      const later = new FakeClock();
      await later.advance(30 * 86_400_000);
      const second = open([own], first.memory, { clock: later });
      await second.feed.restore();
      assert.equal(second.feed.stops?.all, true);
      assert.match(second.reason ?? '', /expired/);
      const earlier = new FakeClock();
      earlier.sleep(-365 * 86_400_000);
      const third = open([own], first.memory, { clock: earlier });
      await third.feed.restore();
      assert.equal(third.feed.stops?.all, true);
    });

    it('believes nothing in its memory that is not signed, and keeps the number', async () => {
      const first = open();
      await first.look({ seq: 7 });
      const [[key] = ['']] = first.memory.values;
      const foreign = await createSigner('ES256');
      const jws = await foreign.sign(first.claims({ seq: 9, all: true }), { typ });
      first.memory.values.set(key, { sequence: 9, jws });
      const second = open([own], first.memory);
      await second.feed.restore();
      assert.deepEqual([second.feed.stops], [undefined]);
      assert.match(second.reason ?? '', /not signed with a key/);
      await second.look({ seq: 8, all: true });
      assert.match(second.reason ?? '', /older/);
      await second.look({ seq: 10, all: true });
      assert.equal(second.feed.stops?.sequence, 10);
      for (const junk of ['x', 7, { sequence: -1, jws: '' }, { sequence: 1e300, jws: '' }, null]) {
        first.memory.values.set(key, junk);
        const third = open([own], first.memory);
        await third.look({ seq: 1, servers: ['docs'] });
        assert.equal(third.feed.stops?.sequence, 1);
      }
    });

    it('takes the same list again from a key that replaced the old one', async () => {
      const first = open();
      await first.look({ seq: 7, all: true });
      const successor = await createSigner('ES256', 'next');
      const second = open([successor], first.memory);
      await second.feed.restore();
      assert.deepEqual([second.feed.stops], [undefined]);
      await second.look({ seq: 7, all: true });
      assert.equal(second.feed.stops?.all, true);
      assert.equal(second.heard.changes, 1);
    });
  });

  it('of two answers under way the newer list wins, whichever comes last', async () => {
    const memory = createPreferences();
    const rig = open([own], memory);
    const [older, newer] = [await rig.sign({ seq: 1 }), await rig.sign({ seq: 2, all: true })];
    const slow = later();
    rig.place.answer = () => slow.promise;
    const first = rig.feed.checkNow();
    const joined = rig.feed.checkNow();
    slow.resolve(new Response(newer));
    await Promise.all([first, joined]);
    rig.publish(older);
    await rig.feed.checkNow();
    assert.equal(rig.feed.stops?.sequence, 2);
    assert.match(rig.reason ?? '', /older/);
    assert.equal((memory.values.values().next().value as { sequence: number }).sequence, 2);
  });
});
