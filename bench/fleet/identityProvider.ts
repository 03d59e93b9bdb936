// The one party all windows ask: answers after a while, is down when it is told to be, and counts.
import type { Clock, Fetch } from '../../src/core/ports.ts';
import { legs, type Leg, type Load } from './load.ts';

export interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
}

export const isDown = (outage: Outage | undefined, atMs: number): boolean =>
  outage !== undefined && atMs >= outage.fromMs && atMs < outage.toMs;

const answerMs = 150;

/** Everything it has is found by the leg's name. */
export const endpointOf = (leg: Leg): string => `https://idp.example/${leg}`;

export function identityProviderFetch(clock: Clock, load: Load, outage: Outage | undefined): Fetch {
  return async (url) => {
    const leg = legs.find((one) => url === endpointOf(one));
    if (leg === undefined) throw new Error('asked for something else');
    load.asked(leg, clock.now());
    await new Promise<void>((resolve) => clock.schedule(answerMs, resolve));
    return isDown(outage, clock.now()) ? new Response(null, { status: 503 }) : Response.json({});
  };
}
