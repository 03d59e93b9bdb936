// What is learnt from the answer to one request while it passes: that it passed, and what the gateway and
// the connection need of it. Never changes a byte.
import type { ServerEvent } from './eventFilter.ts';
import { fieldsIn, isFields, type McpRequest } from './mcpMessage.ts';
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

  /** @returns false for an answer to anything else, or a second one: the client would take it */
  see({ data, tail }: ServerEvent): boolean {
    this.hasBegun = true;
    if (tail !== undefined) return this.#glance(data.toString(), tail.toString());
    const messages = messagesIn(data);
    const [answer, ...more] = messages.filter(isAnswer);
    const isOwn = this.outcome === undefined && answer?.['id'] === this.#request.id;
    if (answer !== undefined && (!isOwn || more.length > 0)) return false;
    for (const one of messages) this.#session?.heard(one);
    if (answer === undefined) return true;
    const { result } = answer;
    const isError = !isFields(result) || result['isError'] === true;
    this.outcome = isError ? 'error' : 'ok';
    if (isFields(result)) this.#learn(result);
    return true;
  }

  /** Of an answer too long to keep: the id is near one end of it in every implementation. */
  #glance(start: string, end: string): boolean {
    const id = JSON.stringify(this.#request.id).replace(/[^\w"-]/g, '\\$&');
    const version = '"jsonrpc"\\s*:\\s*"2\\.0"';
    const own = `"id"\\s*:\\s*${id}`;
    // A question of the server may have the same id, and be as long.
    const opening = new RegExp(
      `^\\s*\\{(?:\\s*(?:${version}|(${own}))\\s*,)*\\s*"(?:result|error)"\\s*:`,
    );
    const closing = new RegExp(`${own}\\s*(?:,\\s*${version}\\s*)?\\}\\s*$`);
    const found = opening.exec(start);
    const isOwn = found !== null && (found[1] !== undefined || closing.test(end));
    if (!isOwn || this.outcome !== undefined) return asks.test(start);
    this.outcome = /"isError"\s*:\s*true/.test(start + end) ? 'error' : 'ok';
    return true;
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

const isAnswer = (message: Fields): boolean =>
  (message['id'] ?? undefined) !== undefined && ('result' in message || 'error' in message);

/** Attacker: a server whose answer the client understands, and the record does not, spelled with escapes. */
const messagesIn = (data: Buffer): readonly Fields[] =>
  data.includes('"id"') || data.includes('\\u') ? fieldsIn(data.toString()) : [];

/** How a message of the server that is no answer begins, whatever its length. */
const asks =
  /^\s*\{(?:\s*"(?:jsonrpc|id)"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[\w.+-]+)\s*,)*\s*"method"\s*:/;

/** Whether a client would take something in it for an answer to one of its requests. */
export const holdsAnswer = ({ data, tail }: ServerEvent): boolean =>
  tail === undefined ? messagesIn(data).some(isAnswer) : !asks.test(data.toString());
