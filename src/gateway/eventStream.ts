// A client's event stream (GET). The gateway always holds one open, whether upstream has one or not: it
// is how tools vanish when a connection closes, and VS Code never asks again after a refusal.
import type { ServerResponse } from 'node:http';
import { ConnectError } from '../core/errors.ts';
import { hostOf } from '../core/url.ts';
import { abortable } from './abortable.ts';
import type { RequestHead } from './access.ts';
import { ClientStream } from './clientStream.ts';
import { closedAnswer, denialFor, denialOf } from './denial.ts';
import type { ServerEvent } from './eventFilter.ts';
import { createExchange } from './exchange.ts';
import { discard, forward, refusalOf } from './forward.ts';
import { fieldsIn } from './mcpMessage.ts';
import { delay, relay } from './relay.ts';
import { logRefusal, type GatewayContext, type Listener, type Served } from './served.ts';
import type { Session } from './session.ts';
import { upstreamHeaders } from './upstreamHeaders.ts';

export interface ClientListening {
  readonly head: RequestHead;
  /** undefined: the gateway does not know it, or the client keeps none. */
  readonly session: Session | undefined;
  readonly response: ServerResponse;
}

export function openEventStream(
  { head, session, response }: ClientListening,
  served: Served,
  context: GatewayContext,
): void {
  const { clock, limits, disposed } = context;
  const stream = new ClientStream(response, clock, limits.keepAliveMs);
  const listener: Listener = { stream, session };
  const onDisposed = () => {
    stream.end();
  };
  disposed.addEventListener('abort', onDisposed, { once: true });
  response.once('close', () => {
    served.listeners.delete(listener);
    disposed.removeEventListener('abort', onDisposed);
  });
  stream.open();
  served.listens(listener);
  if (session === undefined) return;
  if (session.isOver) settleClosed(session, stream, { served, context });
  else void listen({ head, session, response }, stream, { served, context });
}

/** Passes upstream's events on; when they end by themselves so does the stream, and the client asks again. */
async function listen(
  { head, session, response }: ClientListening & { session: Session },
  stream: ClientStream,
  { served, context }: { served: Served; context: GatewayContext },
): Promise<void> {
  const { upstream } = session;
  const exchange = createExchange(response, [upstream.closed, context.disposed]);
  const use = upstream.streamOpened();
  const { signal } = exchange;
  try {
    await abortable(session.initialized, signal);
    if (session.hasMoved) settleMissing(session, stream, { served, context });
    const headers = upstreamHeaders(head, 'GET', session);
    const answer = await forward(upstream, { method: 'GET', headers }, context.fetch, signal);
    // 405: it has none. 404 or 400: it lost the session, which the next request finds out.
    // 409: it has one already. To each the client's stay as they are.
    if (!answer.ok) {
      discard(answer);
      if (head.headers.has('last-event-id')) settleMissing(session, stream, { served, context });
      if ([400, 404, 405, 409].includes(answer.status)) return;
      throw refusalOf(answer, upstream.url);
    }
    await relay(answer, upstream.url, {
      stream,
      signal,
      see: (event) => {
        hear(session, event);
        return session.handedOver.see(event);
      },
      isDone: () => false,
    });
    stream.end();
  } catch (error) {
    if (signal.aborted) {
      if (upstream.closed.aborted) settleClosed(session, stream, { served, context });
      return;
    }
    logRefusal(context.log, served.id, ConnectError.from(error));
    await abortable(delay(context.clock, context.limits.reconnectMs), signal).catch(
      () => undefined,
    );
    if (!upstream.closed.aborted) stream.end();
  } finally {
    use.dispose();
    exchange.dispose();
  }
}

function hear(session: Session, { data }: ServerEvent): void {
  if (!data.includes('"id"') && !data.includes('\\u')) return;
  for (const message of fieldsIn(data.toString())) session.heard(message);
}

interface Around {
  readonly served: Served;
  readonly context: GatewayContext;
}

/** What the client came to ask for will not come: its connection has closed. */
function settleClosed(session: Session, stream: ClientStream, around: Around): void {
  const error = ConnectError.from(session.upstream.closed.reason);
  settle(session, stream, { error, ...around });
}

/** Nobody can say any more what it was. */
function settleMissing(session: Session, stream: ClientStream, around: Around): void {
  const error = new ConnectError('gateway.answerMissing', { host: hostOf(session.upstream.url) });
  settle(session, stream, { error, ...around });
}

function settle(
  session: Session,
  stream: ClientStream,
  { error, served, context }: Around & { error: ConnectError },
): void {
  const isClosed = session.isOver;
  for (const request of session.handedOver.take(isClosed ? 'denied' : 'error')) {
    const denial = denialFor(error, served.id, context);
    stream.note(isClosed ? closedAnswer(request, denial) : denialOf(request, denial));
  }
}
