// How an MCP server says no, and what it says besides.
// @see RFC 6750 §3, RFC 9449 §7.1, RFC 9470 §3, RFC 9728 §5.1
import type { Response } from 'express';
import type { Note } from './front.ts';
import type { ServerSetup } from './setup.ts';

export interface Denial {
  readonly status: 401 | 403;
  readonly error: string | undefined;
  readonly scopes: readonly string[];
  readonly parameters?: Readonly<Record<string, string>>;
}

/** Answers with the challenge this server would send. */
export function deny(
  { response, note }: { readonly response: Response; readonly note: Note },
  { status, error, scopes, parameters }: Denial,
  { setup, metadataUrl }: { readonly setup: ServerSetup; readonly metadataUrl: string | undefined },
): void {
  const bound = setup.dpop === 'required' || setup.dpop === 'nonce';
  const all: Readonly<Record<string, string | undefined>> = {
    algs: bound ? 'ES256 RS256 EdDSA' : undefined,
    error,
    resource_metadata: metadataUrl,
    scope: scopes.join(' '),
    ...parameters,
    ...setup.challengeParameters,
  };
  const pairs = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${quoted(value)}`],
  );
  const prefix = setup.challengePrefix === undefined ? '' : `${setup.challengePrefix}, `;
  if (error !== undefined) note.error = error;
  if (setup.challenges !== false) {
    response.set('www-authenticate', `${prefix}${bound ? 'DPoP' : 'Bearer'} ${pairs.join(', ')}`);
  }
  response.status(status).json({ error: error ?? 'unauthorized' });
}

const quoted = (value: string): string => `"${value.replace(/["\\]/g, '\\$&')}"`;
