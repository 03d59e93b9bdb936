// One thing that parses what others send, and what must hold of it whatever they send.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ConnectError, type ErrorCode } from '../../src/core/errors.ts';

export interface Budget {
  /** A new one each time when left out; a failure prints it. */
  readonly seed?: number;
  readonly runs: number;
  readonly limitMs?: number;
}

export interface FuzzTarget {
  readonly name: string;
  /** Resolves to how often it was tried. */
  readonly run: (budget: Budget) => Promise<number>;
  readonly end?: () => Promise<void>;
}

export const target = <T>(
  name: string,
  input: fc.Arbitrary<T>,
  holds: (input: T) => void | Promise<void>,
): FuzzTarget => ({
  name,
  run: async ({ seed, runs, limitMs }) => {
    let tried = 0;
    const property = fc.asyncProperty(input, async (one) => {
      tried++;
      await holds(one);
    });
    await fc.assert(property, {
      numRuns: runs,
      ...(seed === undefined ? {} : { seed }),
      ...(limitMs === undefined ? {} : { plugins: [fc.interruptAfterTimeLimit(limitMs)] }),
    });
    return tried;
  },
});

/** What it gives, or undefined where it refuses with one of these codes; anything else fails. */
export async function orRefused<T>(
  act: () => T | Promise<T>,
  ...codes: readonly ErrorCode[]
): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    assert.ok(ConnectError.is(error), `not an error of ours: ${String(error)}`);
    assert.ok(codes.includes(error.code), error.code);
    return undefined;
  }
}
