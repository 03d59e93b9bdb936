// A confirmation in the browser that an authorization server wants before it redeems an ID-JAG. Opened
// only when the person has asked for it; the same ID-JAG is sent until they are done.
import { delay } from '../delay.ts';
import { ConnectError } from '../errors.ts';
import { refusalBody } from '../http/oauthError.ts';
import type { Clock, OpenUrl } from '../ports.ts';
import { isSecureUrl } from '../url.ts';

export interface InteractionDeps {
  /** Undefined: nobody has asked for a browser. */
  readonly open: OpenUrl | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

interface Interaction {
  readonly uri: string;
  readonly intervalMs: number;
  readonly expiresInMs: number;
}

const interval = { leastSec: 1, plainSec: 5, slowerMs: 5_000 };
const life = { plainSec: 600, longestSec: 3_600 };

/**
 * What `redeem` answers, if need be after the person has confirmed it in the browser.
 * @throws what `redeem` throws, user.timedOut, user.cancelled
 * @see draft-parecki-oauth-jwt-grant-interaction-response
 */
export async function withInteraction<T>(
  redeem: () => Promise<T>,
  deps: InteractionDeps,
): Promise<T> {
  try {
    return await redeem();
  } catch (error) {
    if (deps.open === undefined || !isPending(error)) throw error;
    const interaction = interactionOf(error);
    if (!(await deps.open(interaction.uri))) throw new ConnectError('user.cancelled');
    return poll(redeem, interaction, deps);
  }
}

const isPending = (error: unknown): error is ConnectError =>
  ConnectError.is(error, 'redemption.interactionRequired');

/** @throws redemption.answerInvalid */
function interactionOf(error: ConnectError): Interaction {
  const { interaction_uri: uri, interval: asked, expires_in: expiresIn } = refusalBody(error);
  if (typeof uri !== 'string' || !isSecureUrl(uri, 'browser')) {
    const reason = 'interaction_uri is not an https URL';
    throw new ConnectError('redemption.answerInvalid', { ...error.facts, reason });
  }
  return {
    uri: new URL(uri).href,
    intervalMs: Math.max(seconds(asked) ?? interval.plainSec, interval.leastSec) * 1000,
    expiresInMs: Math.min(seconds(expiresIn) ?? life.plainSec, life.longestSec) * 1000,
  };
}

const seconds = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;

async function poll<T>(
  redeem: () => Promise<T>,
  { intervalMs, expiresInMs }: Interaction,
  { clock, signal }: InteractionDeps,
): Promise<T> {
  const endMs = clock.monotonic() + expiresInMs;
  for (let waitMs = intervalMs; ;) {
    await delay(Math.min(waitMs, Math.max(0, endMs - clock.monotonic())), clock, signal);
    if (clock.monotonic() >= endMs) throw new ConnectError('user.timedOut');
    try {
      return await redeem();
    } catch (error) {
      // "Slow down" is one of these, and an outage says nothing about what the person did.
      if (ConnectError.is(error, 'redemption.unavailable')) waitMs += interval.slowerMs;
      else if (!isPending(error)) throw error;
    }
  }
}
