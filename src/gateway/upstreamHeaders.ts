// Which of the client's headers go upstream: written anew from an allow-list, so nothing else can slip
// through (hop-by-hop, Cookie, Forwarded, the client's Authorization, the gateway's key).
import { ConnectError } from '../core/errors.ts';
import type { RequestHead } from './access.ts';
import { isFields, type McpMessage } from './mcpMessage.ts';
import type { Session } from './session.ts';

const passed = ['user-agent', 'last-event-id', 'mcp-protocol-version', 'mcp-method', 'mcp-name'];
const accept = {
  POST: 'application/json, text/event-stream',
  GET: 'text/event-stream',
  DELETE: '*/*',
};

/** @throws gateway.messageInvalid when a header that counts is there twice */
export function upstreamHeaders(
  head: RequestHead,
  method: keyof typeof accept,
  session: Session | undefined,
): Record<string, string> {
  const headers: Record<string, string> = {
    accept: accept[method],
    // An encoded event stream may be held back until a block is full.
    'accept-encoding': 'identity',
    ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
    ...(session?.version === undefined ? {} : { 'mcp-protocol-version': session.version }),
    ...(session?.upstreamId === undefined ? {} : { 'mcp-session-id': session.upstreamId }),
  };
  for (const name of head.headers.keys()) {
    if (!passed.includes(name) && !name.startsWith('mcp-param-')) continue;
    const value = header(head, name);
    if (value !== undefined) headers[name] = value;
  }
  // Attacker: a server that keeps the events of all sessions together; these may be another person's.
  if (session?.hasMoved === true) delete headers['last-event-id'];
  return headers;
}

/**
 * The value of a header that must not be there twice.
 * @throws gateway.messageInvalid
 */
export function header({ headers }: RequestHead, name: string): string | undefined {
  const values = headers.get(name) ?? [];
  if (values.length > 1) {
    throw new ConnectError('gateway.messageInvalid', { reason: `${name} is there twice` });
  }
  return values[0];
}

/**
 * True when the headers a server may decide on say the same as the body it acts on.
 * @throws gateway.messageInvalid
 * @see MCP 2026-07-28 Streamable HTTP, standard request headers
 */
export function agree(head: RequestHead, message: McpMessage): boolean {
  const method = header(head, 'mcp-method');
  const name = header(head, 'mcp-name');
  if (message.kind === 'response') return method === undefined && name === undefined;
  const { params } = message;
  const named = message.method === 'resources/read' ? params['uri'] : params['name'];
  return (
    (method === undefined || method === message.method) &&
    (name === undefined || decodeName(name) === named) &&
    isOneVersion(header(head, 'mcp-protocol-version'), params['_meta'])
  );
}

function isOneVersion(version: string | undefined, meta: unknown): boolean {
  const stated = isFields(meta) ? meta['io.modelcontextprotocol/protocolVersion'] : undefined;
  return version === undefined || stated === undefined || version === stated;
}

function decodeName(value: string): string {
  const encoded = /^=\?base64\?([A-Za-z0-9+/=]*)\?=$/.exec(value)?.[1];
  return encoded === undefined ? value : Buffer.from(encoded, 'base64').toString('utf8');
}
