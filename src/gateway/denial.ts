// What a client is told when the server cannot be asked. Invariant: always an answer of JSON-RPC in a
// form VS Code shows word for word; never an HTTP status it would answer with a sign-in of its own.
import { errorCodes, type ConnectError, type ErrorCode } from '../core/errors.ts';
import { explain } from '../core/present/sentences.ts';
import type { McpRequest } from './mcpMessage.ts';
import { logRefusal, type GatewayContext } from './served.ts';

/** Of the range for implementations; -32042 would make VS Code send the call again. */
const denied = -32_001;
export const headerMismatch = -32_020;
export const invalidRequest = -32_600;

/** The code in a tool's result, which has no `data`. */
const codeKey = 'enterprise-mcp/code';

export interface Denial {
  readonly code: ErrorCode;
  readonly sentence: string;
}

/** What the client hears of `error`, and the log. Never throws: a request must not stay unanswered. */
export function denialFor(
  error: ConnectError,
  serverId: string,
  { log, upstreams }: Pick<GatewayContext, 'log' | 'upstreams'>,
): Denial {
  logRefusal(log, serverId, error);
  try {
    return { code: error.code, sentence: upstreams.sentence(serverId, error) };
  } catch (failure) {
    log.error('an error has no words', { reason: String(failure) });
    const code = errorCodes.find((one) => one === error.code) ?? 'bug';
    return { code, sentence: explain(code, { server: serverId }).sentence };
  }
}

/** The answer to `request` when it was refused, or its answer never came. */
export function denialOf(request: McpRequest, { code, sentence }: Denial): object {
  const { id, method } = request;
  if (method !== 'tools/call') return errorAnswer(id, denied, { code, sentence });
  // As a result the sentence is shown word for word; an error of JSON-RPC would be prefixed by its number.
  const content = [{ type: 'text', text: sentence }];
  return resultAnswer(request, { content, isError: true, _meta: { [codeKey]: code } });
}

const emptyResults: Readonly<Record<string, object>> = {
  ping: {},
  'tools/list': { tools: [] },
  'prompts/list': { prompts: [] },
  'resources/list': { resources: [] },
  'resources/templates/list': { resourceTemplates: [] },
};

/** The answer to `request` while the connection is closed: nothing to list, and why nothing works. */
export function closedAnswer(request: McpRequest, denial: Denial): object {
  const { method } = request;
  const result = Object.hasOwn(emptyResults, method) ? emptyResults[method] : undefined;
  return result === undefined ? denialOf(request, denial) : resultAnswer(request, result);
}

/** @see MCP 2026-07-28 basic: a result says that it is one, and a list how long it holds */
function resultAnswer({ id, method, isStateless }: McpRequest, result: object): object {
  const complete = isStateless ? { resultType: 'complete' } : {};
  const stale = isStateless && method.endsWith('/list') ? { ttlMs: 0, cacheScope: 'private' } : {};
  return { jsonrpc: '2.0', id, result: { ...complete, ...stale, ...result } };
}

export function errorAnswer(
  id: string | number | null,
  error: number,
  { code, sentence }: Denial,
): object {
  return { jsonrpc: '2.0', id, error: { code: error, message: sentence, data: { code } } };
}
