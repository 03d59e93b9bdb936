// Asks a server or an identity provider what it says of itself, before anything is written. Invariant:
// what cannot be learnt is an answer too; only giving up ends in an error.
import type { ServerMetadata } from 'openid-client';
import type { Discovery, ResourceMetadata } from '../discovery/discovery.ts';
import { ConnectError } from '../errors.ts';

/** What was published, or why nothing was learnt. */
export type LookedUp<T> = { readonly metadata: T } | { readonly failure: ConnectError };

/** @throws user.cancelled */
export const lookUpResource = (
  discovery: Pick<Discovery, 'resource'>,
  url: string,
  signal: AbortSignal,
): Promise<LookedUp<ResourceMetadata>> => lookedUp(discovery.resource(url, signal));

/** @throws user.cancelled */
export const lookUpAuthorizationServer = (
  discovery: Pick<Discovery, 'authorizationServer'>,
  issuer: string,
  signal: AbortSignal,
): Promise<LookedUp<ServerMetadata>> => lookedUp(discovery.authorizationServer(issuer, signal));

/** @throws user.cancelled */
export const lookUpIdentityProvider = (
  discovery: Pick<Discovery, 'identityProvider'>,
  issuer: string,
  signal: AbortSignal,
): Promise<LookedUp<ServerMetadata>> => lookedUp(discovery.identityProvider(issuer, signal));

async function lookedUp<T>(answer: Promise<T>): Promise<LookedUp<T>> {
  try {
    return { metadata: await answer };
  } catch (error) {
    const failure = ConnectError.from(error);
    if (ConnectError.is(failure, 'user.cancelled', 'bug')) throw failure;
    return { failure };
  }
}

export const published = <T>(look: LookedUp<T>): T | undefined =>
  'metadata' in look ? look.metadata : undefined;
