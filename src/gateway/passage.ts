// The answer to one request on its way to the client, over as many streams as upstream spreads it. The
// gateway goes after the rest where VS Code would wait for ever; other clients do so themselves.
import { ConnectError } from '../core/errors.ts';
import { hostOf } from '../core/url.ts';
import type { RequestHead } from './access.ts';
import type { AnswerWatch } from './answerWatch.ts';
import { discard, forward, refusalOf } from './forward.ts';
import type { McpRequest } from './mcpMessage.ts';
import { isReadOnly } from './readOnlyGrant.ts';
import { maxListLength, readOnlyTools } from './readOnlyTools.ts';
import { relay, resume, type Relay, type Sink } from './relay.ts';
import type { GatewayContext } from './served.ts';
import type { Session } from './session.ts';
import type { Upstream } from './upstream.ts';
import { upstreamHeaders } from './upstreamHeaders.ts';

export interface Passage {
  readonly request: McpRequest;
  readonly head: RequestHead;
  readonly upstream: Upstream;
  readonly session: Session | undefined;
  readonly stream: Sink;
  readonly signal: AbortSignal;
  readonly watch: AnswerWatch;
}

/**
 * @returns false when the client asks for the rest itself
 * @throws gateway.answerMissing, server.protocolError, the signal's reason
 */
export async function passAnswer(
  response: Response,
  { request, head, upstream, session, stream, signal, watch }: Passage,
  { fetch, clock, limits }: GatewayContext,
): Promise<boolean> {
  const isNarrowed = request.method === 'tools/list' && isReadOnly(upstream.grant());
  const isDone = () => watch.outcome !== undefined;
  const to: Relay = {
    stream: isNarrowed ? readOnlyTools(stream) : stream,
    signal,
    isDone,
    see: (event) => watch.see(event),
    // Attacker: a server whose other tools stand in a list too long to be looked at.
    ...(request.method === 'tools/list' ? { maxSeen: maxListLength } : {}),
  };
  const broken = await relay(response, upstream.url, to);
  // What is narrowed must come this way.
  const goesOn = session?.resumes === true && !isNarrowed && broken.lastEventId !== undefined;
  if (goesOn && !isDone()) {
    stream.cut();
    return false;
  }
  const again = async (lastEventId: string) => {
    const headers = { ...upstreamHeaders(head, 'GET', session), 'last-event-id': lastEventId };
    const rest = await forward(upstream, { method: 'GET', headers }, fetch, signal);
    if (rest.ok) return relay(rest, upstream.url, to);
    discard(rest);
    throw refusalOf(rest, upstream.url);
  };
  await resume(broken, again, to, { clock, resumeMs: limits.resumeMs });
  if (!isDone()) throw new ConnectError('gateway.answerMissing', { host: hostOf(upstream.url) });
  return true;
}
