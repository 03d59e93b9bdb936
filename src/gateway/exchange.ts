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

export function createExchange(response: ServerResponse, closed: AbortSignal): Exchange {
  const controller = new AbortController();
  const abort = (error: ConnectError) => {
    controller.abort(error);
  };
  const onClosed = () => {
    abort(ConnectError.from(closed.reason));
  };
  const onGone = () => {
    abort(new ConnectError('user.cancelled'));
  };
  if (closed.aborted) onClosed();
  closed.addEventListener('abort', onClosed, { once: true });
  response.once('close', onGone);
  return {
    signal: controller.signal,
    abort,
    dispose: () => {
      closed.removeEventListener('abort', onClosed);
      response.off('close', onGone);
    },
  };
}
