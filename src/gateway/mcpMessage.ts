// JSON-RPC as far as the gateway must understand it: whose answer is awaited, and for what.
import { ConnectError } from '../core/errors.ts';
import { enterpriseExtension } from '../core/server/mcpVersions.ts';
import { readPlain } from './plainMessage.ts';

export type RequestId = string | number;
type Fields = Readonly<Record<string, unknown>>;

export interface McpRequest {
  readonly kind: 'request';
  readonly id: RequestId;
  readonly method: string;
  readonly params: Fields;
  /** Of MCP 2026-07-28 or later, where each request says so itself. */
  readonly isStateless: boolean;
}

export type McpMessage =
  | McpRequest
  | { readonly kind: 'notification'; readonly method: string; readonly params: Fields }
  /** The client's answer to a request of the server. */
  | { readonly kind: 'response'; readonly id: RequestId };

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isRequestId = (value: unknown): value is RequestId =>
  typeof value === 'string' || typeof value === 'number';

/**
 * The one message in `body`; batches were removed from MCP and are refused.
 * @throws gateway.messageInvalid
 * @see MCP 2025-11-25 Streamable HTTP
 */
export function parseMessage(body: Uint8Array): McpMessage {
  const message = readPlain(body);
  if (!isFields(message) || message['jsonrpc'] !== '2.0') {
    throw new ConnectError('gateway.messageInvalid');
  }
  const { id, method, params = {} } = message;
  if (typeof method === 'string' && isFields(params)) {
    // A call that awaits no answer would be made behind the record and past a grant for reading only.
    if (id === undefined && method !== 'tools/call')
      return { kind: 'notification', method, params };
    if (isRequestId(id)) {
      return { kind: 'request', id, method, params, isStateless: statesVersion(params) };
    }
  }
  const isResponse = method === undefined && ('result' in message || 'error' in message);
  if (isResponse && isRequestId(id)) return { kind: 'response', id };
  throw new ConnectError('gateway.messageInvalid');
}

function statesVersion({ _meta: meta }: Fields): boolean {
  return isFields(meta) && typeof meta['io.modelcontextprotocol/protocolVersion'] === 'string';
}

/** The object in `text`, undefined when there is none. */
export function parseFields(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The objects in `text`: a client takes an array for as many messages, though MCP has no batches any more. */
export function fieldsIn(text: string): readonly Fields[] {
  try {
    return [JSON.parse(text) as unknown].flat().filter(isFields);
  } catch {
    return [];
  }
}

/** Whether it begins a session; to a server without, it is a request like any other. */
export const isStart = ({ method, isStateless }: McpRequest): boolean =>
  method === 'initialize' && !isStateless;

const decode = (body: Uint8Array): string => new TextDecoder().decode(body);

const clientCapabilities = 'io.modelcontextprotocol/clientCapabilities';

/** `body` with the enterprise extension among the client's capabilities, where it states them. */
export function withEnterpriseExtension(
  body: Uint8Array<ArrayBuffer>,
  request: McpRequest,
): Uint8Array<ArrayBuffer> {
  const text = decode(body);
  const { params } = request;
  const message = parseFields(text);
  const meta = params['_meta'];
  if (isStart(request)) {
    const capabilities = extended(params['capabilities']);
    return encode({ ...message, params: { ...params, capabilities } });
  }
  // Re-written only when nothing is lost by it: JSON.parse rounds large integers.
  const stated = isFields(meta) && isFields(meta[clientCapabilities]);
  if (!stated || JSON.stringify(message) !== text) return body;
  const _meta = { ...meta, [clientCapabilities]: extended(meta[clientCapabilities]) };
  return encode({ ...message, params: { ...params, _meta } });
}

function extended(capabilities: unknown): Fields {
  const known = isFields(capabilities) ? capabilities : {};
  const extensions = isFields(known['extensions']) ? known['extensions'] : {};
  return { ...known, extensions: { ...extensions, [enterpriseExtension]: {} } };
}

const encode = (message: Fields): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(JSON.stringify(message));

/** Only scalars whose end is certain: what stands behind anything else may be part of it. */
const opening =
  /^\s*\{(?:\s*"(?:jsonrpc|method)"\s*:\s*"[\w./-]{1,64}"\s*,|\s*"id"\s*:\s*(?:-?\d{1,15}|"[^"\\]{1,256}")\s*,)+/;

/** The request that a body too large to read begins with, if its first bytes tell. */
export function peekRequest(start: Uint8Array, isStateless: boolean): McpRequest | undefined {
  const [fields = ''] = opening.exec(decode(start.subarray(0, 1_024))) ?? [];
  const { id, method } = parseFields(`${fields.slice(0, -1)}}`) ?? {};
  if (!isRequestId(id) || typeof method !== 'string') return undefined;
  return { kind: 'request', id, method, params: {}, isStateless };
}
