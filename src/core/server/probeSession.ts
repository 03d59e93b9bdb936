// One conversation of the probe with an MCP server: requests with their answers, whole, bounded, each with
// the access token.
import { createParser } from 'eventsource-parser';
import type { AccessToken } from '../access/accessToken.ts';
import { ConnectError } from '../errors.ts';
import { answerFacts, mcpServerParty, networkErrorOf } from '../http/http.ts';
import { requestMeta, statelessVersion, VersionRefusal, type ClientInfo } from './mcpVersions.ts';
import type { Fetch } from '../ports.ts';
import { serverRefusal } from './serverRefusal.ts';
import { hostOf } from '../url.ts';

export interface ProbeTarget {
  readonly url: string;
  readonly token: AccessToken;
  readonly clientInfo: ClientInfo;
  readonly signal: AbortSignal;
  readonly fetch: Fetch;
}

type Fields = Readonly<Record<string, unknown>>;

const endMs = 5_000;
const maxBytes = 4_194_304;

export class ProbeSession {
  readonly #target: ProbeTarget;
  readonly #headers: Record<string, string> = {};
  readonly #isStateless: boolean;
  #nextId = 1;

  constructor(target: ProbeTarget, version: string) {
    this.#target = target;
    this.#isStateless = version === statelessVersion;
    if (this.#isStateless) this.version = version;
  }

  /** The version to repeat in each request from now on. */
  set version(version: string) {
    this.#headers['mcp-protocol-version'] = version;
  }

  /** @throws server.*, network.*; caused by a VersionRefusal where there was an answer, but no result */
  async request(method: string, given: Fields): Promise<Fields> {
    const id = this.#nextId++;
    const { url, signal, clientInfo } = this.#target;
    const params = this.#isStateless ? { ...given, _meta: requestMeta(clientInfo) } : given;
    const own = this.#isStateless ? { 'mcp-method': method } : {};
    const response = await this.#post({ jsonrpc: '2.0', id, method, params }, own);
    const sessionId = response.headers.get('mcp-session-id');
    if (response.ok && sessionId !== null) this.#headers['mcp-session-id'] = sessionId;
    const answer = await answerTo(response, id, url).catch((error: unknown) => {
      throw networkErrorOf(error, url, { signals: [signal], party: mcpServerParty });
    });
    if (response.ok && isFields(answer?.['result'])) return answer['result'];
    throw noResult(response, url, { answer, method });
  }

  /** @throws server.*, network.* */
  async notify(method: string): Promise<void> {
    const response = await this.#post({ jsonrpc: '2.0', method }, {});
    await response.body?.cancel().catch(() => undefined);
    if (!response.ok) throw serverRefusal(response, this.#target.url);
  }

  /** Best effort: a server that keeps no sessions answers 405. */
  end(): void {
    const { url, token, fetch } = this.#target;
    if (this.#headers['mcp-session-id'] === undefined) return;
    token
      .authorize({ method: 'DELETE', url })
      .then((authorization) =>
        fetch(url, {
          method: 'DELETE',
          redirect: 'manual',
          signal: AbortSignal.timeout(endMs),
          headers: { ...this.#headers, ...authorization },
        }),
      )
      .then((response) => response.body?.cancel())
      .catch(() => undefined);
  }

  /** Any answer but a refusal of the token: whoever is not let in learns nothing about versions. */
  async #post(message: object, own: Readonly<Record<string, string>>): Promise<Response> {
    const body = new TextEncoder().encode(JSON.stringify(message));
    const first = await this.#postOnce(body, own);
    const again = this.#target.token.asksAgain(first);
    if (again) await first.body?.cancel().catch(() => undefined);
    const response = again ? await this.#postOnce(body, own) : first;
    const isAnswer = response.ok || response.status === 400 || response.status === 404;
    if (isAnswer) return response;
    await response.body?.cancel().catch(() => undefined);
    throw serverRefusal(response, this.#target.url);
  }

  async #postOnce(
    body: Uint8Array<ArrayBuffer>,
    own: Readonly<Record<string, string>>,
  ): Promise<Response> {
    const { url, token, signal, fetch } = this.#target;
    const authorization = await token.authorize({ method: 'POST', url, body });
    return fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal,
      headers: {
        ...this.#headers,
        ...own,
        ...authorization,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body,
    }).catch((error: unknown) => {
      throw networkErrorOf(error, url, { signals: [signal], party: mcpServerParty });
    });
  }
}

function noResult(
  response: Response,
  url: string,
  { answer, method }: { answer: Fields | undefined; method: string },
): ConnectError {
  const { status } = response;
  const facts = { ...answerFacts(response, url), reason: `no answer to ${method}` };
  const cause = new VersionRefusal(status, isFields(answer?.['error']) ? answer['error'] : {});
  return new ConnectError('server.protocolError', facts, { cause });
}

/** The answer to `id`; of a refused request, which may not have read the id, any message. */
async function answerTo(response: Response, id: number, url: string): Promise<Fields | undefined> {
  const found = (text: string): Fields | undefined => {
    const message = parseFields(text);
    return message?.['id'] === id || !response.ok ? message : undefined;
  };
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const seen: { answer?: Fields | undefined } = {};
  let whole = '';
  let length = 0;
  const events = createParser({
    onEvent: ({ data }) => {
      seen.answer ??= found(data);
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > maxBytes) throw tooLarge(url);
    const text = decoder.decode(chunk, { stream: true });
    if (!isStream) whole += text;
    else events.feed(text);
    // Leaving the loop ends the stream: the server may keep it open after the answer.
    if (seen.answer !== undefined) return seen.answer;
  }
  return isStream ? undefined : found(whole);
}

const tooLarge = (url: string): ConnectError =>
  new ConnectError('server.protocolError', {
    host: hostOf(url),
    reason: 'the answer is larger than 4 MiB',
  });

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseFields(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
