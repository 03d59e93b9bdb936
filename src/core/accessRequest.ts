// From "alice is signed in" to an access token for one MCP server: metadata, ID-JAG, redemption.
// Each leg is asked once; the two second tries are those of an answer that names a stale input.
import { registrationAt } from './clientSecrets.ts';
import type { Discovery } from './discovery.ts';
import { ConnectError } from './errors.ts';
import type { GuardedFetch } from './http.ts';
import { redeemIdJag, requestIdJag, type IdJag, type Subject } from './idJag.ts';
import type { ServerMetadata } from 'openid-client';
import type { Clock, SecretStore } from './ports.ts';
import type { IdentityProviderProfile, ServerProfile } from './profile.ts';
import type { Secret } from './secret.ts';
import type { ConnectingStep } from './state.ts';
import { hostOf } from './url.ts';

/** An access token and what is known of it. Only the token broker keeps one. */
export interface Access {
  readonly token: Secret;
  readonly scopes: readonly string[];
  /** Of receipt, by both clocks: the monotonic one stands still while the computer sleeps. */
  readonly receivedAt: { readonly monotonicMs: number; readonly wallMs: number };
  readonly lifeMs: number;
  readonly authorizationServer: ServerMetadata;
}

/** Life of a token whose server did not say, seconds. */
const assumedLifeSec = 300;
/** Nobody is believed for longer, seconds: a clock and a calendar must be able to hold the end. */
const longestLifeSec = 86_400;

export interface AccessRequestDeps {
  readonly discovery: Discovery;
  /** At most `maxRequests` of these are in flight per identity provider. */
  readonly toIdentityProvider: GuardedFetch;
  readonly toAuthorizationServer: GuardedFetch;
  readonly store: SecretStore;
  readonly clock: Clock;
  readonly subject: (refused?: Subject) => Promise<Subject>;
}

/** `authorizationServer` undefined: the first one the server lists (only without a profile). */
export type ServerOf = Pick<
  ServerProfile,
  'url' | 'clientId' | 'clientAuthentication' | 'clientSecret' | 'scopes'
> & {
  readonly authorizationServer: string | undefined;
  /** Ask although the authorization server's metadata does not list the grant. */
  readonly grantUnadvertised?: boolean;
};

export interface AccessRequest {
  readonly server: ServerOf;
  readonly identityProvider: IdentityProviderProfile;
  readonly onStep: (step: ConnectingStep) => void;
  readonly signal: AbortSignal;
}

/**
 * Runs all legs for one server.
 * @throws discovery.*, exchange.*, redemption.*, identityProvider.*, network.*
 */
export async function requestAccess(
  request: AccessRequest,
  deps: AccessRequestDeps,
): Promise<Access> {
  request.onStep('discovery');
  const target = await discover(request, deps);
  try {
    return await exchangeAndRedeem(request, target, deps);
  } catch (error) {
    // The grant may have grown stale on its way; a new one tells that from a real refusal (J18, E19).
    if (!ConnectError.is(error, 'redemption.refused')) throw error;
    return exchangeAndRedeem(request, target, deps);
  }
}

interface Target {
  readonly resource: string;
  readonly authorizationServer: ServerMetadata;
  readonly identityProvider: ServerMetadata;
}

async function discover(request: AccessRequest, deps: AccessRequestDeps): Promise<Target> {
  const { server, signal } = request;
  const { discovery } = deps;
  const pinned = server.authorizationServer;
  // A pinned issuer need not wait for the server to name it.
  const [published, early, identityProvider] = await Promise.all([
    discovery.resource(server.url, signal),
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
  return { resource: published.resource, authorizationServer, identityProvider };
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
  const client = await registrationAt(
    authorizationServer.issuer,
    server,
    deps.store,
    'redemption.clientSecretMissing',
  );
  request.onStep('exchange');
  const idJag = await exchange(request, target, deps);
  request.onStep('redemption');
  const redeemed = await redeemIdJag(
    { authorizationServer, client, idJag, resource },
    (url, init) => deps.toAuthorizationServer(url, { ...init, signal }),
  );
  return {
    token: redeemed.token,
    scopes: redeemed.scopes,
    receivedAt: { monotonicMs: deps.clock.monotonic(), wallMs: deps.clock.now() },
    lifeMs: Math.min(redeemed.expiresInSec ?? assumedLifeSec, longestLifeSec) * 1000,
    authorizationServer,
  };
}

async function exchange(
  request: AccessRequest,
  target: Target,
  deps: AccessRequestDeps,
): Promise<IdJag> {
  const { identityProvider, server, signal } = request;
  const client = await registrationAt(
    identityProvider.issuer,
    identityProvider,
    deps.store,
    'identityProvider.clientSecretMissing',
  );
  const ask = (subject: Subject) =>
    requestIdJag(
      {
        identityProvider: target.identityProvider,
        client,
        subject,
        audience: target.authorizationServer.issuer,
        resource: target.resource,
        scopes: server.scopes,
        clientIdThere: server.clientId,
      },
      {
        fetch: (url, init) => deps.toIdentityProvider(url, { ...init, signal }),
        nowMs: deps.clock.now(),
      },
    );
  const subject = await deps.subject();
  try {
    return await ask(subject);
  } catch (error) {
    // "Your proof is no good": renew it once. A dead session says so while renewing.
    if (!ConnectError.is(error, 'identityProvider.signInAgain')) throw error;
    return ask(await deps.subject(subject));
  }
}
