// From "alice is signed in" to an access token for one MCP server: metadata, ID-JAG, redemption.
// Each leg is asked once; the one second try is that of an answer that names a stale input.
import type { AccessToken } from './accessToken.ts';
import { registrationAt } from '../client/clientCredentials.ts';
import type { Discovery, ResourceMetadata } from '../discovery/discovery.ts';
import { dpopAlgorithm, type DpopKeys } from '../client/dpopKeys.ts';
import type { DpopBinding } from './dpopToken.ts';
import { isOutage } from '../connection/state.ts';
import { ConnectError } from '../errors.ts';
import type { GuardedFetch } from '../http/http.ts';
import { requestIdJag, type IdJag, type Prove, type Subject } from './idJag.ts';
import { withInteraction } from './interaction.ts';
import type { ServerMetadata } from 'openid-client';
import type { Clock, OpenUrl, SecretStore } from '../ports.ts';
import type { IdentityProviderProfile, ServerProfile } from '../profile/profile.ts';
import { redeemIdJag } from './redemption.ts';
import { staleIssuer } from '../discovery/staleMetadata.ts';
import type { ConnectingStep } from '../connection/state.ts';
import { hostOf } from '../url.ts';

/** An access token and what is known of it. Only the token broker keeps one. */
export interface Access {
  readonly token: AccessToken;
  readonly scopes: readonly string[];
  /** Of receipt, by both clocks: the monotonic one stands still while the computer sleeps. */
  readonly receivedAt: { readonly monotonicMs: number; readonly wallMs: number };
  /** Given up after this, whatever its server says. */
  readonly lifeMs: number;
  /** Until the server stops taking it. */
  readonly serverLifeMs: number;
  readonly authorizationServer: ServerMetadata;
  /** Where it came from. */
  readonly target: Target;
}

/** Life of a token whose server did not say, seconds. */
const assumedLifeSec = 300;
/** Nobody is believed for longer, seconds: a clock and a calendar must be able to hold the end. */
const longestLifeSec = 366 * 86_400;

export interface AccessRequestDeps {
  readonly discovery: Discovery;
  /** At most `maxRequests` of these are in flight per identity provider. */
  readonly toIdentityProvider: GuardedFetch;
  readonly toAuthorizationServer: GuardedFetch;
  readonly dpopKeys: DpopKeys;
  readonly store: SecretStore;
  readonly clock: Clock;
  readonly prove: Prove;
  /** Access is given up after so long, milliseconds. */
  readonly tokenCapMs: number;
}

/** `authorizationServer` undefined: the first one the server lists (only without a profile). */
export type ServerOf = Omit<
  ServerProfile,
  'id' | 'label' | 'identityProvider' | 'authorizationServer'
> & {
  readonly authorizationServer: string | undefined;
  /** Ask although the authorization server's metadata does not list the grant. */
  readonly grantUnadvertised?: boolean;
};

export interface AccessRequest {
  readonly server: ServerOf;
  readonly identityProvider: IdentityProviderProfile;
  /** What to ask for, in both legs. */
  readonly scopes: readonly string[];
  readonly onStep: (step: ConnectingStep) => void;
  readonly signal: AbortSignal;
  /** Opens the page a server wants confirmed; absent until the person asks for it. */
  readonly openInteraction?: OpenUrl | undefined;
  /** Where access that is open now came from: whether it still stands is asked there at any rate. */
  readonly known?: Target | undefined;
}

/**
 * Runs all legs for one server.
 * @throws discovery.*, exchange.*, redemption.*, identityProvider.*, network.*, profile.invalid, storage.unavailable
 */
export async function requestAccess(
  request: AccessRequest,
  deps: AccessRequestDeps,
): Promise<Access> {
  request.onStep('discovery');
  const target = await stillThere(request, deps);
  try {
    return await exchangeAndRedeem(request, target, deps);
  } catch (error) {
    const again = await secondTarget(error, { request, target, deps });
    if (again === undefined) throw error;
    // Nobody is sent to the browser twice for one click.
    return exchangeAndRedeem({ ...request, openInteraction: undefined }, again, deps);
  }
}

/** Where access is asked for, as it was found out. */
export interface Target {
  readonly resource: string;
  readonly authorizationServer: ServerMetadata;
  readonly identityProvider: ServerMetadata;
  /** Undefined: bearer tokens. */
  readonly binding: DpopBinding | undefined;
}

/**
 * What is published now, or what was when access opened: a server that goes quiet must not keep the company's
 * "no" from being heard, nor may it pass for somebody else's refusal by calling itself something else.
 */
async function stillThere(request: AccessRequest, deps: AccessRequestDeps): Promise<Target> {
  const { known } = request;
  if (known === undefined) return discover(request, deps);
  const found = await discover(request, deps).catch((error: unknown) => {
    if (request.signal.aborted || !ConnectError.is(error) || !isSilence(error)) throw error;
    return known;
  });
  if (found.resource === known.resource) return found;
  throw new ConnectError('discovery.resourceMismatch', {
    host: hostOf(request.server.url),
    expected: known.resource,
    actual: found.resource,
  });
}

/** Nothing was published, for whatever reason; not a word that contradicts. */
const isSilence = ({ code, facts }: ConnectError): boolean =>
  isOutage(code) ||
  ['discovery.resourceMetadataMissing', 'discovery.metadataMissing'].includes(code) ||
  (code === 'identityProvider.metadataInvalid' && facts.expected === undefined);

async function discover(request: AccessRequest, deps: AccessRequestDeps): Promise<Target> {
  const { server, signal } = request;
  const { discovery } = deps;
  const pinned = server.authorizationServer;
  // A pinned issuer need not wait for the server to name it.
  const [published, early, identityProvider] = await Promise.all([
    resourceOf(server, discovery, signal),
    pinned === undefined ? undefined : discovery.authorizationServer(pinned, signal),
    discovery.identityProvider(request.identityProvider.issuer, signal),
  ]);
  const issuer = pinned ?? published.authorizationServers[0] ?? '';
  if (!published.authorizationServers.includes(issuer)) {
    throw new ConnectError('discovery.authorizationServerNotListed', {
      host: hostOf(server.url),
      expected: issuer,
      actual: published.authorizationServers.join(' ').slice(0, 200),
    });
  }
  const authorizationServer = early ?? (await discovery.authorizationServer(issuer, signal));
  if (server.grantUnadvertised !== true) requireEnterpriseGrant(authorizationServer);
  const binding = isBound(server, published)
    ? {
        key: await deps.dpopKeys.at(
          { identityProvider: identityProvider.issuer, authorizationServer: issuer },
          deps.store,
        ),
        origin: new URL(server.url).origin,
        nonces: deps.dpopKeys.nonces,
      }
    : undefined;
  return { resource: published.resource, authorizationServer, identityProvider, binding };
}

/** Where a server publishes nothing, what the profile says of it stands; a published word must agree. */
async function resourceOf(
  server: ServerOf,
  discovery: Discovery,
  signal: AbortSignal,
): Promise<ResourceMetadata> {
  const { url, resource, authorizationServer } = server;
  return discovery.resource(url, signal, server).catch((error: unknown) => {
    const isSilent = ConnectError.is(error, 'discovery.resourceMetadataMissing');
    if (!isSilent || resource === undefined || authorizationServer === undefined) throw error;
    const authorizationServers = [authorizationServer];
    return { resource, authorizationServers, scopesSupported: [], dpopRequired: false };
  });
}

const isBound = ({ dpop }: ServerOf, { dpopRequired }: ResourceMetadata): boolean =>
  dpop === 'always' || (dpop === 'whenAsked' && dpopRequired);

/** What to try once more with; undefined when the answer stands. */
async function secondTarget(
  error: unknown,
  { request, target, deps }: { request: AccessRequest; target: Target; deps: AccessRequestDeps },
): Promise<Target | undefined> {
  if (!ConnectError.is(error)) return undefined;
  // The grant may have grown stale on its way; a new one tells that from a real refusal (J19, E19).
  if (error.code === 'redemption.refused' && error.facts.oauthError === 'invalid_grant') {
    return target;
  }
  const issuer = staleIssuer(error, {
    identityProvider: request.identityProvider.clientAuthentication,
    authorizationServer: request.server.clientAuthentication,
  });
  if (issuer === undefined || !deps.discovery.outdated(target[issuer].issuer)) return undefined;
  const renewed = await discover(request, deps).catch(() => undefined);
  const hasMoved = renewed?.[issuer].token_endpoint !== target[issuer].token_endpoint;
  return hasMoved ? renewed : undefined;
}

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const idJagProfile = 'urn:ietf:params:oauth:grant-profile:id-jag';

function requireEnterpriseGrant(metadata: ServerMetadata): void {
  const profiles = metadata['authorization_grant_profiles_supported'];
  const offered =
    metadata.grant_types_supported?.includes(jwtBearer) === true ||
    (Array.isArray(profiles) && profiles.includes(idJagProfile));
  if (!offered || metadata.token_endpoint === undefined) {
    throw new ConnectError('discovery.enterpriseNotSupported', { host: hostOf(metadata.issuer) });
  }
}

async function exchangeAndRedeem(
  request: AccessRequest,
  target: Target,
  deps: AccessRequestDeps,
): Promise<Access> {
  const { server, signal } = request;
  const { authorizationServer, resource } = target;
  const client = await registrationAt(authorizationServer.issuer, server, deps.store, 'redemption');
  request.onStep('exchange');
  const idJag = await exchange(request, target, deps);
  request.onStep('redemption');
  const legDeps = {
    clock: deps.clock,
    fetch: (url: string, init?: RequestInit) =>
      deps.toAuthorizationServer(url, { ...init, signal }),
  };
  const { sendResource } = server;
  const redeem = () => redeemIdJag({ ...target, client, idJag, resource, sendResource }, legDeps);
  const interaction = { open: request.openInteraction, clock: deps.clock, signal };
  const redeemed = await withInteraction(redeem, interaction);
  const serverLifeMs = Math.min(redeemed.expiresInSec ?? assumedLifeSec, longestLifeSec) * 1000;
  return {
    token: redeemed.token,
    scopes: redeemed.scopes,
    receivedAt: { monotonicMs: deps.clock.monotonic(), wallMs: deps.clock.now() },
    lifeMs: Math.min(serverLifeMs, deps.tokenCapMs),
    serverLifeMs,
    target,
    authorizationServer,
  };
}

async function exchange(
  request: AccessRequest,
  target: Target,
  deps: AccessRequestDeps,
): Promise<IdJag> {
  const { identityProvider, server, signal } = request;
  const { store, clock } = deps;
  const { issuer } = identityProvider;
  const client = await registrationAt(issuer, identityProvider, store, 'identityProvider');
  const asked = {
    identityProvider: target.identityProvider,
    client,
    issuer: target.authorizationServer.issuer,
    audience: server.audience,
    resource: target.resource,
    sendResource: server.sendResource,
    // For a refresh token of the company session; no other server is ever asked for one (M9).
    scopes: request.scopes.filter((scope) => scope !== 'offline_access'),
    clientIdThere: server.clientId,
    proof: isProven(server, target) ? target.binding?.key : undefined,
  };
  // What a refresh token is sent with is heard to its end: its successor may be in the answer.
  const fetchFor =
    ({ kind }: Subject): GuardedFetch =>
    (url, init) =>
      deps.toIdentityProvider(url, kind === 'refreshToken' ? init : { ...init, signal });
  const refused = { times: 0 };
  try {
    return await deps.prove((subject) => {
      if (signal.aborted) throw ConnectError.from(signal.reason);
      const legDeps = { fetch: fetchFor(subject), clock };
      return requestIdJag({ ...asked, subject }, legDeps).catch((error: unknown) => {
        if (isNotUnderstood(error)) refused.times++;
        throw error;
      });
    });
  } catch (error) {
    // Two subjects and the same answer: it is the request that is not known there (RFC 8693 §2.2.2).
    if (refused.times < 2 || !isNotUnderstood(error)) throw error;
    throw new ConnectError('exchange.notSupported', error.facts, { cause: error });
  }
}

/** Where the identity provider is not known to understand a proof, the authorization server alone binds. */
const isProven = ({ dpop }: ServerOf, { identityProvider }: Target): boolean =>
  dpop === 'always' ||
  identityProvider.dpop_signing_alg_values_supported?.includes(dpopAlgorithm) === true;

const isNotUnderstood = (error: unknown): error is ConnectError =>
  ConnectError.is(error, 'identityProvider.signInAgain') &&
  error.facts.oauthError === 'invalid_request';
