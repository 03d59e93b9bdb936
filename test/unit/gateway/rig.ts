// A gateway between a real HTTP client and a real HTTP server, with connections that open and close on
// command.
import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConnectError } from '../../../src/core/errors.ts';
import { Emitter } from '../../../src/core/event.ts';
import type { Facts } from '../../../src/core/errors.ts';
import { bearerToken, type AccessToken } from '../../../src/core/access/accessToken.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { ToolSummary } from '../../../src/core/connection/state.ts';
import { eventually } from '../../support/eventually.ts';
import { Gateway, type GatewayDeps } from '../../../src/gateway/gateway.ts';
import type { Limits } from '../../../src/gateway/limits.ts';
import type { ToolChanges } from '../../../src/core/server/toolChanges.ts';
import type { Grant, Upstreams } from '../../../src/gateway/upstream.ts';
import { systemClock } from '../../../src/node/systemClock.ts';

export interface Seen {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** JSON-RPC method, empty when there is none. */
  readonly rpc: string;
  readonly response: ServerResponse;
}

export type Handle = (seen: Seen, response: ServerResponse) => unknown;

export const tokenCalled = (name: string): AccessToken => bearerToken(new Secret(name));

/** The company's side of one server, on command. */
export class FakeAccess {
  readonly calls: { tool: string; outcome: string }[] = [];
  readonly listed: (readonly ToolSummary[])[] = [];
  readonly changes: ToolChanges[] = [];
  readonly refusals: ConnectError[] = [];
  readonly said: { message: string; facts?: Facts }[] = [];
  token = tokenCalled('token-1');
  replaced = 0;
  /** What the next minting ends in. */
  mint: () => Promise<AccessToken> = () =>
    Promise.resolve(tokenCalled(`token-${this.replaced + 2}`));
  /** Scopes that were asked for beyond those there are, and what comes of it. */
  readonly demands: (readonly string[] | undefined)[] = [];
  wider: () => Promise<AccessToken | undefined> = () => Promise.resolve(undefined);
  /** Open just now. */
  streams = 0;
  scopes: readonly string[] | undefined;
  readOnly = false;
  #minting: Promise<AccessToken> | undefined;
  #gate: AbortController | undefined = new AbortController();
  #error = new ConnectError('gateway.closed');
  readonly #changes = new Emitter<void>((error) => {
    throw error;
  });
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  close(error: ConnectError): void {
    const gate = this.#gate;
    this.#gate = undefined;
    this.#error = error;
    gate?.abort(error);
    this.#changes.fire();
  }

  #grant(): Grant | undefined {
    const { scopes, readOnly } = this;
    if (scopes === undefined) return undefined;
    const missing = readOnly ? ['writing'] : [];
    return { scopes, missing, writeScopes: ['writing'], hidesWriteTools: true };
  }

  /** Something else changed. */
  touch(): void {
    this.#changes.fire();
  }

  open(): void {
    this.#gate = new AbortController();
    this.#changes.fire();
  }

  readonly upstreams: Upstreams = {
    onDidChange: this.#changes.event,
    sentence: (serverId, { code }) => `${serverId} says ${code}`,
    access: (serverId) => {
      if (serverId !== 'tickets') return undefined;
      const gate = this.#gate;
      if (gate === undefined) return { open: false, error: this.#error };
      return {
        open: true,
        upstream: {
          url: this.#url,
          closed: gate.signal,
          accessToken: () => Promise.resolve(this.token),
          replaceToken: async (refused) => {
            if (!this.token.secret.equals(refused.secret)) return this.token;
            this.#minting ??= this.mint().finally(() => {
              this.replaced += 1;
              this.#minting = undefined;
            });
            return (this.token = await this.#minting);
          },
          widen: (scopes) => {
            this.demands.push(scopes);
            return this.wider();
          },
          streamOpened: () => {
            this.streams++;
            return {
              dispose: () => {
                this.streams--;
              },
            };
          },
          refuse: (error) => {
            this.refusals.push(error);
            this.close(error);
          },
          grant: () => this.#grant(),
          tools: () => this.listed.at(-1) ?? [],
          called: (call) => {
            this.calls.push(call);
          },
          toolsChanged: (changes) => {
            this.changes.push(changes);
          },
          toolsListed: (tools) => {
            this.listed.push(tools);
          },
        },
      };
    },
  };
}

export interface ClientAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly incoming: IncomingMessage;
  /** Everything received so far. */
  soFar(): string;
  /** Waits until it holds of what was received. */
  until(holds: (text: string) => boolean): Promise<string>;
  /** The whole body. */
  text(): Promise<string>;
  destroy(): void;
}

interface ClientOptions {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
  readonly key?: false;
}

export interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly result?: Record<string, unknown>;
  readonly error?: { code: number; message: string; data?: { code: string } };
}

export async function createRig(
  handle: Handle,
  options: {
    limits?: Partial<Limits>;
    transport?: 'socket' | 'tcp';
    fetch?: typeof fetch;
    editor?: string;
  } = {},
) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void serve(request, response, (one) => {
      seen.push(one);
      return handle(one, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  const access = new FakeAccess(url);
  const note = (message: string, facts?: Facts) => {
    access.said.push({ message, ...(facts === undefined ? {} : { facts }) });
  };
  const deps: GatewayDeps = {
    upstreams: access.upstreams,
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    clock: systemClock,
    log: { debug: note, info: note, warn: note, error: note },
    platform: process.platform,
    environment: process.env,
    transport: options.transport ?? 'socket',
    ...(options.editor === undefined ? {} : { editor: options.editor }),
    limits: { holdMs: 60, resumeMs: 20, reconnectMs: 60, lingerMs: 50, ...options.limits },
  };
  const gateway = new Gateway(deps);
  const address = await gateway.listen();
  const where =
    address.kind === 'tcp'
      ? { host: '127.0.0.1', port: address.port }
      : { socketPath: address.path };

  const ask = (asked: ClientOptions = {}): Promise<ClientAnswer> =>
    new Promise((resolve, reject) => {
      const headers = { ...(asked.key === false ? {} : gateway.key()), ...asked.headers };
      const { method = 'POST', path = '/mcp/tickets' } = asked;
      const request = httpRequest({ ...where, method, path, headers, agent: false }, (incoming) => {
        resolve(clientAnswer(incoming));
      });
      request.on('error', reject);
      request.end(asked.body);
    });
  const post = (message: object, session?: string, headers: Record<string, string> = {}) =>
    ask({
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(session === undefined ? {} : { 'mcp-session-id': session }),
        ...headers,
      },
    });
  /** The id of a session whose handshake is complete. */
  const begin = async (): Promise<string> => {
    const answer = await post({ id: 'i', method: 'initialize', params: { capabilities: {} } });
    await answer.text();
    const session = String(answer.headers['mcp-session-id']);
    await (await post({ method: 'notifications/initialized' }, session)).text();
    return session;
  };
  const listen = (session?: string) =>
    ask({ method: 'GET', headers: session === undefined ? {} : { 'mcp-session-id': session } });
  const dispose = async () => {
    await gateway.dispose();
    server.close();
    server.closeAllConnections();
  };
  return { gateway, address, access, seen, url, server, ask, post, begin, listen, dispose };
}

export type Rig = Awaited<ReturnType<typeof createRig>>;

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  handle: (seen: Seen) => unknown,
): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  let rpc = '';
  if (body !== '') rpc = (JSON.parse(body) as { method?: string }).method ?? '';
  await handle({ method: request.method ?? '', headers: request.headers, body, rpc, response });
}

function clientAnswer(incoming: IncomingMessage): ClientAnswer {
  let received = '';
  incoming.setEncoding('utf8');
  incoming.on('data', (chunk: string) => {
    received += chunk;
  });
  const ended = once(incoming, 'close').catch(() => undefined);
  incoming.on('error', () => undefined);
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    incoming,
    soFar: () => received,
    until: async (holds) => {
      await until(() => holds(received));
      return received;
    },
    text: async () => {
      await ended;
      return received;
    },
    destroy: () => {
      incoming.destroy();
    },
  };
}

/** Waits until it holds. */
export const until = (holds: () => boolean): Promise<true> =>
  eventually(String(holds), holds, { withinMs: 3_000, everyMs: 2 });

/** The JSON-RPC messages a client reads from an event stream or a JSON body. */
export function messages(text: string): Message[] {
  if (text.startsWith('{')) return [JSON.parse(text) as Message];
  return text
    .split('\n\n')
    .map((event) => event.split('\n').filter((line) => line !== '' && !line.startsWith(':')))
    .filter(
      (lines) => !lines.some((line) => line.startsWith('event:') && line !== 'event: message'),
    )
    .map((lines) =>
      lines
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5))
        .join('\n'),
    )
    .filter((data) => data.trim() !== '')
    .map((data) => JSON.parse(data) as Message);
}

export async function lastMessage(answer: Promise<ClientAnswer> | ClientAnswer): Promise<Message> {
  return messages(await (await answer).text()).at(-1)!;
}

export const json = (response: ServerResponse, message: object, headers = {}) =>
  response
    .writeHead(200, { 'content-type': 'application/json', ...headers })
    .end(JSON.stringify(message));

export const stream = (response: ServerResponse) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
};

export const eventOf = (message: object) => `data: ${JSON.stringify(message)}\n\n`;

const idOf = ({ body }: Seen): unknown => (JSON.parse(body) as { id?: unknown }).id;

/** The answer to `seen`. */
export const result = (seen: Seen, value: object) => ({
  jsonrpc: '2.0',
  id: idOf(seen),
  result: value,
});

/** A well-behaved server with sessions and no event stream; `override` first, true when it answered. */
export function server(override: Record<string, Handle> = {}): Handle {
  return (seen, response) => {
    const { rpc, method } = seen;
    const special = override[rpc === '' ? method : rpc];
    if (special !== undefined) return special(seen, response);
    if (method !== 'POST') return response.writeHead(method === 'GET' ? 405 : 200).end();
    if (rpc === 'initialize') {
      return json(
        response,
        result(seen, { protocolVersion: '2025-11-25', capabilities: { tools: {} } }),
        { 'mcp-session-id': 'upstream-session' },
      );
    }
    if (rpc === 'tools/list') {
      const tools = [{ name: 'read', annotations: { readOnlyHint: true } }, { name: 'write' }];
      return json(response, result(seen, { tools }));
    }
    if (rpc === 'tools/call') {
      return json(response, result(seen, { content: [{ type: 'text', text: 'done' }] }));
    }
    return idOf(seen) === undefined
      ? response.writeHead(202).end()
      : json(response, result(seen, {}));
  };
}

export const toolsCall = (id: number, name = 'read') => ({
  id,
  method: 'tools/call',
  params: { name, arguments: {} },
});
