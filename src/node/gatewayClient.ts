// An MCP client of the drill: what an editor would do at the gateway, over the same socket with the same key.
import { request, type IncomingMessage } from 'node:http';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { Readable } from 'node:stream';
import type { CallOutcome, DrillClient } from '../core/drill/drill.ts';
import type { Disposable } from '../core/ports.ts';

export type GatewayPlace =
  | { readonly kind: 'socket' | 'pipe'; readonly path: string }
  | { readonly kind: 'tcp'; readonly port: number };

interface Deps {
  readonly address: () => GatewayPlace | undefined;
  readonly key: () => Readonly<Record<string, string>>;
}

interface Answer {
  readonly response: IncomingMessage;
  readonly message: Readonly<Record<string, unknown>> | undefined;
}

const version = '2025-06-18';
const both = 'application/json, text/event-stream';
/** No server has it: whoever lets it through changes nothing. */
const noTool = { name: 'enterprise-mcp-revocation-drill', arguments: {} };

export class GatewayClient implements DrillClient {
  readonly #deps: Deps;
  readonly #sessions = new Map<string, string>();
  #ids = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async call(serverId: string, signal: AbortSignal): Promise<CallOutcome> {
    try {
      if (!this.#sessions.has(serverId)) {
        const greeting = await this.#begin(serverId, signal);
        if (!isResult(greeting)) return denialIn(greeting);
      }
      const answer = await this.#ask(serverId, 'tools/list', {}, signal);
      if (answer.response.statusCode === 404) this.#sessions.delete(serverId);
      if (hasTools(answer)) return { kind: 'allowed' };
      return denialIn(await this.#ask(serverId, 'tools/call', noTool, signal));
    } catch {
      return { kind: 'failed' };
    }
  }

  async listen(serverId: string): Promise<Disposable> {
    const controller = new AbortController();
    const response = await this.#send(serverId, 'GET', undefined, controller.signal);
    response.on('error', () => undefined);
    response.resume();
    return {
      dispose: () => {
        controller.abort();
      },
    };
  }

  async #begin(serverId: string, signal: AbortSignal): Promise<Answer> {
    const clientInfo = { name: 'Revocation drill', version: '1' };
    const params = { protocolVersion: version, capabilities: {}, clientInfo };
    const answer = await this.#ask(serverId, 'initialize', params, signal);
    const session = answer.response.headers['mcp-session-id'];
    if (typeof session === 'string') this.#sessions.set(serverId, session);
    if (isResult(answer)) {
      const ready = { jsonrpc: '2.0', method: 'notifications/initialized' };
      (await this.#send(serverId, 'POST', ready, signal)).resume();
    }
    return answer;
  }

  async #ask(
    serverId: string,
    method: string,
    params: object,
    signal: AbortSignal,
  ): Promise<Answer> {
    const message = { jsonrpc: '2.0', id: ++this.#ids, method, params };
    const response = await this.#send(serverId, 'POST', message, signal);
    return { response, message: await firstAnswer(response) };
  }

  #send(
    serverId: string,
    method: 'POST' | 'GET',
    message: object | undefined,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const address = this.#deps.address();
    const host = address?.kind === 'tcp' ? `127.0.0.1:${address.port}` : 'localhost';
    const session = this.#sessions.get(serverId);
    const headers = {
      ...{ ...this.#deps.key(), host, accept: method === 'GET' ? 'text/event-stream' : both },
      ...(message === undefined ? {} : { 'content-type': 'application/json' }),
      ...(session === undefined ? {} : { 'mcp-session-id': session }),
    };
    const path = `/mcp/${serverId}`;
    return new Promise((resolve, reject) => {
      const outgoing = request({ ...placeOf(address), path, method, signal, headers }, resolve);
      outgoing.once('error', reject);
      outgoing.end(message === undefined ? undefined : JSON.stringify(message));
    });
  }
}

/** Without an address nothing listens there. */
const placeOf = (address: GatewayPlace | undefined) =>
  address?.kind === 'tcp'
    ? { host: '127.0.0.1', port: address.port }
    : { socketPath: address?.path ?? '/dev/null' };

async function firstAnswer(response: IncomingMessage): Promise<Answer['message']> {
  if (response.headers['content-type']?.startsWith('text/event-stream') !== true) {
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    return parsed(Buffer.concat(chunks).toString('utf8'));
  }
  const events = Readable.toWeb(response)
    .pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)
    .pipeThrough(new EventSourceParserStream());
  for await (const { data } of events as unknown as AsyncIterable<{ data: string }>) {
    const message = parsed(data);
    if (message !== undefined && 'id' in message) return message;
  }
  return undefined;
}

function parsed(text: string): Answer['message'] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const isResult = ({ message }: Answer): boolean => message?.['result'] !== undefined;

const hasTools = ({ message }: Answer): boolean => {
  const result = message?.['result'] as { tools?: unknown } | undefined;
  return Array.isArray(result?.tools) && result.tools.length > 0;
};

/** The sentence a person would read: of an error, or of a call that was not let through. */
function denialIn({ message }: Answer): CallOutcome {
  if (message === undefined) return { kind: 'failed' };
  const error = message['error'] as { message?: unknown } | undefined;
  if (typeof error?.message === 'string') return { kind: 'denied', told: error.message };
  const result = message['result'] as { content?: { text?: unknown }[] } | undefined;
  const text = result?.content?.[0]?.text;
  return { kind: 'denied', told: typeof text === 'string' ? text : '' };
}
