// When to ask again. Pure arithmetic; connection.ts holds the timers.

/** Never sooner than this after a failure, milliseconds. */
const leastMs = 1_000;
/** Never sooner than this after a renewal, unless its life ends before, milliseconds. */
const leastRenewalMs = 30_000;
const firstRetryMs = 5_000;
const longestRetryMs = 300_000;

/**
 * Delay to the next renewal: at 80 % of life less up to 10 % jitter, at least 60 s before the end where
 * life is long enough, and never later than the next check is due; a short life must not make us ask all
 * the time. All in milliseconds.
 * @param random 0 to 1
 */
export function renewalDelayMs(lifeMs: number, checkIntervalMs: number, random: number): number {
  const byLife = lifeMs * (0.8 - 0.1 * random);
  const beforeEnd = lifeMs > 120_000 ? lifeMs - 60_000 : byLife;
  const byCheck = checkIntervalMs * (1 - 0.1 * random);
  return Math.max(Math.min(leastRenewalMs, lifeMs), Math.min(byLife, beforeEnd, byCheck));
}

/** Full-jitter back-off; another party may make the wait longer, never shorter. */
export function retryDelayMs(
  failures: number,
  retryAfterSec: number | undefined,
  random: number,
): number {
  const ceiling = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures, 10));
  const ownMs = Math.max(leastMs, ceiling * random);
  if (retryAfterSec === undefined) return ownMs;
  const askedMs = Math.min(retryAfterSec * 1000, longestRetryMs) + 1000 * random;
  return Math.max(ownMs, askedMs);
}
