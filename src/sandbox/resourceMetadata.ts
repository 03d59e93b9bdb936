// What an MCP server tells of itself, and where.
// @see RFC 9728 §2, §3.1
import type { ServerEntry } from './catalogue.ts';

export interface Resource {
  /** URL of the MCP endpoint. */
  readonly url: string;
  readonly resource: string;
  /** Issuer of the authorization server. */
  readonly issuer: string;
}

/** Path of the document; none where there is none. */
export function resourceMetadataPath({ metadataAt = 'inserted' }: ServerEntry, url: string) {
  const name = '/.well-known/oauth-protected-resource';
  const { pathname } = new URL(url);
  return {
    inserted: name + (pathname === '/' ? '' : pathname),
    root: name,
    custom: `${name}/somewhere/else`,
    nowhere: undefined,
  }[metadataAt];
}

export function resourceMetadata(
  entry: ServerEntry,
  { resource, issuer }: Resource,
): Readonly<Record<string, unknown>> {
  const bound = entry.dpop === 'required' || entry.dpop === 'nonce';
  return {
    resource,
    resource_name: `${entry.label} of Acme`,
    authorization_servers: [...(entry.otherAuthorizationServers ?? []), issuer],
    scopes_supported: entry.scopes,
    bearer_methods_supported: ['header'],
    ...(bound ? { dpop_bound_access_tokens_required: true } : {}),
    ...((entry.dpop ?? 'off') === 'off'
      ? {}
      : { dpop_signing_alg_values_supported: ['ES256', 'RS256', 'EdDSA'] }),
  };
}
