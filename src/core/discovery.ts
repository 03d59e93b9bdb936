// Who guards an MCP server, learnt from metadata that only confirms what the profile pinned.
// Invariant: an issuer is compared byte for byte, before anything is sent to the identity provider:
// a hostile server naming an honest issuer must not get grants for it.
import { bearerChallenge } from './challenge.ts';
import { ConnectError } from './errors.ts';
import { answerFacts, createGuardedFetch, isPage, type GuardedFetch } from './http.ts';
import { authorizationServerParty, identityProviderParty, mcpServerParty } from './http.ts';
import type { Clock, Fetch } from './ports.ts';
import type { ServerMetadata } from 'openid-client';
import { hostOf, isSecureUrl } from './url.ts';

export interface ResourceMetadata {
  /** The resource identifier, exactly as published. */
  readonly resource: string;
  readonly authorizationServers: readonly string[];
  readonly scopesSupported: readonly string[];
}

export interface Discovery {
  /**
   * RFC 9728 metadata of an MCP server, kept for an hour.
   * @throws discovery.resourceMetadataMissing, discovery.resourceMismatch, network.*, server.unavailable
   */
  resource(url: string, signal: AbortSignal): Promise<ResourceMetadata>;
  /**
   * RFC 8414 metadata, shared by all servers of this issuer, kept for an hour.
   * @throws discovery.metadataMissing, discovery.issuerMismatch, network.*, redemption.unavailable
   */
  authorizationServer(issuer: string, signal: AbortSignal): Promise<ServerMetadata>;
  /**
   * OpenID Provider metadata of the company's identity provider, kept for an hour.
   * @throws as authorizationServer, with identityProvider.unavailable
   */
  identityProvider(issuer: string, signal: AbortSignal): Promise<ServerMetadata>;
  /** Forgets everything, e.g. before a person asks to reconnect. */
  forget(): void;
}

const keepMs = 3_600_000;

export function createDiscovery(deps: { fetch: Fetch; clock: Clock }): Discovery {
  const toServer = createGuardedFetch(deps, mcpServerParty);
  const toAuthorizationServer = createGuardedFetch(deps, authorizationServerParty);
  const toIdentityProvider = createGuardedFetch(deps, identityProviderParty);
  const resources = createCache<ResourceMetadata>(deps.clock);
  const issuers = createCache<ServerMetadata>(deps.clock);
  return {
    resource: (url, signal) =>
      resources.get(url, signal, (own) => findResourceMetadata(toServer, url, own)),
    authorizationServer: (issuer, signal) =>
      issuers.get(issuer, signal, (own) =>
        findIssuerMetadata(toAuthorizationServer, issuer, oauthFirst(issuer), own),
      ),
    identityProvider: (issuer, signal) =>
      issuers.get(`openid ${issuer}`, signal, (own) =>
        findIssuerMetadata(toIdentityProvider, issuer, openidFirst(issuer), own),
      ),
    forget: () => {
      resources.clear();
      issuers.clear();
    },
  };
}

/** One look-up at a time per key; a failure is not kept; one caller's cancel is not another's. */
function createCache<T>(clock: Clock) {
  const entries = new Map<string, { value: Promise<T>; atMs: number }>();
  return {
    clear: () => {
      entries.clear();
    },
    get: async (key: string, signal: AbortSignal, find: (own: AbortSignal) => Promise<T>) => {
      const known = entries.get(key);
      if (known !== undefined && clock.monotonic() - known.atMs < keepMs) {
        return abortable(known.value, signal);
      }
      // The look-up is shared, so it ends by its own time-out and not by the first caller's signal.
      const value = find(new AbortController().signal);
      entries.set(key, { value, atMs: clock.monotonic() });
      value.catch(() => {
        if (entries.get(key)?.value === value) entries.delete(key);
      });
      return abortable(value, signal);
    },
  };
}

/** `promise`, or the reason of `signal` when that comes first. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const cancelled = () =>
    ConnectError.is(signal.reason) ? signal.reason : new ConnectError('user.cancelled');
  if (signal.aborted) throw cancelled();
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => {
      reject(cancelled());
    };
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}

/** `/.well-known/<name>` inserted before the path of `url`. @see RFC 8414 §3.1 */
function wellKnown(url: string, name: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}/.well-known/${name}${pathname === '/' ? '' : pathname.replace(/\/$/, '')}`;
}

const oauthFirst = (issuer: string): readonly string[] => [
  ...new Set([
    wellKnown(issuer, 'oauth-authorization-server'),
    wellKnown(issuer, 'openid-configuration'),
    `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
  ]),
];

const openidFirst = (issuer: string): readonly string[] => [
  `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
  wellKnown(issuer, 'oauth-authorization-server'),
];

async function findIssuerMetadata(
  fetch: GuardedFetch,
  issuer: string,
  candidates: readonly string[],
  signal: AbortSignal,
): Promise<ServerMetadata> {
  for (const url of candidates) {
    const document = await fetchDocument(fetch, url, signal);
    if (document === undefined) continue;
    if (document['issuer'] !== issuer) {
      throw new ConnectError('discovery.issuerMismatch', {
        host: hostOf(url),
        expected: issuer,
        actual: describe(document['issuer']),
      });
    }
    refuseInsecureEndpoints(document, url);
    return document as unknown as ServerMetadata;
  }
  throw new ConnectError('discovery.metadataMissing', { host: hostOf(issuer) });
}

/** Never asked by us: the browser is sent there, and resolves *.localhost to this computer (RFC 6761 §6.3). */
const browserEndpoints = ['authorization_endpoint', 'end_session_endpoint'];

function refuseInsecureEndpoints(document: Record<string, unknown>, url: string): void {
  for (const [name, value] of Object.entries(document)) {
    if (!/(_endpoint|jwks_uri)$/.test(name) || value === undefined) continue;
    const openedBy = browserEndpoints.includes(name) ? 'browser' : 'us';
    if (typeof value === 'string' && isSecureUrl(value, openedBy)) continue;
    throw new ConnectError('discovery.metadataInvalid', {
      host: hostOf(url),
      reason: `${name} must be an https URL`,
    });
  }
}

async function findResourceMetadata(
  fetch: GuardedFetch,
  url: string,
  signal: AbortSignal,
): Promise<ResourceMetadata> {
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
    const document = at === undefined ? undefined : await fetchDocument(ask, at, signal);
    if (at !== undefined && document !== undefined) return parseResourceMetadata(document, url, at);
  }
  // A page is "no document here"; nothing but pages is the sign-in of a network.
  const code = answers.includes(true)
    ? 'discovery.resourceMetadataMissing'
    : 'network.captivePortal';
  throw new ConnectError(code, { host: hostOf(url) });
}

/** Where a host publishes metadata for `url`: for its path, then for everything. @see RFC 9728 §3.1 */
const hostPlaces = (url: string) =>
  [
    wellKnown(url, 'oauth-protected-resource'),
    wellKnown(new URL(url).origin, 'oauth-protected-resource'),
  ] as const;

async function metadataUrlFromChallenge(
  fetch: GuardedFetch,
  url: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const response = await fetch(url, { headers: { accept: 'text/event-stream' }, signal });
  const value = bearerChallenge(response.headers.get('www-authenticate'))?.['resource_metadata'];
  if (value === undefined) return undefined;
  // RFC 9728 §7.7: a server must not point us at another host of its choice.
  if (URL.parse(value)?.origin === new URL(url).origin) return value;
  throw new ConnectError('discovery.resourceMismatch', {
    host: hostOf(url),
    expected: new URL(url).origin,
    actual: describe(value),
  });
}

function parseResourceMetadata(
  document: Record<string, unknown>,
  url: string,
  at: string,
): ResourceMetadata {
  const resource = document['resource'];
  if (typeof resource !== 'string' || !covers(resource, url, at)) {
    throw new ConnectError('discovery.resourceMismatch', {
      host: hostOf(at),
      expected: url,
      actual: describe(resource),
    });
  }
  const authorizationServers = strings(document['authorization_servers']);
  if (authorizationServers.length === 0) {
    throw new ConnectError('discovery.metadataInvalid', {
      host: hostOf(at),
      reason: 'authorization_servers is missing',
    });
  }
  return { resource, authorizationServers, scopesSupported: strings(document['scopes_supported']) };
}

/**
 * The published resource is the server itself, or one above it where the host says so: on a shared host a
 * server's own document elsewhere must not claim its neighbours.
 */
function covers(resource: string, url: string, at: string): boolean {
  const published = URL.parse(resource);
  const asked = new URL(url);
  if (published?.origin !== asked.origin) return false;
  if (withoutSlash(published.href) === withoutSlash(asked.href)) return true;
  const own = wellKnown(resource, 'oauth-protected-resource');
  if (![...hostPlaces(url), own].includes(new URL(at).href)) return false;
  const path = withoutSlash(published.pathname);
  return asked.pathname === path || asked.pathname.startsWith(`${path}/`);
}

const withoutSlash = (path: string): string => path.replace(/\/$/, '');

/** A JSON object, or nothing where there is none. */
async function fetchDocument(
  fetch: GuardedFetch,
  url: string,
  signal: AbortSignal,
): Promise<Record<string, unknown> | undefined> {
  const response = await fetch(url, { headers: { accept: 'application/json' }, signal });
  if (response.status !== 200 || isPage(response)) return undefined;
  const document: unknown = await response.json().catch(() => undefined);
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) {
    return document as Record<string, unknown>;
  }
  throw new ConnectError('discovery.metadataInvalid', {
    ...answerFacts(response, url),
    reason: 'the metadata is not a JSON object',
  });
}

const strings = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : [];

const describe = (value: unknown): string =>
  typeof value === 'string' ? value.slice(0, 200) : 'nothing';
