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
import { Session, type Greeting } from './session.ts';
import { endUpstream } from './sessionEnd.ts';
import type { Upstream } from './upstream.ts';
import { upstreamHeaders } from './upstreamHeaders.ts';

const nobody = {
  isOpen: true,
  open: () => undefined,
  answerJson: () => undefined,
  write: () => Promise.resolve(),
  cut: () => undefined,
};
const initialized = new TextEncoder().encode(
  JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
);

interface Around {
  readonly served: Served;
  readonly context: GatewayContext;
}

/**
 * Gives `session` its place at `upstream`, once for all requests that wait for it. A session that is
 * refused there is as it was before.
 * @throws server.*, network.*, what `upstream` throws; gateway.closed for a session without a greeting,
 *   one whose client has something to answer, and one that ended meanwhile
 */
export function revive(session: Session, upstream: Upstream, around: Around): Promise<void> {
  const { closed } = upstream;
  // One under way at a connection that has closed since is about to fail.
  if (session.reviving?.closed === closed) return session.reviving.done;
  const done = takeUp(session, upstream, around).finally(() => {
    if (session.reviving?.closed === closed) session.reviving = undefined;
  });
  session.reviving = { closed, done };
  return done;
}

async function takeUp(
  session: Session,
  upstream: Upstream,
  { served, context }: Around,
): Promise<void> {
  const place = new Session(upstream);
  try {
    // Attacker: a server that asks something else there under the id of what the person is looking at.
    if (session.greeting === undefined || session.isAsked) throw new ConnectError('gateway.closed');
    await greet(place, session.greeting, context);
    // The client goes on in the version it was told.
    if (place.version !== session.version) throw protocolError(upstream);
    if (!served.sessions.has(session)) throw new ConnectError('gateway.closed');
  } catch (error) {
    endUpstream(place, context);
    throw error;
  }
  session.moveTo(place);
  // Their upstream ends are gone; the client asks for new ones.
  for (const listener of served.listeners) {
    if (listener.session === session) listener.stream.end();
  }
}

async function greet(place: Session, greeting: Greeting, context: GatewayContext): Promise<void> {
  const { upstream } = place;
  const timeout = new AbortController();
  const timer = context.clock.schedule(context.limits.listMs, () => {
    const facts = { host: hostOf(upstream.url), systemCode: 'TIMEOUT' };
    timeout.abort(new ConnectError('server.unavailable', facts));
  });
  const signal = AbortSignal.any([upstream.closed, context.disposed, timeout.signal]);
  try {
    await post(place, { greeting, signal }, context);
  } finally {
    timer.dispose();
  }
}

async function post(
  place: Session,
  { greeting, signal }: { greeting: Greeting; signal: AbortSignal },
  { fetch }: GatewayContext,
): Promise<void> {
  const { upstream } = place;
  const head: RequestHead = { ...greeting.head, headers: new Map() };
  const send = async (body: Uint8Array<ArrayBuffer>) => {
    const headers = upstreamHeaders(head, 'POST', place);
    const response = await forward(upstream, { method: 'POST', headers, body }, fetch, signal);
    if (response.ok) return response;
    discard(response);
    throw refusalOf(response, upstream.url);
  };
  const hello = await send(greeting.body);
  place.upstreamId = sessionIdOf(hello);
  const watch = new AnswerWatch(greeting.request, upstream, { session: place });
  await relay(hello, upstream.url, {
    stream: nobody,
    signal,
    see: (event) => watch.see(event),
    isDone: () => watch.outcome !== undefined,
  });
  if (watch.outcome !== 'ok') throw protocolError(upstream);
  discard(await send(initialized));
}

const protocolError = ({ url }: Upstream): ConnectError =>
  new ConnectError('server.protocolError', { host: hostOf(url) });
