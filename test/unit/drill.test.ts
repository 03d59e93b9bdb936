import assert from 'node:assert/strict';
import { boundMs } from '../../src/core/drill/bound.ts';
import { findingOf, type Observed } from '../../src/core/drill/finding.ts';
import { timeEntered } from '../../src/core/drill/words.ts';

const seen: Observed = {
  id: 'docs',
  label: 'Docs',
  callsBefore: 3,
  callsAfterTrigger: 1,
  callsAfterGate: 0,
  detectedAtMs: 5_000,
  closedAs: 'accessRemoved',
  gateClosedAtMs: 5_000,
  streamOpened: true,
  streamClosedAtMs: 5_010,
  wipedAtMs: 5_001,
  toolsGoneAtMs: 5_200,
  told: 'removed',
};
const asked = { kind: 'grantRemoved', boundMs: 10_000, triggeredAtMs: 1_000 } as const;
const reasons = (own: Partial<Observed>, plan: object = {}) =>
  findingOf({ ...seen, ...own }, { ...asked, ...plan }).reasons;

describe('a finding of the drill', () => {
  it('is PASS when all of it closed in time', () => {
    assert.deepEqual(findingOf(seen, asked).verdict, 'PASS');
  });

  for (const [what, own, plan, reason] of [
    ['late', { gateClosedAtMs: 12_000, detectedAtMs: 12_000 }, {}, /later than promised/],
    ['never closed', { gateClosedAtMs: undefined }, {}, /never closed/],
    ['called after', { callsAfterGate: 2 }, {}, /2 calls after the gate/],
    ['streams cut late', { streamClosedAtMs: 6_001 }, {}, /streams cut: 1001 ms/],
    ['streams never cut', { streamClosedAtMs: undefined }, {}, /streams cut: never/],
    ['not wiped', { wipedAtMs: undefined }, {}, /wiped: never/],
    ['tools left', { toolsGoneAtMs: undefined }, {}, /tools gone: never/],
    ['a removal shown as an outage', { closedAs: 'paused' }, {}, /taken for something else/],
    ['an outage shown as a removal', {}, { kind: 'outage' }, /taken for a removal/],
  ] as const) {
    it(`is FAIL when it was ${what}`, () => {
      const given = Object.fromEntries(
        Object.entries({ ...seen, ...own }).filter(([, value]) => value !== undefined),
      ) as unknown as Observed;
      const finding = findingOf(given, { ...asked, ...plan });
      assert.equal(finding.verdict, 'FAIL');
      assert.match(finding.reasons.join('\n'), reason);
    });
  }

  it('needs no stream where a server offers none', () => {
    assert.deepEqual(reasons({ streamOpened: false }), []);
  });

  it('is INCONCLUSIVE when it was closed before the time that was given', () => {
    const finding = findingOf(seen, { ...asked, triggeredAtMs: 5_001 });
    assert.equal(finding.verdict, 'INCONCLUSIVE');
    assert.match(finding.reasons.join(), /before the time/);
    assert.equal(findingOf(seen, { ...asked, triggeredAtMs: 5_000 }).verdict, 'PASS');
  });

  it('is INCONCLUSIVE when nobody was let in before', () => {
    assert.equal(findingOf({ ...seen, callsBefore: 0 }, asked).verdict, 'INCONCLUSIVE');
  });
});

describe('what a drill promises', () => {
  const limits = {
    checkIntervalMs: 900_000,
    tokenCapMs: 1_800_000,
    maxStalenessMs: 1_800_000,
    emergencyStop: undefined,
    signalsPollSeconds: undefined,
  };
  const stop = { url: '', issuer: '', audience: '', keys: [], pollSeconds: 60 };

  it('is the check interval, or what is quicker', () => {
    assert.equal(boundMs('grantRemoved', limits), 915_000);
    assert.equal(boundMs('grantRemoved', { ...limits, tokenCapMs: 300_000 }), 315_000);
    assert.equal(boundMs('sessionEnded', limits), 915_000);
    assert.equal(boundMs('sessionEnded', { ...limits, signalsPollSeconds: 60 }), 87_000);
    assert.equal(boundMs('emergencyStop', { ...limits, emergencyStop: stop }), 87_000);
    assert.equal(boundMs('refusedByServer', limits), 31_000);
    assert.equal(boundMs('outage', limits), 1_800_000);
  });

  it('begins at a time of today that has passed', () => {
    const nowMs = new Date(2026, 10, 21, 14, 3, 20).getTime();
    assert.equal(timeEntered('14:03:20', nowMs), nowMs);
    assert.equal(timeEntered(' 9:00 ', nowMs), new Date(2026, 10, 21, 9).getTime());
    assert.equal(timeEntered('', nowMs), nowMs);
    for (const text of ['now', '14:04', '25:00', '12:60', '12:00:99']) {
      assert.equal(timeEntered(text, nowMs), undefined, text);
    }
  });
});
