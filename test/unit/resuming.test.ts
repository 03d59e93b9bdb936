import assert from 'node:assert/strict';
import type { Connection } from '../../src/core/connection/connection.ts';
import { limitsOf } from '../../src/core/limits.ts';
import { readProfile } from '../../src/core/profile/profile.ts';
import { resume } from '../../src/core/resuming.ts';

/** Servers by name, the one used last first; those of `unknown` have never had access. */
function resumed(atOnce: number, unknown: readonly string[] = []): readonly string[] {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const connected: string[] = [];
  const waiting: string[] = [];
  const connections = names.map((name) => ({
    name,
    record: { hadAccess: !unknown.includes(name) },
    connect: () => void connected.push(name),
    standBy: () => void waiting.push(name),
  }));
  resume(
    [...connections].reverse() as unknown as readonly Connection[],
    (one) => -names.indexOf((one as unknown as { name: string }).name),
    atOnce,
  );
  assert.deepEqual([...connected, ...waiting].sort(), names, 'nobody is left out');
  return connected.sort();
}

describe('a start', () => {
  it('connects what was used last, as many as the profile says', () => {
    assert.deepEqual(resumed(5), ['a', 'b', 'c', 'd', 'e']);
    assert.deepEqual(resumed(1), ['a']);
    assert.deepEqual(resumed(0), []);
  });

  it('connects what has never had access, whatever the number', () => {
    assert.deepEqual(resumed(1, ['c', 'g']), ['a', 'c', 'g']);
  });

  it('takes the number from the profile, and 5 without one', () => {
    assert.equal(limitsOf(undefined, undefined).connectAtStart, 5);
    const plain = { organization: 'Acme', identityProviders: [], servers: [] };
    const read = (limits: object) => readProfile({ ...plain, limits }, 'settings');
    assert.equal(limitsOf(read({}).profile, undefined).connectAtStart, 5);
    assert.equal(limitsOf(read({ connectAtStart: 2 }).profile, undefined).connectAtStart, 2);
    assert.match(read({ connectAtStart: -1 }).problems[0]?.key ?? '', /limits.connectAtStart/);
  });
});
