// A message the client posts: read whole, understood, and given to whoever handles its kind. Closed
// connections and unknown sessions are answered here; upstream hears nothing of them.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ConnectError } from '../core/errors.ts';
import type { RequestHead } from './access.ts';
import { passNotice } from './clientNotice.ts';
import { answerRequest } from './clientRequest.ts';
import { answerWith } from './clientStream.ts';
import {
  closedAnswer,
  denialFor,
  denialOf,
  errorAnswer,
  headerMismatch,
  invalidRequest,
  type Denial,
} from './denial.ts';
import {
  isStart,
  parseMessage,
  peekRequest,
  type McpMessage,
  type McpRequest,
} from './mcpMessage.ts';
import { readBody } from './requestBody.ts';
import { revive } from './revival.ts';
import { logRefusal, type GatewayContext, type Served } from './served.ts';
import type { Session } from './session.ts';
import type { Upstream } from './upstream.ts';
import { agree, header } from './upstreamHeaders.ts';

export async function receiveMessage(
  { incoming, head, response }: Posted,
  served: Served,
  context: GatewayContext,
): Promise<void> {
  const body = await readBody(incoming, context.limits.maxMessageBytes);
  if (body === undefined) {
    response.destroy();
    return;
  }
  const tell: Tell = (error) => denialFor(error, served.id, context);
  if (!body.isWhole) {
    const isStateless = head.headers.has('mcp-method');
    refuseSize(response, peekRequest(body.bytes, isStateless), tell);
    return;
  }
  const message = understood(head, body.bytes, { response, tell });
  if (message === undefined) return;
  await deliver({ message, head, body: body.bytes, response, tell }, served, context);
}

/** Gives the message to whoever handles its kind, if the connection is open now. */
async function deliver(received: Received, served: Served, context: GatewayContext): Promise<void> {
  const { message, head, body, response, tell } = received;
  // Only now: the connection may have closed while the body came in.
  const access = context.upstreams.access(served.id);
  if (access === undefined) {
    answerWith(response, 404);
    return;
  }
  served.accessIs(access.open);
  if (!access.open) {
    if (message.kind === 'request')
      answerWith(response, 200, closedAnswer(message, tell(access.error)));
    else answerWith(response, 202);
    return;
  }
  const { upstream } = access;
  served.follow(upstream.closed);
  served.grantIs(upstream.grant());
  const session = sessionOf(head, message, served);
  if (session !== 'unknown' && message.kind === 'response') session?.answered(message.id);
  if (session !== 'unknown' && session?.isOver === true) {
    // Whoever asked is gone; who asks there now may use the same id.
    if (message.kind === 'response') answerWith(response, 202);
    else await deliverAnew(received, { session, upstream }, { served, context });
    return;
  }
  if (session === 'unknown') {
    answerWith(response, 404);
    return;
  }
  const posted = { head, body, upstream, session, response };
  if (message.kind === 'request')
    await answerRequest({ ...posted, request: message }, served, context);
  else await passNotice({ ...posted, message }, served, context);
}

/** A session of an earlier opening is taken up again; where that fails the client begins anew. */
async function deliverAnew(
  received: Received,
  { session, upstream }: { session: Session; upstream: Upstream },
  { served, context }: { served: Served; context: GatewayContext },
): Promise<void> {
  try {
    await revive(session, upstream, { served, context });
  } catch (error) {
    logRefusal(context.log, served.id, ConnectError.from(error));
    // Unless the connection closed once more: then it is as before, and the session stays.
    if (!upstream.closed.aborted) served.sessions.drop(session);
  }
  await deliver(received, served, context);
}

interface Received {
  readonly message: McpMessage;
  readonly head: RequestHead;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly response: ServerResponse;
  readonly tell: Tell;
}

interface Posted {
  readonly incoming: IncomingMessage;
  readonly head: RequestHead;
  readonly response: ServerResponse;
}

type Tell = (error: ConnectError) => Denial;

/** The message, unless it was refused: neither a server nor an auditor could say what it means. */
function understood(
  head: RequestHead,
  bytes: Uint8Array,
  { response, tell }: { response: ServerResponse; tell: Tell },
): McpMessage | undefined {
  try {
    const message = parseMessage(bytes);
    header(head, 'mcp-session-id');
    if (agree(head, message)) return message;
    const denial = tell(
      new ConnectError('gateway.messageInvalid', { reason: 'headers and body differ' }),
    );
    const id = message.kind === 'request' ? message.id : null;
    answerWith(response, 400, errorAnswer(id, headerMismatch, denial));
  } catch (error) {
    const denial = tell(ConnectError.from(error));
    answerWith(response, 400, errorAnswer(null, invalidRequest, denial));
  }
  return undefined;
}

function refuseSize(response: ServerResponse, request: McpRequest | undefined, tell: Tell): void {
  const denial = tell(new ConnectError('gateway.messageTooLarge'));
  if (request !== undefined) answerWith(response, 200, denialOf(request, denial));
  else answerWith(response, 413, errorAnswer(null, invalidRequest, denial));
}

function sessionOf(
  head: RequestHead,
  message: McpMessage,
  served: Served,
): Session | 'unknown' | undefined {
  const id = header(head, 'mcp-session-id');
  const begins = message.kind === 'request' && isStart(message);
  if (id === undefined || begins) return undefined;
  return served.sessions.use(id) ?? 'unknown';
}
