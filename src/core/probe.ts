// Proves a fresh access token at its MCP server: one handshake, one tools/list. What it learns, the
// tree shows; a server that only looks configured is not called connected.
import { createParser } from 'eventsource-parser';
import { bearerChallenge } from './challenge.ts';
import { ConnectError, type Facts } from './errors.ts';
import { answerFacts, mcpServerParty, networkErrorOf } from './http.ts';
import type { Clock, Fetch } from './ports.ts';
import type { Secret } from './secret.ts';
import type { ToolSummary } from './state.ts';
import { hostOf } from './url.ts';

const protocolVersion = '2025-11-25';
const statelessVersion = '2026-07-28';
export const enterpriseExtension = 'io.modelcontextprotocol/enterprise-managed-authorization';

const timeoutMs = 15_000;
const maxBytes = 4_194_304;
const maxPages = 20;
const maxTools = 1_000;
const maxNameLength = 128;
const maxScopesLength = 200;

interface ProbeSession {
  readonly url: string;
  readonly token: Secret;
  readonly signal: AbortSignal;
  readonly fetch: Fetch;
  readonly clientInfo: { readonly name: string; readonly version: string };
  headers: Record<string, string>;
  /** Goes into every request of the stateless protocol; absent in the older one. */
  meta?: object;
  nextId: number;
}

/**
 * The tools of the server at `url`.
 * @throws server.*, network.*
 * @see MCP 2025-11-25 lifecycle and Streamable HTTP, MCP 2026-07-28 basic/versioning
 */
export async function probe(
  target: { url: string; token: Secret; clientVersion: string; signal: AbortSignal },
  deps: { fetch: Fetch; clock: Clock },
): Promise<readonly ToolSummary[]> {
  const timeout = new AbortController();
  const timer = deps.clock.schedule(timeoutMs, () => {
    timeout.abort(
      new ConnectError('server.unavailable', { host: hostOf(target.url), systemCode: 'TIMEOUT' }),
    );
  });
  const session: ProbeSession = {
    url: target.url,
    token: target.token,
    signal: AbortSignal.any([timeout.signal, target.signal]),
    fetch: deps.fetch,
    clientInfo: { name: 'enterprise-mcp', version: target.clientVersion },
    headers: {},
    nextId: 1,
  };
  try {
    await shakeHands(session);
    return await listTools(session);
  } finally {
    timer.dispose();
    endSession(session);
  }
}

const capabilities = { extensions: { [enterpriseExtension]: {} } };

/** `initialize`; a server that only speaks the stateless protocol refuses it with 400. */
async function shakeHands(session: ProbeSession): Promise<void> {
  const { clientInfo, headers } = session;
  try {
    const hello = await request(session, 'initialize', {
      protocolVersion,
      capabilities,
      clientInfo,
    });
    const negotiated = (hello as { protocolVersion?: unknown }).protocolVersion;
    headers['mcp-protocol-version'] = isVersion(negotiated) ? negotiated : protocolVersion;
    await send(session, { jsonrpc: '2.0', method: 'notifications/initialized' });
  } catch (error) {
    if (!ConnectError.is(error, 'server.protocolError') || error.facts.status !== 400) throw error;
    headers['mcp-protocol-version'] = statelessVersion;
    session.meta = {
      'io.modelcontextprotocol/protocolVersion': statelessVersion,
      'io.modelcontextprotocol/clientCapabilities': capabilities,
      'io.modelcontextprotocol/clientInfo': clientInfo,
    };
  }
}

/** It becomes a header. */
const isVersion = (value: unknown): value is string =>
  typeof value === 'string' && /^[\w.-]{1,32}$/.test(value);

async function listTools(session: ProbeSession): Promise<readonly ToolSummary[]> {
  let tools: readonly ToolSummary[] = [];
  let cursor: unknown;
  for (let page = 0; page < maxPages; page++) {
    const params = typeof cursor === 'string' ? { cursor } : {};
    const answer = (await request(session, 'tools/list', params)) as {
      tools?: unknown;
      nextCursor?: unknown;
    };
    tools = [...tools, ...toolSummaries(answer.tools)].slice(0, maxTools);
    cursor = answer.nextCursor;
    if (typeof cursor !== 'string' || tools.length === maxTools) break;
  }
  return tools;
}

/** Names and read-only marks of a `tools/list` result, the first 1,000; what is malformed is left out. */
export function toolSummaries(tools: unknown): readonly ToolSummary[] {
  if (!Array.isArray(tools)) return [];
  return tools.slice(0, maxTools).flatMap((tool: unknown) => {
    const { name, annotations } = (tool ?? {}) as { name?: unknown; annotations?: unknown };
    if (typeof name !== 'string') return [];
    const { readOnlyHint } = (annotations ?? {}) as { readOnlyHint?: unknown };
    return [{ name: name.slice(0, maxNameLength), readOnly: readOnlyHint === true }];
  });
}

async function request(session: ProbeSession, method: string, given: object): Promise<unknown> {
  const id = session.nextId++;
  const params = session.meta === undefined ? given : { ...given, _meta: session.meta };
  if (session.meta !== undefined) session.headers['mcp-method'] = method;
  const response = await send(session, { jsonrpc: '2.0', id, method, params });
  const sessionId = response.headers.get('mcp-session-id');
  if (sessionId !== null) session.headers['mcp-session-id'] = sessionId;
  const facts: Facts = { ...answerFacts(response, session.url), reason: `no answer to ${method}` };
  const answer = await answerTo(response, id, session).catch((error: unknown) => {
    throw networkErrorOf(error, session.url, { signals: [session.signal], party: mcpServerParty });
  });
  if (typeof answer?.result !== 'object' || answer.result === null) {
    throw new ConnectError('server.protocolError', facts);
  }
  return answer.result;
}

async function send(session: ProbeSession, message: object): Promise<Response> {
  const { fetch, url, token, signal, headers } = session;
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    signal,
    headers: {
      ...headers,
      authorization: `Bearer ${token.reveal()}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify(message),
  }).catch((error: unknown) => {
    throw networkErrorOf(error, url, { signals: [signal], party: mcpServerParty });
  });
  if (!response.ok) {
    await response.body?.cancel().catch(() => undefined);
    throw serverRefusal(response, url);
  }
  return response;
}

/** What a status other than 2xx of an MCP server means. */
export function serverRefusal(response: Response, url: string): ConnectError {
  const { status, headers } = response;
  const facts = answerFacts(response, url);
  if (status === 401) return new ConnectError('server.tokenRefused', facts);
  if (status === 403) {
    const challenge = bearerChallenge(headers.get('www-authenticate'));
    return challenge?.['error'] === 'insufficient_scope'
      ? new ConnectError('server.insufficientScope', {
          ...facts,
          scopes: (challenge['scope'] ?? '').slice(0, maxScopesLength),
        })
      : new ConnectError('server.forbidden', facts);
  }
  if (status === 429 || status >= 500) return new ConnectError('server.unavailable', facts);
  return new ConnectError('server.protocolError', facts);
}

interface JsonRpcAnswer {
  readonly id?: unknown;
  readonly result?: unknown;
}

async function answerTo(
  response: Response,
  id: number,
  session: ProbeSession,
): Promise<JsonRpcAnswer | undefined> {
  const found = (text: string): JsonRpcAnswer | undefined => {
    const message = parseJson(text) as JsonRpcAnswer | undefined;
    return message?.id === id ? message : undefined;
  };
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  let answer: JsonRpcAnswer | undefined;
  let whole = '';
  let length = 0;
  const events = createParser({
    onEvent: ({ data }) => {
      answer ??= found(data);
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > maxBytes) {
      throw new ConnectError('server.protocolError', {
        host: hostOf(session.url),
        reason: 'the answer is larger than 4 MiB',
      });
    }
    const text = decoder.decode(chunk, { stream: true });
    if (!isStream) whole += text;
    else events.feed(text);
    // Leaving the loop ends the stream: the server may keep it open after the answer.
    if (answer !== undefined) return answer;
  }
  return isStream ? undefined : found(whole);
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Best effort: a server that keeps no sessions answers 405. */
function endSession({ fetch, url, token, headers }: ProbeSession): void {
  if (headers['mcp-session-id'] === undefined) return;
  const authorization = `Bearer ${token.reveal()}`;
  fetch(url, {
    method: 'DELETE',
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
    headers: { ...headers, authorization },
  })
    .then((response) => response.body?.cancel())
    .catch(() => undefined);
}
