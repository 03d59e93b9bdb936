// What holds for everybody in one run: the settings, the lives of what is given, and what happens that day.
import type { Limits } from '../../src/core/limits.ts';
import type { Outage } from './identityProvider.ts';
import { minuteMs } from './workday.ts';

export interface Terms extends Limits {
  readonly servers: number;
  /** What servers give. */
  readonly tokenLifeMs: number;
  readonly idTokenLifeMs: number;
  readonly outage: Outage | undefined;
  /** The company sign-in did not last over the weekend. */
  readonly signsInAnew: boolean;
  /** There has been access to every server before. */
  readonly isKnown: boolean;
}

/** As a profile without limits has them. */
export const usualTerms: Terms = {
  checkIntervalMs: 15 * minuteMs,
  tokenCapMs: 30 * minuteMs,
  maxStalenessMs: 30 * minuteMs,
  connectAtStart: 5,
  servers: 30,
  tokenLifeMs: 60 * minuteMs,
  idTokenLifeMs: 60 * minuteMs,
  outage: undefined,
  signsInAnew: false,
  isKnown: true,
};
