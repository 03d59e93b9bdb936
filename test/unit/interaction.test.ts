import assert from 'node:assert/strict';
import { FakeClock, settle } from '../support/fakeClock.ts';
import { codeOf, refused, run, type Answer, type Legs, type Run } from './legsRig.ts';

const uri = 'https://auth.example/confirm?handle=1';
const wanted = (more: object = {}) =>
  refused('interaction_required', { interaction_uri: uri, ...more });
const pending = refused('interaction_pending');

interface Waiting extends Run {
  readonly clock: FakeClock;
  pass(ms: number): Promise<void>;
}

function start(redemption: readonly Answer[], more: Legs = {}): Waiting {
  const clock = new FakeClock();
  const openInteraction = () => Promise.resolve(true);
  const legs = run({ redemption, openInteraction, clock, ...more });
  const pass = async (ms: number) => {
    await clock.advance(ms);
    for (let turn = 0; turn < 20; turn++) await settle();
  };
  return { ...legs, clock, pass };
}

/** Until the page is open and the legs wait for the clock. */
async function opened(legs: Waiting): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (legs.opened.length === 0 && performance.now() < deadline) await settle();
  await legs.pass(0);
}

describe('a confirmation in the browser', () => {
  it('is never opened unasked', async () => {
    const legs = run({ redemption: wanted() });
    assert.equal(await codeOf(legs), 'redemption.interactionRequired');
    assert.deepEqual([legs.exchanges.length, legs.redemptions.length], [1, 1]);
  });

  it('is opened when asked for, and the same ID-JAG is sent until it is done', async () => {
    const legs = start([wanted(), pending, {}]);
    await opened(legs);
    assert.deepEqual(legs.opened, [uri]);
    await legs.pass(4_999);
    assert.equal(legs.redemptions.length, 1);
    await legs.pass(1);
    assert.equal(legs.redemptions.length, 2);
    await legs.pass(5_000);
    assert.equal(await codeOf(legs), 'granted');
    assert.equal(new Set(legs.redemptions.map(({ form }) => form.get('assertion'))).size, 1);
    assert.equal(legs.exchanges.length, 1);
    assert.equal(legs.opened.length, 1);
  });

  it('is asked about as often as the server says, and less after slow_down', async () => {
    const legs = start([wanted({ interval: 2 }), refused('slow_down'), {}]);
    await opened(legs);
    await legs.pass(2_000);
    assert.equal(legs.redemptions.length, 2);
    await legs.pass(6_999);
    assert.equal(legs.redemptions.length, 2);
    await legs.pass(1);
    assert.equal(await codeOf(legs), 'granted');
    const hasty = start([wanted({ interval: 0 }), {}]);
    await opened(hasty);
    await hasty.pass(999);
    assert.equal(hasty.redemptions.length, 1);
    await hasty.pass(1);
    assert.equal(await codeOf(hasty), 'granted');
  });

  it('ends with a no, with its time, and with the attempt', async () => {
    const no = start([wanted(), refused('access_denied')]);
    await opened(no);
    await no.pass(5_000);
    assert.equal(await codeOf(no), 'redemption.denied');
    const late = start([wanted({ expires_in: 12 }), pending]);
    await opened(late);
    await late.pass(5_000);
    await late.pass(5_000);
    await late.pass(2_000);
    assert.equal(await codeOf(late), 'user.timedOut');
    assert.equal(late.redemptions.length, 3);
    const controller = new AbortController();
    const given = start([wanted(), pending], { signal: controller.signal });
    await opened(given);
    controller.abort();
    assert.equal(await codeOf(given), 'user.cancelled');
    assert.deepEqual(given.clock.pending, []);
  });

  it('goes on over an outage', async () => {
    const legs = start([wanted(), new Response('', { status: 503 }), {}]);
    await opened(legs);
    await legs.pass(5_000);
    await legs.pass(10_000);
    assert.equal(await codeOf(legs), 'granted');
  });

  it('opens no page but an https one, and none twice', async () => {
    for (const interaction_uri of [
      'http://auth.example/',
      'file:///etc/passwd',
      'javascript:1',
      7,
      undefined,
    ]) {
      const legs = start([wanted({ interaction_uri })]);
      assert.equal(await codeOf(legs), 'redemption.answerInvalid', String(interaction_uri));
      assert.deepEqual(legs.opened, []);
    }
    const again = start([wanted(), refused('invalid_grant'), wanted()]);
    await opened(again);
    await again.pass(5_000);
    assert.equal(await codeOf(again), 'redemption.interactionRequired');
    assert.equal(again.opened.length, 1);
  });

  it('is given up when no browser opens', async () => {
    const legs = start([wanted()], { openInteraction: () => Promise.resolve(false) });
    assert.equal(await codeOf(legs), 'user.cancelled');
  });
});
