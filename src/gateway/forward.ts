// Where it ends: the client's message goes to the MCP server with the access token. Invariants: a token
// only ever goes to the URL of the profile; no redirect is followed; nothing is sent again, except after
// a refusal of the token, which says that nothing was done.
import type { AccessToken } from '../core/access/accessToken.ts';
import { ConnectError } from '../core/errors.ts';
import { mcpServerParty, networkErrorOf } from '../core/http/http.ts';
import { retryAfterSec } from '../core/http/retryAfter.ts';
import type { Fetch } from '../core/ports.ts';
import { challengedScopes, serverRefusal } from '../core/server/serverRefusal.ts';
import { abortable } from './abortable.ts';
import { readOut } from './remainder.ts';
import type { Upstream } from './upstream.ts';

export interface UpstreamRequest {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

/**
 * Upstream's answer, whatever its status, unless it is about the token.
 * @throws server.tokenRefused, server.insufficientScope, server.stepUpRequired when no token helps, what
 *   the upstream's tokens throw, network.* and server.unavailable when there was no answer, the signal's
 *   reason
 * @see RFC 6750 §3.1, RFC 9470 §3
 */
export async function forward(
  upstream: Upstream,
  request: UpstreamRequest,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<Response> {
  const { url } = upstream;
  const attempt = async (awaited: Promise<AccessToken>): Promise<Attempt> => {
    const token = await abortable(awaited, signal);
    const response = await abortable(send(token, request, { url, fetch, signal }), signal);
    const refusal = tokenRefusal(response, url);
    if (refusal !== undefined) discard(response);
    return { token, response, refusal };
  };
  const first = await attempt(upstream.accessToken(signal));
  const isDead = first.refusal?.code === 'server.tokenRefused';
  const fresh = isDead ? await attempt(upstream.replaceToken(first.token, signal)) : first;
  const wider =
    fresh.refusal && (await abortable(widerToken(fresh, request, { upstream, signal }), signal));
  const { response, refusal } = wider === undefined ? fresh : await attempt(Promise.resolve(wider));
  if (refusal === undefined) return response;
  // What this call needs, others may not.
  if (refusal.code !== 'server.insufficientScope') upstream.refuse(refusal);
  throw refusal;
}

interface Attempt {
  readonly token: AccessToken;
  readonly response: Response;
  readonly refusal: ConnectError | undefined;
}

async function send(
  token: AccessToken,
  request: UpstreamRequest,
  { url, fetch, signal }: { url: string; fetch: Fetch; signal: AbortSignal },
): Promise<Response> {
  const sendOnce = async () => {
    const authorization = await token.authorize({ ...request, url });
    return fetch(url, {
      method: request.method,
      headers: { ...request.headers, ...authorization },
      body: request.body ?? null,
      redirect: 'manual',
      signal,
    }).catch((error: unknown) => {
      throw networkErrorOf(error, url, { signals: [signal], party: mcpServerParty });
    });
  };
  const response = await sendOnce();
  if (!token.asksAgain(response)) return response;
  discard(response);
  return sendOnce();
}

/** What the server has against the token; any other answer is the client's business. */
function tokenRefusal(response: Response, url: string): ConnectError | undefined {
  if (response.status !== 401 && response.status !== 403) return undefined;
  const refusal = serverRefusal(response, url);
  return refusal.code === 'server.forbidden' ? undefined : refusal;
}

/** A token with more scopes, where the server says that these are missing; nothing more to end a session. */
async function widerToken(
  { token, refusal }: Attempt,
  { method }: UpstreamRequest,
  { upstream, signal }: { upstream: Upstream; signal: AbortSignal },
): Promise<AccessToken | undefined> {
  if (refusal === undefined || method === 'DELETE') return undefined;
  const challenged = challengedScopes(refusal);
  // Some servers refuse a token of too few scopes like a dead one, and name what they want.
  const isAboutScope =
    refusal.code === 'server.insufficientScope' ||
    (refusal.code === 'server.tokenRefused' && challenged !== undefined);
  return isAboutScope ? upstream.widen(challenged, token, signal) : undefined;
}

/** What a status other than 2xx means, with the time the server asks to wait. */
export function refusalOf(response: Response, url: string): ConnectError {
  const { code, facts } = serverRefusal(response, url);
  const seconds = retryAfterSec(response.headers);
  return new ConnectError(
    code,
    seconds === undefined ? facts : { ...facts, retryAfterSec: seconds },
  );
}

/** Gives the connection back; what else the server says is not wanted. */
export function discard({ body }: Response): void {
  if (body !== null) void readOut(body);
}
