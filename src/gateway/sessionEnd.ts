// The end of a session (DELETE): told to upstream for politeness, never waited for.
import type { ServerResponse } from 'node:http';
import { answerWith } from './clientStream.ts';
import { discard, forward } from './forward.ts';
import type { GatewayContext, Served } from './served.ts';
import type { Session } from './session.ts';

const endMs = 5_000;

export function endSession(
  { session, response }: { session: Session | undefined; response: ServerResponse },
  served: Served,
  context: GatewayContext,
): void {
  answerWith(response, 204);
  if (session === undefined) return;
  served.sessions.drop(session);
  endUpstream(session, context);
}

/** Best effort: a server that keeps no sessions answers 405. */
export function endUpstream(session: Session, { fetch }: GatewayContext): void {
  const { upstream, upstreamId, version } = session;
  if (upstreamId === undefined || session.isOver) return;
  const headers = {
    'mcp-session-id': upstreamId,
    ...(version === undefined ? {} : { 'mcp-protocol-version': version }),
  };
  const signal = AbortSignal.any([upstream.closed, AbortSignal.timeout(endMs)]);
  forward(upstream, { method: 'DELETE', headers }, fetch, signal)
    .then(discard)
    .catch(() => undefined);
}
