// However often something changes, it is looked at a few times a second, and never for the last time too early.
import assert from 'node:assert/strict';
import { Emitter } from '../../src/core/event.ts';
import { gathered as gatheredEvent, gathering, type Gathering } from '../../src/core/gathering.ts';
import { FakeClock } from '../support/fakeClock.ts';

describe('changes that are gathered', () => {
  let clock: FakeClock;
  let looks: number;
  let gathered: Gathering;

  beforeEach(() => {
    clock = new FakeClock();
    looks = 0;
    gathered = gathering(clock, 100, () => {
      looks += 1;
    });
  });

  it('are looked at at once when they come alone', async () => {
    gathered.run();
    assert.equal(looks, 1);
    await clock.advance(1_000);
    assert.equal(looks, 1);
    gathered.run();
    assert.equal(looks, 2);
  });

  it('are looked at once more after the time, when more came within it', async () => {
    for (let change = 0; change < 50; change++) gathered.run();
    assert.equal(looks, 1);
    await clock.advance(99);
    assert.equal(looks, 1);
    await clock.advance(1);
    assert.equal(looks, 2);
    // The time begins anew.
    gathered.run();
    assert.equal(looks, 2);
    await clock.advance(100);
    assert.equal(looks, 3);
  });

  it('leave nothing behind once nobody looks', async () => {
    gathered.run();
    gathered.run();
    gathered.dispose();
    assert.deepEqual(clock.pending, []);
    await clock.advance(1_000);
    assert.equal(looks, 1);
  });

  it('of an event are told like that, and not after the end', async () => {
    const changes = new Emitter<void>(assert.ifError);
    const subscription = gatheredEvent(
      changes.event,
      clock,
      100,
    )(() => {
      looks += 1;
    });
    for (let change = 0; change < 50; change++) changes.fire();
    assert.equal(looks, 1);
    subscription.dispose();
    changes.fire();
    await clock.advance(1_000);
    assert.equal(looks, 1);
    assert.deepEqual(clock.pending, []);
  });
});
