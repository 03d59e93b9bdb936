// One request of the client, from its arrival to its answer. Invariant: it is answered, whatever happens.
import type { ServerResponse } from 'node:http';
import { ConnectError, type ErrorCode } from '../core/errors.ts';
import type { Disposable } from '../core/ports.ts';
import { hostOf } from '../core/url.ts';
import { abortable } from './abortable.ts';
import type { RequestHead } from './access.ts';
import { AnswerWatch } from './answerWatch.ts';
import { ClientStream } from './clientStream.ts';
import { closedAnswer, denialFor, denialOf } from './denial.ts';
import { createExchange, type Exchange } from './exchange.ts';
import { discard, forward, refusalOf } from './forward.ts';
import { isFields, parseFields, withEnterpriseExtension, type McpRequest } from './mcpMessage.ts';
import { relay, resume, type Relay } from './relay.ts';
import type { GatewayContext, Served } from './served.ts';
import { Session } from './session.ts';
import { dropIfLost } from './sessionCheck.ts';
import type { Upstream } from './upstream.ts';
import { upstreamHeaders } from './upstreamHeaders.ts';

export interface ClientRequest {
  readonly request: McpRequest;
  readonly head: RequestHead;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly upstream: Upstream;
  /** undefined: the client keeps none. */
  readonly session: Session | undefined;
  readonly response: ServerResponse;
}

interface Asking extends ClientRequest {
  readonly stream: ClientStream;
  readonly exchange: Exchange;
  readonly watch: AnswerWatch;
}

/** Never rejects. */
export async function answerRequest(
  asked: ClientRequest,
  served: Served,
  context: GatewayContext,
): Promise<void> {
  const { request, upstream, response } = asked;
  const { clock, limits } = context;
  const isStart = request.method === 'initialize';
  const session = isStart ? new Session(upstream) : asked.session;
  const stream = new ClientStream(response, clock, limits.keepAliveMs);
  const exchange = createExchange(response, [upstream.closed, context.disposed]);
  const watch = new AnswerWatch(request, upstream, session);
  const asking: Asking = { ...asked, session, stream, exchange, watch };
  const late = clock.schedule(limits.headWaitMs, () => {
    if (isStart && session !== undefined) stream.setHeader('mcp-session-id', session.id);
    stream.open();
  });
  const limit = limitTime(asking, context);
  if (isStart && session !== undefined) served.sessions.add(session);
  session?.inFlight.set(request.id, (error) => {
    exchange.abort(error);
  });
  try {
    await ask(asking, served, context);
    stream.end();
    report(asking, watch.outcome ?? 'error');
  } catch (error) {
    deny(asking, served, { error: ConnectError.from(error), context });
  } finally {
    late.dispose();
    limit?.dispose();
    exchange.dispose();
    session?.inFlight.delete(request.id);
    if (isStart && session !== undefined) started(session, served, { watch, context });
  }
}

/** A session that never came to be is forgotten; a new one takes over the client's event stream. */
function started(
  session: Session,
  served: Served,
  { watch, context }: { watch: AnswerWatch; context: GatewayContext },
): void {
  if (watch.outcome !== 'ok') {
    served.sessions.drop(session);
    return;
  }
  session.hold(context.clock, context.limits.holdMs);
  served.endOrphans();
}

async function ask(asking: Asking, served: Served, context: GatewayContext): Promise<void> {
  const { request, head, body, upstream, session, stream, watch, exchange } = asking;
  const { signal } = exchange;
  const isStart = request.method === 'initialize';
  if (!isStart && session !== undefined) await abortable(session.initialized, signal);
  const headers = upstreamHeaders(head, 'POST', session);
  const extended = withEnterpriseExtension(body, request);
  if (isStart && session !== undefined) session.greeting = { request, head, body: extended };
  const asked = { method: 'POST', headers, body: extended } as const;
  const response = await forward(upstream, asked, context.fetch, signal);
  if (!response.ok) {
    await settleRefusal(response, asking, { served, context });
    return;
  }
  if (isStart && session !== undefined) {
    session.upstreamId = sessionIdOf(response);
    stream.setHeader('mcp-session-id', session.id);
  }
  const isDone = () => watch.outcome !== undefined;
  const to: Relay = {
    stream,
    signal,
    isDone,
    see: (event) => {
      watch.see(event);
    },
  };
  const broken = await relay(response, upstream.url, to);
  const again = async (lastEventId: string) => {
    const resuming = { ...upstreamHeaders(head, 'GET', session), 'last-event-id': lastEventId };
    const rest = await forward(
      upstream,
      { method: 'GET', headers: resuming },
      context.fetch,
      signal,
    );
    if (rest.ok) return relay(rest, upstream.url, to);
    discard(rest);
    throw refusalOf(rest, upstream.url);
  };
  await resume(broken, again, to, { clock: context.clock, resumeMs: context.limits.resumeMs });
  if (!isDone()) throw new ConnectError('gateway.answerMissing', { host: hostOf(upstream.url) });
}

/** A call may take as long as it likes; a handshake or a list may not, however far its answer has come. */
function limitTime(
  { request: { method }, upstream, exchange }: Asking,
  { clock, limits }: GatewayContext,
): Disposable | undefined {
  if (method !== 'initialize' && method !== 'ping' && !method.endsWith('/list')) return undefined;
  return clock.schedule(limits.listMs, () => {
    const facts = { host: hostOf(upstream.url), systemCode: 'TIMEOUT' };
    exchange.abort(new ConnectError('server.unavailable', facts));
  });
}

/**
 * A status other than 2xx: the server's own answer to this request, a session it no longer knows, or a
 * refusal.
 * @throws server.*
 */
async function settleRefusal(
  response: Response,
  asking: Asking,
  { served, context }: { served: Served; context: GatewayContext },
): Promise<void> {
  const { request, head, upstream, session, stream } = asking;
  const { status } = response;
  const mayBeAnswer = status >= 400 && status < 500 && ![401, 403, 429].includes(status);
  const message = mayBeAnswer ? await errorMessage(response) : undefined;
  discard(response);
  const refusal = refusalOf(response, upstream.url);
  if (request.method === 'initialize') throw refusal;
  const inSession = session?.upstreamId !== undefined;
  // 400 may be about anything, and a client that heard "lost" would make the call a second time.
  const isDoubtful = inSession && status === 400 && request.method === 'tools/call';
  const isLost = inSession && !isDoubtful && (status === 404 || status === 400);
  if (isDoubtful) dropIfLost(session, served, context);
  // Clients of the stateless protocol read the status as well.
  const isStateless = head.headers.has('mcp-method');
  if (message !== undefined && (message['id'] === request.id || isStateless || !isLost)) {
    if (isStateless && !stream.isOpen) stream.answer(status, message);
    else stream.send({ ...message, id: request.id });
    return;
  }
  if (!isLost) throw refusal;
  // Nothing was done. VS Code begins a new session by itself and repeats the request.
  served.sessions.drop(session);
  if (stream.isOpen) throw new ConnectError('server.unavailable', refusal.facts);
  stream.answer(404);
}

const maxErrorBytes = 65_536;

/** The JSON-RPC error in `response`, undefined when there is none. */
async function errorMessage(
  response: Response,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of (response.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > maxErrorBytes) return undefined;
    }
  } catch {
    return undefined;
  }
  const message = parseFields(text);
  return isFields(message?.['error']) ? message : undefined;
}

/** It becomes a header again. */
export function sessionIdOf(response: Response): string | undefined {
  const id = response.headers.get('mcp-session-id');
  return id !== null && /^[\x21-\x7e]{1,1024}$/.test(id) ? id : undefined;
}

function deny(
  asking: Asking,
  served: Served,
  { error, context }: { error: ConnectError; context: GatewayContext },
): void {
  const { request, upstream, stream } = asking;
  const isClosed = upstream.closed.aborted;
  const shown = isClosed
    ? ConnectError.from(upstream.closed.reason)
    : sayWhetherSent(error, request);
  const denial = denialFor(shown, served.id, context);
  stream.send(isClosed ? closedAnswer(request, denial) : denialOf(request, denial));
  stream.end();
  report(asking, isClosed || isDenial(shown.code) ? 'denied' : 'error');
}

/** A call that broke off after it was sent may have been carried out. */
function sayWhetherSent(error: ConnectError, { method }: McpRequest): ConnectError {
  const { code, facts } = error;
  const isUncertain =
    method === 'tools/call' &&
    code === 'server.unavailable' &&
    facts.status === undefined &&
    !['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT'].includes(facts.systemCode ?? '');
  return isUncertain ? new ConnectError('gateway.answerMissing', facts, { cause: error }) : error;
}

const isDenial = (code: ErrorCode): boolean =>
  !/^(network|gateway|user)\.|^server\.(unavailable|protocolError)$|^bug$/.test(code);

function report({ request, upstream }: ClientRequest, outcome: 'ok' | 'error' | 'denied'): void {
  const tool = request.params['name'];
  if (request.method === 'tools/call' && typeof tool === 'string')
    upstream.called({ tool, outcome });
}
