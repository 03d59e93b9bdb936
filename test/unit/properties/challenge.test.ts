import assert from 'node:assert/strict';
import fc from 'fast-check';
import { bearerChallenge, parseChallenges } from '../../../src/core/http/challenge.ts';

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,15}$/);
/** What HTTP allows between quotation marks, quotation marks and commas included. */
const text = fc.string({ unit: fc.constantFrom(...Array.from('aZ09 ,="\\:/?&;-')), maxLength: 24 });
const parameters = fc.uniqueArray(fc.tuple(token, text), {
  minLength: 1,
  maxLength: 5,
  selector: ([name]) => name.toLowerCase(),
});
const challenges = fc.array(fc.tuple(token, parameters), { minLength: 1, maxLength: 4 });

const quoted = (value: string) => `"${value.replace(/["\\]/g, '\\$&')}"`;
const written = (list: readonly (readonly [string, readonly (readonly [string, string])[]])[]) =>
  list
    .map(([scheme, pairs]) => `${scheme} ${pairs.map(([n, v]) => `${n}=${quoted(v)}`).join(', ')}`)
    .join(', ');

describe('challenges (properties)', () => {
  it('are read back as they were written, however many and whatever is quoted', () => {
    fc.assert(
      fc.property(challenges, (list) => {
        assert.deepEqual(
          parseChallenges(written(list)),
          list.map(([scheme, pairs]) => ({
            scheme: scheme.toLowerCase(),
            parameters: Object.fromEntries(
              pairs.map(([name, value]) => [name.toLowerCase(), value]),
            ),
          })),
        );
      }),
    );
  });

  it('never make the parser throw, invent a scheme or take a value from nowhere', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (header) => {
        for (const { scheme, parameters: own } of parseChallenges(header)) {
          assert.ok(header.toLowerCase().includes(scheme));
          for (const name of Object.keys(own)) assert.ok(header.toLowerCase().includes(name));
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('of a scheme we do not know hide none that we do', () => {
    fc.assert(
      fc.property(challenges, text, (others, value) => {
        fc.pre(others.every(([scheme]) => !/^(bearer|dpop)$/i.test(scheme)));
        const header = `${written(others)}, Bearer resource_metadata=${quoted(value)}`;
        assert.deepEqual(bearerChallenge(header), { resource_metadata: value });
      }),
    );
  });

  it('take no more work than their length, even when made for that', () => {
    // A parser that goes back on its steps needs ages for these: the ring's time-out is the check.
    for (const unit of ['"', '\\"', 'a=', 'a="\\', 'Bearer ,', ' \t', 'a a="b', '=,']) {
      assert.ok(parseChallenges(`Bearer a="${unit.repeat(200_000)}`).length < 20_000);
    }
  });
});
