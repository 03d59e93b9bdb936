// What the profile and the person allow, taken together.
import type { ConfirmationLimits } from './connection/confirmation.ts';
import type { OrganizationProfile } from './profile/profile.ts';

/** Times in milliseconds. */
export interface Limits extends ConfirmationLimits {
  /** Access is given up after so long. */
  readonly tokenCapMs: number;
  /** Servers that connect when the editor starts; the rest stands by until its first use. */
  readonly connectAtStart: number;
}

const plain = {
  checkInterval: { default: 15, min: 1, max: 60 },
  tokenCapMs: 1_800_000,
  maxStalenessMs: 1_800_000,
  connectAtStart: 5,
};

/** @param asked what the person wants between two checks, minutes; within the profile's bounds only */
export function limitsOf(
  profile: OrganizationProfile | undefined,
  asked: number | undefined,
): Limits {
  const { checkInterval, ...limits } = profile ?? plain;
  const { tokenCapMs, maxStalenessMs, connectAtStart } = limits;
  const { min, max } = checkInterval;
  const minutes = Math.min(max, Math.max(min, asked ?? checkInterval.default));
  return { checkIntervalMs: minutes * 60_000, tokenCapMs, maxStalenessMs, connectAtStart };
}
