// From a scenario's MCP server to an access token for it, by the legs the extension is made of.
import { requestAccess, type ServerOf } from '../core/access/accessRequest.ts';
import type { AccessToken } from '../core/access/accessToken.ts';
import { createDpopKeys } from '../core/client/dpopKeys.ts';
import {
  authorizationServerParty,
  createGuardedFetch,
  identityProviderParty,
} from '../core/http/http.ts';
import type { SecretStore } from '../core/ports.ts';
import type { ClientProfile, IdentityProviderProfile } from '../core/profile/profile.ts';
import { redeemIdJag } from '../core/access/redemption.ts';
import { Secret } from '../core/secret.ts';
import type { Context, Harness } from './context.ts';
import { startIdentityProvider } from './identityProvider.ts';
import { registeredAt, type PlainRegistration } from './registration.ts';

/** @throws what the core throws */
export async function accessByEnterpriseLegs(
  url: string,
  context: Context,
  harness: Harness,
): Promise<AccessToken> {
  if (context.valid_jwt !== undefined) return redeemGiven(url, context.valid_jwt, context, harness);
  const { idp_issuer: issuer, idp_id_token: idToken } = context;
  if (issuer !== undefined && idToken !== undefined) {
    const server = await serverOf(url, context, harness);
    return allLegs({ server, issuer, idToken, clientId: context.idp_client_id }, harness);
  }
  const own = await startIdentityProvider();
  try {
    // Scenarios without an identity provider have an authorization server that knows no such grant.
    const server = { ...(await serverOf(url, context, harness)), grantUnadvertised: true };
    own.issueFor(server.clientId);
    return await allLegs({ server, ...own, clientId: context.idp_client_id }, harness);
  } finally {
    process.stderr.write(`identity provider requests: ${own.hits()}\n`);
    own.close();
  }
}

/** What the scenario's server publishes, and who we are at its authorization server. */
async function lookUp(url: string, context: Context, { discovery, signal }: Harness) {
  const { resource, authorizationServers } = await discovery.resource(url, signal);
  const issuer = authorizationServers[0] ?? '';
  const authorizationServer = await discovery.authorizationServer(issuer, signal);
  const client = await registeredAt(authorizationServer, context, 'http://127.0.0.1/callback');
  return { resource, authorizationServer, client };
}

/** The scenario hands over a finished grant: only the last leg is under test. */
async function redeemGiven(
  url: string,
  jwt: string,
  context: Context,
  harness: Harness,
): Promise<AccessToken> {
  const { token } = await redeemIdJag(
    {
      ...(await lookUp(url, context, harness)),
      idJag: { assertion: new Secret(jwt), scopes: [], jtiHash: undefined },
      sendResource: true,
    },
    { fetch: createGuardedFetch(harness, authorizationServerParty), clock: harness.clock },
  );
  return token;
}

/** The entry an administrator would write for the scenario's server. */
async function serverOf(url: string, context: Context, harness: Harness): Promise<ServerOf> {
  const { authorizationServer, client } = await lookUp(url, context, harness);
  const offered = authorizationServer.dpop_signing_alg_values_supported;
  return {
    ...entryOf(client),
    url,
    authorizationServer: undefined,
    audience: undefined,
    resource: undefined,
    resourceMatch: 'prefix',
    sendResource: true,
    scopes: [],
    writeScopes: [],
    writeAtOnce: false,
    hideWriteTools: true,
    // The scenario's server does not say that it wants bound tokens; its authorization server can.
    dpop: offered === undefined ? 'whenAsked' : 'always',
  };
}

const entryOf = (client: PlainRegistration): ClientProfile => ({
  clientId: client.clientId,
  clientAuthentication: client.method,
  clientSecret: client.method === 'none' ? undefined : client.secret,
  clientKey: undefined,
  clientAssertion: { audience: 'issuer', typ: undefined, algorithm: 'ES256' },
});

async function allLegs(
  given: { server: ServerOf; issuer: string; idToken: string; clientId: string },
  harness: Harness,
): Promise<AccessToken> {
  const { server, issuer, clientId } = given;
  const identityProvider: IdentityProviderProfile = {
    ...entryOf({ clientId, method: 'none' }),
    id: 'idp',
    label: 'IdP',
    issuer,
    scopes: [],
    subjectToken: 'idToken',
    signIn: 'browser',
    accounts: { emailDomains: [], hostedDomain: undefined, tenant: undefined },
    pkceUnadvertised: false,
    sharedSignals: undefined,
    maxRequests: 4,
    refreshGraceSec: 0,
  };
  const subject = { token: new Secret(given.idToken), kind: 'idToken' as const };
  const { token } = await requestAccess(
    {
      server,
      identityProvider,
      scopes: server.scopes,
      onStep: () => undefined,
      signal: harness.signal,
    },
    {
      ...harness,
      toIdentityProvider: createGuardedFetch(harness, identityProviderParty),
      toAuthorizationServer: createGuardedFetch(harness, authorizationServerParty),
      store: createMemoryStore(),
      dpopKeys: createDpopKeys(),
      prove: (ask) => ask(subject),
      tokenCapMs: Number.MAX_SAFE_INTEGER,
    },
  );
  return token;
}

function createMemoryStore(): SecretStore {
  const kept = new Map<string, string>();
  return {
    get: (key) => Promise.resolve(kept.get(key)),
    store: (key, value) => Promise.resolve(void kept.set(key, value)),
    delete: (key) => Promise.resolve(void kept.delete(key)),
  };
}
