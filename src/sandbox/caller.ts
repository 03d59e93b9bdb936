import type { AuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';

/** The person whose access token came with a call. */
export function callerOf({ authInfo }: { readonly authInfo?: AuthInfo }): string {
  const person = authInfo?.extra?.['person'];
  if (typeof person !== 'string') throw new Error('a call got past the bearer check');
  return person;
}

/** An answer that says who asked, so that a person can see on whose behalf the agent acts. */
export function answer(lines: readonly string[], person: string): CallToolResult {
  return { content: [{ type: 'text', text: [...lines, '', `Asked by ${person}.`].join('\n') }] };
}

/** An answer the model can act upon. */
export function failure(text: string): CallToolResult {
  return { isError: true, content: [{ type: 'text', text }] };
}
