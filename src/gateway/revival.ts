// A session that outlived its connection: once that is open again, upstream is greeted anew with the
// client's own greeting, and the client, who was told nothing, goes on. VS Code would not begin again by
// itself for a list; it would show a server without tools until somebody called one.
import { ConnectError } from '../core/errors.ts';
import { hostOf } from '../core/url.ts';
import type { RequestHead } from './access.ts';
import { AnswerWatch } from './answerWatch.ts';
import { sessionIdOf } from './clientRequest.ts';
import { discard, forward, refusalOf } from './forward.ts';
import { relay } from './relay.ts';
import type { GatewayContext, Served } from './served.ts';
import type { Greeting, Session } from './session.ts';
import type { Upstream } from './upstream.ts';
import { upstreamHeaders } from './upstreamHeaders.ts';

const nobody = {
  open: () => undefined,
  write: () => Promise.resolve(),
  cut: () => undefined,
};
const initialized = new TextEncoder().encode(
  JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
);

/**
 * Gives `session` its place at `upstream`, once for all requests that wait for it.
 * @throws server.*, network.*, what `upstream` throws; gateway.closed for a session without a greeting
 */
export function revive(
  session: Session,
  upstream: Upstream,
  { served, context }: { served: Served; context: GatewayContext },
): Promise<void> {
  session.reviving ??= greet(session, upstream, context)
    .then(() => {
      // Their upstream ends are gone; the client asks for new ones.
      for (const listener of served.listeners) {
        if (listener.session === session) listener.stream.end();
      }
    })
    .finally(() => {
      session.reviving = undefined;
    });
  return session.reviving;
}

async function greet(session: Session, upstream: Upstream, context: GatewayContext): Promise<void> {
  const { greeting } = session;
  if (greeting === undefined) throw new ConnectError('gateway.closed');
  const timeout = new AbortController();
  const timer = context.clock.schedule(context.limits.listMs, () => {
    const facts = { host: hostOf(upstream.url), systemCode: 'TIMEOUT' };
    timeout.abort(new ConnectError('server.unavailable', facts));
  });
  const signal = AbortSignal.any([upstream.closed, context.disposed, timeout.signal]);
  try {
    await post(session, { upstream, greeting, signal }, context);
  } finally {
    timer.dispose();
  }
}

async function post(
  session: Session,
  { upstream, greeting, signal }: { upstream: Upstream; greeting: Greeting; signal: AbortSignal },
  { fetch }: GatewayContext,
): Promise<void> {
  const head: RequestHead = { ...greeting.head, headers: new Map() };
  session.upstreamId = undefined;
  session.version = undefined;
  const send = async (body: Uint8Array<ArrayBuffer>) => {
    const headers = upstreamHeaders(head, 'POST', session);
    const response = await forward(upstream, { method: 'POST', headers, body }, fetch, signal);
    if (response.ok) return response;
    discard(response);
    throw refusalOf(response, upstream.url);
  };
  const hello = await send(greeting.body);
  const watch = new AnswerWatch(greeting.request, upstream, session);
  await relay(hello, upstream.url, {
    stream: nobody,
    signal,
    see: (event) => {
      watch.see(event);
    },
    isDone: () => watch.outcome !== undefined,
  });
  if (watch.outcome !== 'ok') {
    throw new ConnectError('server.protocolError', { host: hostOf(upstream.url) });
  }
  session.upstreamId = sessionIdOf(hello);
  discard(await send(initialized));
  session.upstream = upstream;
}
