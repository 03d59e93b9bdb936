// One request of the client, from its arrival to its answer. Invariant: it is answered, whatever happens.
import type { ServerResponse } from 'node:http';
import { ConnectError, type ErrorCode } from '../core/errors.ts';
import type { Disposable } from '../core/ports.ts';
import { hostOf } from '../core/url.ts';
import { abortable } from './abortable.ts';
import type { RequestHead } from './access.ts';
import { AnswerWatch, type Outcome } from './answerWatch.ts';
import { ClientStream } from './clientStream.ts';
import { closedAnswer, denialFor, denialOf } from './denial.ts';
import { createExchange, type Exchange } from './exchange.ts';
import { discard, forward, refusalOf } from './forward.ts';
import {
  isFields,
  isStart,
  parseFields,
  withEnterpriseExtension,
  type McpRequest,
} from './mcpMessage.ts';
import { passAnswer } from './passage.ts';
import { refuseWriting } from './readOnlyTools.ts';
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
  const begins = isStart(request);
  const session = begins ? new Session(upstream) : asked.session;
  const stream = new ClientStream(response, clock, limits.keepAliveMs);
  const exchange = createExchange(response, [upstream.closed, context.disposed]);
  const watch = new AnswerWatch(request, upstream, { session, lists: served.lists });
  const asking: Asking = { ...asked, session, stream, exchange, watch };
  const late = clock.schedule(limits.headWaitMs, () => {
    if (begins && session !== undefined) stream.setHeader('mcp-session-id', session.id);
    stream.open();
  });
  const limit = limitTime(asking, context);
  const subscription = subscribed(asking, served);
  if (begins && session !== undefined) {
    served.sessions.add(session);
    served.begins(session);
  }
  const cancel = (error: ConnectError) => {
    exchange.abort(error);
  };
  session?.inFlight.set(request.id, cancel);
  try {
    const isAnswered = await ask(asking, served, context);
    stream.end();
    if (isAnswered) report(asking, watch.outcome ?? 'error');
  } catch (error) {
    // The answer had gone out when the end came; only the client had not read all of it.
    const answered = exchange.signal.aborted ? watch.outcome : undefined;
    if (answered === undefined) deny(asking, served, { error: ConnectError.from(error), context });
    else {
      stream.end();
      report(asking, answered);
    }
  } finally {
    late.dispose();
    limit?.dispose();
    exchange.dispose();
    subscription.dispose();
    // A client that gives two the same id can still cancel the later one.
    if (session?.inFlight.get(request.id) === cancel) session.inFlight.delete(request.id);
    if (begins && session !== undefined) started(session, served, { watch, context });
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

/** A client without sessions is told of changes here, not on an event stream. */
function subscribed(
  { request: { id, method, params }, stream, watch }: Asking,
  { subscriptions }: Served,
): Disposable {
  const { notifications } = params;
  const wants = method === 'subscriptions/listen' && isFields(notifications) ? notifications : {};
  const subscription = { stream, id, wants, isAgreed: () => watch.hasBegun };
  if (Object.keys(wants).length > 0) subscriptions.add(subscription);
  return { dispose: () => subscriptions.delete(subscription) };
}

/** @returns whether it is answered: otherwise the client asks for the rest on an event stream */
async function ask(asking: Asking, served: Served, context: GatewayContext): Promise<boolean> {
  const { request, head, body, upstream, session, stream, watch, exchange } = asking;
  const { signal } = exchange;
  const begins = isStart(request);
  if (!begins && session !== undefined) await abortable(session.initialized, signal);
  await refuseWriting(request, upstream, signal);
  const headers = upstreamHeaders(head, 'POST', session);
  const extended = withEnterpriseExtension(body, request);
  if (begins && session !== undefined) session.greeting = { request, head, body: extended };
  const asked = { method: 'POST', headers, body: extended } as const;
  const response = await forward(upstream, asked, context.fetch, signal);
  if (!response.ok) {
    await settleRefusal(response, asking, { served, context });
    return true;
  }
  if (begins && session !== undefined) {
    session.upstreamId = sessionIdOf(response);
    session.resumes = resumesItself(request, context);
    stream.setHeader('mcp-session-id', session.id);
  }
  if (await passAnswer(response, { ...asking, signal }, context)) return true;
  const answered = (outcome: Outcome | 'denied') => {
    report(asking, outcome);
  };
  session?.handedOver.add({ request, watch, answered });
  return false;
}

/** Every client but the editor: that one would wait for ever. */
function resumesItself({ params }: McpRequest, { editor }: GatewayContext): boolean {
  const { clientInfo } = params;
  return editor !== undefined && isFields(clientInfo) && clientInfo['name'] !== editor;
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
  if (isStart(request)) throw refusal;
  const inSession = session?.upstreamId !== undefined;
  // 400 may be about anything, and a client that heard "lost" would make the call a second time.
  const isDoubtful = inSession && status === 400 && request.method === 'tools/call';
  const isLost = inSession && !isDoubtful && (status === 404 || status === 400);
  if (isDoubtful) dropIfLost(session, served, context);
  // Clients of the stateless protocol read the status as well.
  const isStateless = request.isStateless || head.headers.has('mcp-method');
  if (message !== undefined && (message['id'] === request.id || isStateless || !isLost)) {
    // Nothing else of it: a client takes what has a result for one.
    const answer = { jsonrpc: '2.0', id: request.id, error: message['error'] };
    if (isStateless && !stream.isOpen) stream.answer(status, answer);
    else stream.send(answer);
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
