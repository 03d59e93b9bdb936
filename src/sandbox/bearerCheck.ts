// Which access token may do what at an MCP server, and how to say no.
// @see RFC 6750 §3, RFC 9728 §5.1
import type { IncomingMessage } from 'node:http';
import type { AccessToken, AccessTokens } from './accessTokens.ts';

export interface Refusal {
  readonly status: 401 | 403;
  readonly error: string | undefined;
  readonly challenge: string;
}

export interface BearerCheck {
  /** The token that came with a request to this server. */
  check(request: IncomingMessage): { readonly token: string; readonly is: AccessToken } | Refusal;
  insufficientScope(needed: readonly string[]): Refusal;
}

export function createBearerCheck(options: {
  readonly server: string;
  readonly scopes: readonly string[];
  readonly metadataUrl: string;
  readonly tokens: AccessTokens;
}): BearerCheck {
  const refuse = (status: 401 | 403, error: string | undefined, scopes: readonly string[]) => ({
    status,
    error,
    challenge: [
      ...(error === undefined ? [] : [`error="${error}"`]),
      `resource_metadata="${options.metadataUrl}"`,
      `scope="${scopes.join(' ')}"`,
    ].join(', '),
  });
  return {
    check(request) {
      const { authorization } = request.headers;
      if (authorization === undefined) return refuse(401, undefined, options.scopes);
      const token = /^Bearer ([\w.~+/-]+=*)$/i.exec(authorization)?.[1] ?? '';
      const is = options.tokens.find(token);
      // A token for another server of ours is as good as none (RFC 8707 §2).
      if (is?.server !== options.server) return refuse(401, 'invalid_token', options.scopes);
      return { token, is };
    },
    insufficientScope: (needed) => refuse(403, 'insufficient_scope', needed),
  };
}
