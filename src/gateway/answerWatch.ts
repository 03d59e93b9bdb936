// What is learnt from the answer to one request while it passes: that it passed, and what the gateway and
// the connection need of it. Never changes a byte.
import { toolSummaries } from '../core/server/toolSummaries.ts';
import type { ServerEvent } from './eventFilter.ts';
import { isFields, parseFields, type McpRequest } from './mcpMessage.ts';
import type { Session } from './session.ts';
import type { Upstream } from './upstream.ts';

export type Outcome = 'ok' | 'error';
type Fields = Readonly<Record<string, unknown>>;

/** Of all pages together. */
const maxTools = 1_000;

export class AnswerWatch {
  readonly #request: McpRequest;
  readonly #session: Session | undefined;
  readonly #upstream: Upstream;
  /** Set once the answer has passed. */
  outcome: Outcome | undefined;

  constructor(request: McpRequest, upstream: Upstream, session: Session | undefined) {
    this.#request = request;
    this.#upstream = upstream;
    this.#session = session;
  }

  see({ data, tail }: ServerEvent): void {
    if (this.outcome !== undefined) return;
    if (tail !== undefined) {
      this.#glance(data, tail);
      return;
    }
    const message = data.includes('"id"') ? parseFields(data) : undefined;
    if (message === undefined || !isAnswerTo(this.#request, message)) return;
    const { result } = message;
    const isError = !isFields(result) || result['isError'] === true;
    this.outcome = isError ? 'error' : 'ok';
    if (isFields(result)) this.#learn(result);
  }

  /** Of an answer too long to keep: the id is near one end of it in every implementation. */
  #glance(start: string, end: string): void {
    const id = JSON.stringify(this.#request.id).replace(/[^\w"-]/g, '\\$&');
    const atStart = new RegExp(
      `^\\s*\\{(\\s*"jsonrpc"\\s*:\\s*"2.0"\\s*,)?\\s*"id"\\s*:\\s*${id}\\s*,`,
    );
    const atEnd = new RegExp(`"id"\\s*:\\s*${id}\\s*(,\\s*"jsonrpc"\\s*:\\s*"2.0"\\s*)?\\}\\s*$`);
    const isAnswer = atStart.test(start) ? !start.includes('"method"') : atEnd.test(end);
    if (isAnswer) this.outcome = /"isError"\s*:\s*true/.test(start + end) ? 'error' : 'ok';
  }

  #learn(result: Fields): void {
    const { method } = this.#request;
    if (method === 'initialize' && this.#session !== undefined) {
      const version = result['protocolVersion'];
      // It becomes a header.
      if (typeof version === 'string' && /^[\w.-]{1,32}$/.test(version)) {
        this.#session.version = version;
      }
    }
    if (method === 'tools/list') this.#list(result);
  }

  #list(result: Fields): void {
    const { tools, nextCursor } = result;
    const session = this.#session;
    if (!Array.isArray(tools)) return;
    const { cursor } = this.#request.params;
    const before = cursor === undefined ? [] : pagesUpTo(cursor, session);
    if (before === undefined) return;
    const listed = [...before, ...toolSummaries(tools)].slice(0, maxTools);
    if (typeof nextCursor !== 'string') this.#upstream.toolsListed(listed);
    if (session === undefined) return;
    session.listing =
      typeof nextCursor === 'string' ? { cursor: nextCursor, tools: listed } : undefined;
  }
}

const isAnswerTo = ({ id }: McpRequest, message: Fields): boolean =>
  message['id'] === id && ('result' in message || 'error' in message);

const pagesUpTo = (cursor: unknown, session: Session | undefined) =>
  session?.listing?.cursor === cursor ? session?.listing?.tools : undefined;
