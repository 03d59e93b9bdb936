import assert from 'node:assert/strict';
import { ConnectError } from '../../src/core/errors.ts';
import { namingFailedStepUp, needsLogin, stepUpFor } from '../../src/core/signIn/stepUp.ts';

const demand = (facts: object) => ({ code: 'exchange.stepUpRequired' as const, facts });

describe('a step-up', () => {
  it('is what the connections wait for: one set of classes, the shortest age', () => {
    assert.equal(stepUpFor([]), undefined);
    assert.equal(stepUpFor([{ code: 'identityProvider.signInAgain', facts: {} }]), undefined);
    assert.deepEqual(stepUpFor([demand({})]), {});
    assert.deepEqual(
      stepUpFor([
        demand({ maxAgeSec: 300 }),
        demand({ acrValues: 'phr phrh' }),
        { code: 'server.stepUpRequired', facts: { acrValues: 'other', maxAgeSec: 60 } },
      ]),
      { acrValues: 'phr phrh', maxAgeSec: 60 },
    );
  });

  it('needs the person only where nothing less can help', () => {
    assert.deepEqual(
      [{}, { maxAgeSec: 0 }, { maxAgeSec: 1 }, { acrValues: 'phr' }].map(needsLogin),
      [true, true, false, false],
    );
  });

  for (const [carried, again, ageMs, isFailed] of [
    [undefined, {}, 0, false],
    [{}, {}, 1_000, true],
    [{}, {}, 61_000, false],
    [{ acrValues: 'a' }, {}, 0, false],
    [{ acrValues: 'a' }, { acrValues: 'a' }, 9e9, true],
    [{ acrValues: 'a' }, { acrValues: 'b' }, 0, false],
    [{ acrValues: 'a' }, { acrValues: 'a', maxAgeSec: 300 }, 0, false],
    [{ acrValues: 'a', maxAgeSec: 60 }, { acrValues: 'a', maxAgeSec: 300 }, 299_000, true],
    [{ maxAgeSec: 0 }, { maxAgeSec: 0 }, 59_000, true],
    [{ maxAgeSec: 0 }, { maxAgeSec: 0 }, 61_000, false],
    [{ maxAgeSec: 600 }, { maxAgeSec: 300 }, 0, false],
  ] as const) {
    const name = `${JSON.stringify(carried)} carried ${ageMs / 1000} s ago, ${JSON.stringify(again)} again`;
    it(`${name}: ${isFailed ? 'failed' : 'asked for'}`, () => {
      const error = new ConnectError('server.stepUpRequired', again);
      const named = namingFailedStepUp(error, carried, ageMs);
      assert.equal(named.code, isFailed ? 'exchange.stepUpFailed' : 'server.stepUpRequired');
      assert.deepEqual(named.facts, again);
    });
  }
});
