// What the ledger of the sandbox says about the price of access.
import type { LedgerEntry } from './sandbox.ts';

const isMetadata = ({ leg, endpoint }: LedgerEntry): boolean =>
  leg === 'metadata' && endpoint.includes('.well-known');

/**
 * Metadata of servers, authorization servers and identity provider, exchanges and redemptions. The sign-in
 * of the person is not among them: it comes before.
 */
export const authorizationRequests = (entries: readonly LedgerEntry[]): readonly LedgerEntry[] =>
  entries.filter(
    (entry) => isMetadata(entry) || entry.leg === 'exchange' || entry.leg === 'redemption',
  );

/**
 * Requests an MCP server did not serve for want of good access. The end of a session is nobody's request:
 * it may well come after the access was given back.
 */
export const refusedRequests = (entries: readonly LedgerEntry[]): readonly LedgerEntry[] =>
  entries.filter(({ leg, method, status }) => leg === 'mcp' && method === 'POST' && status === 401);
