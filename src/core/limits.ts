// What the profile and the person allow, taken together.
import type { ConfirmationLimits } from './connection/confirmation.ts';
import type { OrganizationProfile } from './profile/profile.ts';

/** Milliseconds. */
export interface Limits extends ConfirmationLimits {
  /** Access is given up after so long. */
  readonly tokenCapMs: number;
}

const plain = {
  checkInterval: { default: 15, min: 1, max: 60 },
  tokenCapMs: 1_800_000,
  maxStalenessMs: 1_800_000,
};

/** @param asked what the person wants between two checks, minutes; within the profile's bounds only */
export function limitsOf(
  profile: OrganizationProfile | undefined,
  asked: number | undefined,
): Limits {
  const { checkInterval, tokenCapMs, maxStalenessMs } = profile ?? plain;
  const { min, max } = checkInterval;
  const minutes = Math.min(max, Math.max(min, asked ?? checkInterval.default));
  return { checkIntervalMs: minutes * 60_000, tokenCapMs, maxStalenessMs };
}
