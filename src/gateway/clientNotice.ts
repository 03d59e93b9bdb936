// A message of the client that awaits no answer: a notification, or its answer to the server.
import type { ServerResponse } from 'node:http';
import { ConnectError } from '../core/errors.ts';
import type { RequestHead } from './access.ts';
import { hostOf } from '../core/url.ts';
import { answerWith } from './clientStream.ts';
import { createExchange } from './exchange.ts';
import { discard, forward, refusalOf } from './forward.ts';
import { isRequestId, type McpMessage } from './mcpMessage.ts';
import { logRefusal, type GatewayContext, type Served } from './served.ts';
import type { Session } from './session.ts';
import type { Upstream } from './upstream.ts';
import { upstreamHeaders } from './upstreamHeaders.ts';

export interface ClientNotice {
  readonly message: Exclude<McpMessage, { kind: 'request' }>;
  readonly head: RequestHead;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly upstream: Upstream;
  readonly session: Session | undefined;
  readonly response: ServerResponse;
}

/**
 * Passes it on. Accepted whatever upstream says, for another status would stop the whole server in VS
 * Code; only a lost session is told, which makes the client begin a new one. Never rejects.
 */
export async function passNotice(
  notice: ClientNotice,
  served: Served,
  context: GatewayContext,
): Promise<void> {
  const { upstream, session, response } = notice;
  const { clock, limits } = context;
  // Not ended by the client's going, which may be because it has its answer.
  const exchange = createExchange(undefined, [upstream.closed, context.disposed]);
  const settle = () => {
    if (!response.headersSent && !response.destroyed) answerWith(response, 202);
    actOn(notice);
  };
  const late = clock.schedule(limits.headWaitMs, settle);
  const limit = clock.schedule(limits.listMs, () => {
    const facts = { host: hostOf(upstream.url), systemCode: 'TIMEOUT' };
    exchange.abort(new ConnectError('server.unavailable', facts));
  });
  try {
    const headers = upstreamHeaders(notice.head, 'POST', session);
    const request = { method: 'POST', headers, body: notice.body } as const;
    const answer = await forward(upstream, request, context.fetch, exchange.signal);
    discard(answer);
    if (answer.ok) return;
    const isLost = session?.upstreamId !== undefined && [400, 404].includes(answer.status);
    if (isLost) served.sessions.drop(session);
    if (isLost && !response.headersSent) answerWith(response, 404);
    logRefusal(context.log, served.id, refusalOf(answer, upstream.url));
  } catch (error) {
    logRefusal(context.log, served.id, ConnectError.from(error));
  } finally {
    late.dispose();
    limit.dispose();
    settle();
    exchange.dispose();
  }
}

/** Upstream has been told, or takes its time; VS Code would keep a cancelled request open for ever. */
function actOn({ message, session }: ClientNotice): void {
  if (message.kind !== 'notification') return;
  if (message.method === 'notifications/initialized') session?.release();
  if (message.method !== 'notifications/cancelled') return;
  const { requestId } = message.params;
  if (!isRequestId(requestId)) return;
  session?.inFlight.get(requestId)?.(new ConnectError('user.cancelled'));
}
