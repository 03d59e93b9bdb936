// Whether what is granted is for reading only. In doubt it may write.
import type { ToolSummary } from './state.ts';

export interface GrantedScopes {
  readonly scopes: readonly string[];
  /** Wanted or held before, and not granted. */
  readonly missing: readonly string[];
  /** What the profile calls so. */
  readonly writeScopes: readonly string[];
}

/** True where the company was asked for more than it grants, and nothing it grants looks like writing. */
export function isReadOnlyGrant({ scopes, missing, writeScopes }: GrantedScopes): boolean {
  if (missing.length === 0 || writeScopes.some((scope) => scopes.includes(scope))) return false;
  return writeScopes.some((scope) => missing.includes(scope)) || readsLikeIt(scopes);
}

/** True where the names of the scopes, or all tools, say so. */
export const isReadOnly = (scopes: readonly string[], tools: readonly ToolSummary[]): boolean =>
  readsLikeIt(scopes) || (tools.length > 0 && tools.every((tool) => tool.readOnly));

const readScope = /(^|[.:/_-])(read|readonly|view|list|get)$/i;

function readsLikeIt(scopes: readonly string[]): boolean {
  const access = scopes.filter((scope) => !/^(openid|profile|email|offline_access)$/.test(scope));
  return access.length > 0 && access.every((scope) => readScope.test(scope));
}
