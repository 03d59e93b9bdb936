// The life of one request of the client: over when the client goes, the connection closes, or somebody
// cancels. Listeners on the connection's signal are taken off again: it outlives thousands of requests.
import type { ServerResponse } from 'node:http';
import { ConnectError } from '../core/errors.ts';

export interface Exchange {
  /** Its reason is the ConnectError to show. */
  readonly signal: AbortSignal;
  abort(error: ConnectError): void;
  dispose(): void;
}

/**
 * @param response whose client ends it by going; undefined: it has its answer already
 * @param ends what ends it from outside, each with the ConnectError to show as its reason
 */
export function createExchange(
  response: ServerResponse | undefined,
  ends: readonly AbortSignal[],
): Exchange {
  const controller = new AbortController();
  const abort = (error: ConnectError) => {
    controller.abort(error);
  };
  const onEnd = () => {
    abort(ConnectError.from(ends.find(({ aborted }) => aborted)?.reason));
  };
  const onGone = () => {
    abort(new ConnectError('user.cancelled'));
  };
  if (ends.some(({ aborted }) => aborted)) onEnd();
  if (response?.destroyed === true) onGone();
  for (const end of ends) end.addEventListener('abort', onEnd, { once: true });
  response?.once('close', onGone);
  return {
    signal: controller.signal,
    abort,
    dispose: () => {
      for (const end of ends) end.removeEventListener('abort', onEnd);
      response?.off('close', onGone);
    },
  };
}
