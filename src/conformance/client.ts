// Core without an editor, for the MCP conformance suite: the server URL is the last argument, the
// context comes in the environment. Exit code 0 only when the server answered with its tools.
//   node dist/conformance.mjs http://localhost:3000/mcp
import * as v from 'valibot';
import { requestAccess } from '../core/accessRequest.ts';
import { createDiscovery } from '../core/discovery.ts';
import { ConnectError } from '../core/errors.ts';
import {
  authorizationServerParty,
  createGuardedFetch,
  identityProviderParty,
} from '../core/http.ts';
import { redeemIdJag } from '../core/idJag.ts';
import type { SecretStore } from '../core/ports.ts';
import { probe } from '../core/probe.ts';
import type { IdentityProviderProfile } from '../core/profile.ts';
import { Secret } from '../core/secret.ts';
import { systemClock as clock } from '../node/systemClock.ts';
import { startIdentityProvider } from './identityProvider.ts';

const contextSchema = v.object({
  client_id: v.optional(v.string(), 'conformance'),
  client_secret: v.optional(v.string()),
  idp_client_id: v.optional(v.string(), 'conformance'),
  idp_id_token: v.optional(v.string()),
  idp_issuer: v.optional(v.string()),
  valid_jwt: v.optional(v.string()),
});
type Context = v.InferOutput<typeof contextSchema>;

const deps = { fetch, clock };
const discovery = createDiscovery(deps);
const toAuthorizationServer = createGuardedFetch(deps, authorizationServerParty);
const { signal } = new AbortController();
const noStore: SecretStore = {
  get: () => Promise.resolve(undefined),
  store: () => Promise.resolve(),
  delete: () => Promise.resolve(),
};

/** Our registration, with the first method both sides know; Basic where the server is silent. */
async function clientAt(issuer: string, { client_id, client_secret }: Context) {
  const { token_endpoint_auth_methods_supported: offered } = await discovery.authorizationServer(
    issuer,
    signal,
  );
  const basic = offered === undefined || offered.includes('client_secret_basic');
  const method = basic ? ('client_secret_basic' as const) : ('client_secret_post' as const);
  return {
    clientId: client_id,
    clientAuthentication: client_secret === undefined ? ('none' as const) : method,
    clientSecret: client_secret === undefined ? undefined : new Secret(client_secret),
  };
}

/** The scenario hands over a finished grant: only the last leg is under test. */
async function redeemGiven(url: string, jwt: string, context: Context): Promise<Secret> {
  const { resource, authorizationServers } = await discovery.resource(url, signal);
  const issuer = authorizationServers[0] ?? '';
  const client = await clientAt(issuer, context);
  const redeemed = await redeemIdJag(
    {
      authorizationServer: await discovery.authorizationServer(issuer, signal),
      client: { ...client, method: client.clientAuthentication, secret: client.clientSecret },
      idJag: { assertion: new Secret(jwt), scopes: [], jtiHash: undefined },
      resource,
    },
    toAuthorizationServer,
  );
  return redeemed.token;
}

async function allLegs(
  url: string,
  context: Context,
  idp: { issuer: string; idToken: string; harness: boolean },
): Promise<Secret> {
  const { authorizationServers } = await discovery.resource(url, signal);
  const client = await clientAt(authorizationServers[0] ?? '', context);
  const identityProvider: IdentityProviderProfile = {
    id: 'idp',
    label: 'IdP',
    issuer: idp.issuer,
    clientId: context.idp_client_id,
    clientAuthentication: 'none',
    clientSecret: undefined,
    scopes: [],
    maxRequests: 4,
  };
  const server = {
    ...client,
    url,
    scopes: [],
    authorizationServer: undefined,
    // Scenarios without an identity provider have an authorization server that knows no such grant.
    grantUnadvertised: idp.harness,
  };
  const subject = { token: new Secret(idp.idToken), kind: 'idToken' as const };
  const { token } = await requestAccess(
    { server, identityProvider, onStep: () => undefined, signal },
    {
      discovery,
      toIdentityProvider: createGuardedFetch(deps, identityProviderParty),
      toAuthorizationServer,
      store: noStore,
      clock,
      subject: () => Promise.resolve(subject),
    },
  );
  return token;
}

async function accessToken(url: string, context: Context): Promise<Secret> {
  if (context.valid_jwt !== undefined) return redeemGiven(url, context.valid_jwt, context);
  const { idp_issuer: issuer, idp_id_token: idToken } = context;
  if (issuer !== undefined && idToken !== undefined) {
    return allLegs(url, context, { issuer, idToken, harness: false });
  }
  const own = await startIdentityProvider(context.client_id);
  try {
    return await allLegs(url, context, { ...own, harness: true });
  } finally {
    process.stderr.write(`identity provider requests: ${own.hits()}\n`);
    own.close();
  }
}

const url = process.argv.at(-1) ?? '';
const context = v.parse(
  v.pipe(v.string(), v.parseJson(), contextSchema),
  process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}',
);
try {
  const token = await accessToken(url, context);
  const tools = await probe({ url, token, clientVersion: '0', signal }, deps);
  process.stdout.write(`tools: ${tools.map(({ name }) => name).join(' ')}\n`);
} catch (error) {
  const { code, facts, cause } = ConnectError.from(error);
  process.stderr.write(`${code} ${JSON.stringify(facts)}\n`);
  if (code === 'bug') process.stderr.write(`${String(cause)}\n`);
  process.exitCode = 1;
}
