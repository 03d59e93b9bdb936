// Metadata of an MCP server: what it calls itself and who guards it. It only confirms what the profile
// pins. @see RFC 9728
import { bearerChallenge } from '../http/challenge.ts';
import { ConnectError } from '../errors.ts';
import { isPage, type GuardedFetch } from '../http/http.ts';
import type { Found } from './metadataCache.ts';
import { fetchDocument, type MetadataDocument } from './metadataDocument.ts';
import type { ServerProfile } from '../profile/profile.ts';
import { hostOf } from '../url.ts';
import { hostPlaces, resourcePlace } from './wellKnown.ts';

export interface ResourceMetadata {
  /** The resource identifier, exactly as published. */
  readonly resource: string;
  readonly authorizationServers: readonly string[];
  readonly scopesSupported: readonly string[];
  /** Only access bound to a key is accepted (RFC 9728 §2). */
  readonly dpopRequired: boolean;
}

/** What a profile says about a server's own document. */
export type ResourceExpectation = Pick<ServerProfile, 'resource' | 'resourceMatch'>;

/** @throws discovery.*, network.*, server.unavailable */
export async function findResourceMetadata(
  fetch: GuardedFetch,
  url: string,
  signal: AbortSignal,
): Promise<Found<ResourceMetadata>> {
  // The well-known place first: it saves an unauthenticated request per server, and the profile's
  // pin decides in any case. The challenge names odd places; the root comes last.
  const [inserted, root] = hostPlaces(url);
  const answers: boolean[] = [];
  const ask: GuardedFetch = async (at, init) => {
    const response = await fetch(at, init);
    answers.push(!isPage(response) || response.headers.has('www-authenticate'));
    return response;
  };
  const places = [
    () => Promise.resolve<string | undefined>(inserted),
    () => metadataUrlFromChallenge(ask, url, signal),
    () => Promise.resolve<string | undefined>(root === inserted ? undefined : root),
  ];
  for (const place of places) {
    const at = await place();
    if (at === undefined) continue;
    const found = await fetchDocument(ask, at, {
      ...{ invalid: 'discovery.metadataInvalid', down: 'server.unavailable', signal },
    });
    if (found !== undefined) return { ...found, value: parse(found.value, url, at) };
  }
  // A page is "no document here"; nothing but pages is the sign-in of a network.
  const code = answers.includes(true)
    ? 'discovery.resourceMetadataMissing'
    : 'network.captivePortal';
  throw new ConnectError(code, { host: hostOf(url) });
}

/**
 * `published`, when it is what the profile expects.
 * @throws discovery.resourceMismatch
 */
export function expectResource(
  published: ResourceMetadata,
  url: string,
  { resource, resourceMatch }: ResourceExpectation,
): ResourceMetadata {
  const expected = resource ?? (resourceMatch === 'exact' ? url : published.resource);
  if (published.resource === expected) return published;
  throw new ConnectError('discovery.resourceMismatch', {
    host: hostOf(url),
    expected,
    actual: published.resource,
  });
}

async function metadataUrlFromChallenge(
  fetch: GuardedFetch,
  url: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  // A message that changes nothing: a server without streams answers any GET with 405 (MCP transports).
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
    signal,
  });
  const value = bearerChallenge(response.headers.get('www-authenticate'))?.['resource_metadata'];
  if (value === undefined) return undefined;
  // RFC 9728 §7.7: a server must not point us at another host of its choice.
  if (URL.parse(value)?.origin === new URL(url).origin) return value;
  throw new ConnectError('discovery.resourceMismatch', {
    host: hostOf(url),
    expected: new URL(url).origin,
    actual: value.slice(0, 200),
  });
}

/** It goes into a request and onto the screen. */
const isPrintable = (text: string): boolean => /^[\x21-\x7e]{1,2048}$/.test(text);

function parse(document: MetadataDocument, url: string, at: string): ResourceMetadata {
  const { resource } = document;
  if (typeof resource !== 'string' || !isPrintable(resource) || !covers(resource, url, at)) {
    throw new ConnectError('discovery.resourceMismatch', {
      host: hostOf(at),
      expected: url,
      actual: typeof resource === 'string' ? resource.slice(0, 200) : 'nothing',
    });
  }
  const authorizationServers = strings(document['authorization_servers']);
  if (authorizationServers.length === 0) {
    throw new ConnectError('discovery.metadataInvalid', {
      host: hostOf(at),
      reason: 'authorization_servers is missing',
    });
  }
  return {
    resource,
    authorizationServers,
    scopesSupported: strings(document['scopes_supported']),
    dpopRequired: document['dpop_bound_access_tokens_required'] === true,
  };
}

/**
 * The published resource is the server itself, or one above it where the host says so: on a shared host a
 * server's own document elsewhere must not claim its neighbours.
 */
function covers(resource: string, url: string, at: string): boolean {
  const published = URL.parse(resource);
  const asked = new URL(url);
  if (published?.origin !== asked.origin) return false;
  // An identifier with more in it than a place is sent on as it stands (RFC 8707 §2).
  if (`${published.username}${published.password}${published.hash}` !== '') return false;
  if (withoutSlash(published.href) === withoutSlash(asked.href)) return true;
  if (![...hostPlaces(url), resourcePlace(resource)].includes(new URL(at).href)) return false;
  const path = withoutSlash(published.pathname);
  return asked.pathname === path || asked.pathname.startsWith(`${path}/`);
}

const withoutSlash = (path: string): string => path.replace(/\/$/, '');

const strings = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : [];
