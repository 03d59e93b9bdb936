import { isReadOnly as readsLikeIt } from '../core/present/stateWords.ts';
import type { Grant } from './upstream.ts';

/** True where the company was asked for more than it grants, and nothing it grants looks like writing. */
export function isReadOnly(grant: Grant | undefined): boolean {
  if (grant === undefined || grant.missing.length === 0 || !grant.hidesWriteTools) return false;
  const { scopes, missing, writeScopes } = grant;
  if (writeScopes.some((scope) => scopes.includes(scope))) return false;
  return writeScopes.some((scope) => missing.includes(scope)) || readsLikeIt(scopes, []);
}
