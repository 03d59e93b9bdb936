// What a JSON-RPC message asks for, as far as the ledger and the check of scopes need to know.

export interface McpCall {
  readonly method?: string;
  readonly tool?: string;
}

// Only what reads like a name gets into the ledger: a client can put anything here, a token too.
const methodName = /^[a-z]{1,16}(\/[a-zA-Z_]{1,20}){0,2}$/;
const toolName = /^(?=.{1,48}$)[a-z]+([-_][a-z]+)*$/;

export function describeCall(body: unknown): McpCall {
  if (typeof body !== 'object' || body === null || !('method' in body)) return {};
  const { method } = body;
  if (typeof method !== 'string' || !methodName.test(method)) return {};
  if (method !== 'tools/call' || !('params' in body)) return { method };
  const { params } = body;
  const tool =
    typeof params === 'object' && params !== null && 'name' in params ? params.name : undefined;
  return typeof tool === 'string' && toolName.test(tool) ? { method, tool } : { method };
}
