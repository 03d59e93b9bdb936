import assert from 'node:assert/strict';
import { renewalDelayMs } from '../../src/core/connection/schedule.ts';

const hourMs = 3_600_000;

describe('the next renewal', () => {
  it('comes before the end of a life, and not after the next check', () => {
    assert.equal(renewalDelayMs(hourMs, hourMs, 0), 0.8 * hourMs);
    assert.equal(renewalDelayMs(hourMs, 900_000, 0), 900_000);
    assert.equal(renewalDelayMs(150_000, hourMs, 0), 90_000);
  });

  it('is never sooner than 30 s, nor later than the end of a shorter life', () => {
    for (const random of [0, 0.5, 1]) {
      assert.equal(renewalDelayMs(35_000, hourMs, random), 30_000);
      assert.equal(renewalDelayMs(10_000, hourMs, random), 10_000);
    }
  });
});
