import assert from 'node:assert/strict';
import { watchForWake } from '../../src/core/wakeDetector.ts';
import { FakeClock } from '../support/fakeClock.ts';

describe('the wake detector', () => {
  const watched = () => {
    const clock = new FakeClock();
    const seen = { wakes: 0, network: 'home' };
    const networkMark = () => seen.network;
    const watch = watchForWake({ clock, networkMark }, () => seen.wakes++);
    return { clock, seen, watch };
  };

  it('says nothing of time that passes', async () => {
    const { clock, seen } = watched();
    await clock.advance(8 * 3_600_000);
    assert.equal(seen.wakes, 0);
  });

  for (const ms of [8 * 3_600_000, 45_000, -3_600_000]) {
    it(`notices a jump of ${ms / 1000} s within 30 s, once`, async () => {
      const { clock, seen } = watched();
      await clock.advance(10_000);
      clock.sleep(ms);
      await clock.advance(30_000);
      assert.equal(seen.wakes, 1);
      await clock.advance(600_000);
      assert.equal(seen.wakes, 1);
    });
  }

  it('notices another network within 30 s, once', async () => {
    const { clock, seen } = watched();
    await clock.advance(10_000);
    seen.network = 'train';
    await clock.advance(30_000);
    assert.equal(seen.wakes, 1);
    await clock.advance(600_000);
    assert.equal(seen.wakes, 1);
  });

  it('looks no more once disposed of', () => {
    const { clock, watch } = watched();
    watch.dispose();
    assert.deepEqual(clock.pending, []);
  });
});
