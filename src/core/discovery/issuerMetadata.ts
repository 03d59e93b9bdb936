// Metadata of an authorization server or identity provider. Invariant: its issuer is compared byte for
// byte, before anything is sent anywhere: a hostile server naming an honest issuer must not get grants
// for it.
import ipaddr from 'ipaddr.js';
import type { ServerMetadata } from 'openid-client';
import { ConnectError, type ErrorCode } from '../errors.ts';
import type { GuardedFetch } from '../http/http.ts';
import { fetchDocument } from './metadataDocument.ts';
import type { Found } from './metadataCache.ts';
import { hostOf, isSecureUrl } from '../url.ts';

/** What is said of a party whose metadata cannot be used. */
export interface IssuerCodes {
  readonly missing: ErrorCode;
  readonly mismatch: ErrorCode;
  readonly invalid: ErrorCode;
  /** No answer for now. */
  readonly down: ErrorCode;
}

export const authorizationServerCodes: IssuerCodes = {
  missing: 'discovery.metadataMissing',
  mismatch: 'discovery.issuerMismatch',
  invalid: 'discovery.metadataInvalid',
  down: 'redemption.unavailable',
};
export const identityProviderCodes: IssuerCodes = {
  missing: 'identityProvider.metadataInvalid',
  mismatch: 'identityProvider.metadataInvalid',
  invalid: 'identityProvider.metadataInvalid',
  down: 'identityProvider.unavailable',
};

/**
 * The first document at `places`; it must be of `issuer`.
 * @throws those of `codes`, network.*, the party's codes
 * @see RFC 8414 §3.3
 */
export async function findIssuerMetadata(
  issuer: string,
  places: readonly string[],
  { fetch, codes, signal }: { fetch: GuardedFetch; codes: IssuerCodes; signal: AbortSignal },
): Promise<Found<ServerMetadata>> {
  for (const place of places) {
    const found = await fetchDocument(fetch, place, { ...codes, signal });
    if (found === undefined) continue;
    const { value: document, keepMs } = found;
    const { issuer: said } = document;
    if (said !== issuer) {
      throw new ConnectError(codes.mismatch, {
        host: hostOf(place),
        reason: 'it names another issuer',
        expected: issuer,
        actual: typeof said === 'string' ? said.slice(0, 200) : 'nothing',
      });
    }
    refuseForeignEndpoints(document, issuer, codes.invalid);
    return { value: document as unknown as ServerMetadata, keepMs };
  }
  throw new ConnectError(codes.missing, {
    host: hostOf(issuer),
    reason: 'there is no metadata at its well-known places',
  });
}

/** Never asked by us: the browser is sent there, and resolves *.localhost to this computer (RFC 6761 §6.3). */
const browserEndpoints = ['authorization_endpoint', 'end_session_endpoint'];

function refuseForeignEndpoints(
  document: Readonly<Record<string, unknown>>,
  issuer: string,
  invalid: ErrorCode,
): void {
  const isInside = isInsideNetwork(issuer);
  for (const [name, value] of Object.entries(document)) {
    if (!/(_endpoint|jwks_uri)$/.test(name) || value === undefined) continue;
    const openedBy = browserEndpoints.includes(name) ? 'browser' : 'us';
    const isSecure = typeof value === 'string' && isSecureUrl(value, openedBy);
    if (!isSecure) {
      throw new ConnectError(invalid, {
        host: hostOf(issuer),
        reason: `${name} must be an https URL`,
      });
    }
    // An issuer out there must not send us to something in here that only we can reach. A name that resolves
    // to such an address is beyond this check: fetch does not say where it connects.
    if (!isInside && isInsideNetwork(value)) {
      throw new ConnectError(invalid, {
        host: hostOf(issuer),
        reason: `${name} leads into this computer's own network`,
      });
    }
  }
}

/** This computer by name, or any address that is not public. URL has already undone its odd spellings. */
function isInsideNetwork(url: string): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  return ipaddr.isValid(host) && ipaddr.process(host).range() !== 'unicast';
}
