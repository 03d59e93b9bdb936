// Where it ends: the client's message goes to the MCP server with the access token. Invariants: a token
// only ever goes to the URL of the profile; no redirect is followed; nothing is sent again, except after
// a 401, which says that nothing was done.
import { ConnectError } from '../core/errors.ts';
import { answerFacts, mcpServerParty, networkErrorOf } from '../core/http.ts';
import type { Fetch } from '../core/ports.ts';
import { serverRefusal } from '../core/probe.ts';
import type { Secret } from '../core/secret.ts';
import { abortable } from './abortable.ts';
import type { Upstream } from './upstream.ts';

export interface UpstreamRequest {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

/**
 * Upstream's answer, whatever its status but 401.
 * @throws server.tokenRefused when a fresh token is refused too, what the upstream's tokens throw,
 *   network.* and server.unavailable when there was no answer, the signal's reason
 * @see RFC 6750 §2.1
 */
export async function forward(
  upstream: Upstream,
  request: UpstreamRequest,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<Response> {
  const send = (token: Secret) =>
    fetch(upstream.url, {
      method: request.method,
      headers: { ...request.headers, authorization: `Bearer ${token.reveal()}` },
      body: request.body ?? null,
      redirect: 'manual',
      signal,
    }).catch((error: unknown) => {
      throw networkErrorOf(error, upstream.url, { signals: [signal], party: mcpServerParty });
    });

  const token = await abortable(upstream.accessToken(signal), signal);
  const first = await abortable(send(token), signal);
  if (first.status !== 401) return first;
  discard(first);
  const other = await abortable(upstream.replaceToken(token, signal), signal);
  const second = await abortable(send(other), signal);
  if (second.status !== 401) return second;
  discard(second);
  const refused = new ConnectError('server.tokenRefused', answerFacts(second, upstream.url));
  upstream.refuse(refused);
  throw refused;
}

/** What a status other than 2xx means, with the time the server asks to wait. */
export function refusalOf(response: Response, url: string): ConnectError {
  const { code, facts } = serverRefusal(response, url);
  const retryAfterSec = Number(response.headers.get('retry-after') ?? Number.NaN);
  const isTime = Number.isFinite(retryAfterSec) && retryAfterSec >= 0;
  return new ConnectError(code, isTime ? { ...facts, retryAfterSec } : facts);
}

/** Gives the connection back; what else the server says is not wanted. */
export function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}
