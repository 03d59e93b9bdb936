// A connect that the person goes through with in the browser: told when it waits, and open to another try.
import { ConnectError } from '../errors.ts';
import type { OpenUrl } from '../ports.ts';
import type { Asking } from './serverAccess.ts';

/** Tells that the person is awaited, before the page opens. */
export const showing = (openUrl: OpenUrl | undefined, onStep: Asking['onStep']) =>
  openUrl &&
  ((url: string) => {
    onStep('interaction');
    return openUrl(url);
  });

/** Whoever did not go through with it may click again. */
export function outcomeOf(error: unknown, openInteraction: OpenUrl | undefined): ConnectError {
  const isLeft = ConnectError.is(error, 'user.cancelled', 'user.timedOut');
  return isLeft && openInteraction !== undefined
    ? new ConnectError('redemption.interactionRequired', error.facts, { cause: error })
    : ConnectError.from(error);
}
