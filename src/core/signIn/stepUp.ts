// A stronger sign-in that an identity provider or a server asks for, carried once by the person's next one.
import { ConnectError, type Facts } from '../errors.ts';

/** @see RFC 9470 §3 */
export interface StepUp {
  readonly acrValues?: string;
  readonly maxAgeSec?: number;
}

/** For so long after a sign-in the same demand means that it was not enough, milliseconds. */
const justNowMs = 60_000;

interface Failure {
  readonly code: string;
  readonly facts: Facts;
}

/** Whether a failure asks for a stronger sign-in. */
export const isDemand = ({ code }: Failure): boolean =>
  code === 'exchange.stepUpRequired' || code === 'server.stepUpRequired';

const demandOf = ({ acrValues, maxAgeSec }: Facts): StepUp => ({
  ...(acrValues === undefined ? {} : { acrValues }),
  ...(maxAgeSec === undefined ? {} : { maxAgeSec }),
});

/**
 * What the next sign-in must carry: one set of classes, since the sign-in that reaches another would not be
 * known, and the shortest age. Other demands wait for the sign-in after it.
 */
export function stepUpFor(failures: readonly Failure[]): StepUp | undefined {
  // The company's own first: a server that asks for ever new things must not stand in their way.
  const demands = failures
    .filter(isDemand)
    .sort((one, other) => one.code.localeCompare(other.code))
    .map(({ facts }) => demandOf(facts));
  if (demands.length === 0) return undefined;
  const acrValues = demands.find((one) => one.acrValues !== undefined)?.acrValues;
  const ages = demands.flatMap(({ maxAgeSec }) => maxAgeSec ?? []);
  return demandOf({
    ...(acrValues === undefined ? {} : { acrValues }),
    ...(ages.length === 0 ? {} : { maxAgeSec: Math.min(...ages) }),
  });
}

/** Only a sign-in with the person present can change a demand that names nothing, or no age at all. */
export const needsLogin = ({ acrValues, maxAgeSec }: StepUp): boolean =>
  maxAgeSec === 0 || (acrValues === undefined && maxAgeSec === undefined);

/** `error`, or `exchange.stepUpFailed` for a demand that a sign-in `ageMs` ago has already carried. */
export function namingFailedStepUp(
  error: ConnectError,
  carried: StepUp | undefined,
  ageMs: number,
): ConnectError {
  if (carried === undefined || !isDemand(error)) return error;
  const demand = demandOf(error.facts);
  return hasCarried(carried, demand, ageMs)
    ? new ConnectError('exchange.stepUpFailed', error.facts, { cause: error })
    : error;
}

function hasCarried(carried: StepUp, demand: StepUp, ageMs: number): boolean {
  const { acrValues, maxAgeSec } = demand;
  if (acrValues !== undefined && acrValues !== carried.acrValues) return false;
  if (maxAgeSec !== undefined) {
    // It may simply have grown too old since.
    const isYoung = ageMs < Math.max(maxAgeSec * 1000, justNowMs);
    return isYoung && carried.maxAgeSec !== undefined && carried.maxAgeSec <= maxAgeSec;
  }
  return acrValues !== undefined || (needsLogin(carried) && ageMs < justNowMs);
}
