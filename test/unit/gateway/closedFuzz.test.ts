// Whatever others send: a fixed budget, once with a seed that is always the same and once with a new one,
// which a failure prints. For longer: npm run fuzz -- <seconds>.
import assert from 'node:assert/strict';
import { companyTargets } from '../../fuzz/companyTargets.ts';
import { gatewayTargets } from '../../fuzz/gatewayTargets.ts';
import { hereTargets } from '../../fuzz/hereTargets.ts';
import { wireTarget } from '../../fuzz/wireTarget.ts';

const seed = 20_261_121;

describe('fuzzing of what outsiders send', () => {
  for (const target of [...gatewayTargets, ...companyTargets, ...hereTargets]) {
    it(`${target.name}: as always`, async () => {
      assert.equal(await target.run({ seed, runs: 150 }), 150);
    });
    it(`${target.name}: as never before`, async () => {
      assert.ok((await target.run({ runs: 2_000, limitMs: 400 })) > 20);
    });
  }

  it('requests on the wire: as always, and as never before', async () => {
    const target = await wireTarget();
    try {
      assert.equal(await target.run({ seed, runs: 60 }), 60);
      await target.run({ runs: 60 });
    } finally {
      await target.end?.();
    }
  });
});
