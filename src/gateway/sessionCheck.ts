// Whether upstream still knows a session, asked with a ping: what the client asks is never asked twice.
import { randomUUID } from 'node:crypto';
import { discard, forward } from './forward.ts';
import type { GatewayContext, Served } from './served.ts';
import type { Session } from './session.ts';
import { upstreamHeaders } from './upstreamHeaders.ts';

const checkMs = 15_000;

/** Forgets a session that upstream disowns, so that the client's next request begins a new one. */
export function dropIfLost(
  session: Session,
  served: Served,
  { fetch, disposed }: GatewayContext,
): void {
  const { upstream } = session;
  const ping = JSON.stringify({ jsonrpc: '2.0', id: randomUUID(), method: 'ping' });
  const head = { method: 'POST', target: '', headers: new Map<string, string[]>() } as const;
  const request = {
    method: head.method,
    headers: upstreamHeaders(head, 'POST', session),
    body: new TextEncoder().encode(ping),
  };
  const signal = AbortSignal.any([upstream.closed, disposed, AbortSignal.timeout(checkMs)]);
  forward(upstream, request, fetch, signal)
    .then((answer) => {
      discard(answer);
      if (answer.status === 400 || answer.status === 404) served.sessions.drop(session);
    })
    .catch(() => undefined);
}
