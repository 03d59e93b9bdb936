// What the client of one request says it can do.
import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type ServerContext,
} from '@modelcontextprotocol/server';

export function declared({ envelope = {} }: ServerContext['mcpReq']): ClientCapabilities {
  const { [CLIENT_CAPABILITIES_META_KEY]: capabilities } = envelope as Record<string, unknown>;
  return (capabilities as ClientCapabilities | undefined) ?? {};
}
