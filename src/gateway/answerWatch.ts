// What is learnt from the answer to one request while it passes: that it passed, and what the gateway and
// the connection need of it. Never changes a byte.
import type { ServerEvent } from './eventFilter.ts';
import { isFields, parseFields, type McpRequest } from './mcpMessage.ts';
import type { Session } from './session.ts';
import type { ToolLists } from './toolLists.ts';
import type { Upstream } from './upstream.ts';

export type Outcome = 'ok' | 'error';
type Fields = Readonly<Record<string, unknown>>;

export class AnswerWatch {
  readonly #request: McpRequest;
  readonly #session: Session | undefined;
  readonly #upstream: Upstream;
  readonly #lists: ToolLists | undefined;
  /** Anything has passed. */
  hasBegun = false;
  /** Set once the answer has passed. */
  outcome: Outcome | undefined;

  /** @param around whose lists a `tools/list` goes into; without: it is none */
  constructor(
    request: McpRequest,
    upstream: Upstream,
    { session, lists }: { session: Session | undefined; lists?: ToolLists },
  ) {
    this.#lists = lists;
    this.#request = request;
    this.#upstream = upstream;
    this.#session = session;
  }

  see({ data, tail }: ServerEvent): void {
    this.hasBegun = true;
    if (this.outcome !== undefined) return;
    if (tail !== undefined) {
      this.#glance(data.toString(), tail.toString());
      return;
    }
    const message = data.includes('"id"') ? parseFields(data.toString()) : undefined;
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

  #list({ tools, nextCursor }: Fields): void {
    if (!Array.isArray(tools)) return;
    const { cursor } = this.#request.params;
    const session = this.#session?.id;
    const list = this.#lists?.add({ session, cursor, tools, nextCursor });
    if (list === undefined) return;
    this.#upstream.toolsListed(list.tools);
    if (list.changes !== undefined) this.#upstream.toolsChanged(list.changes);
  }
}

const isAnswerTo = ({ id }: McpRequest, message: Fields): boolean =>
  message['id'] === id && ('result' in message || 'error' in message);
