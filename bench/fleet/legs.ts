// What the scheduler calls when it has decided to ask: the requests themselves, without what is in them. All that
// decides when, how often and by which window is the product's own.
import type { Access } from '../../src/core/access/accessRequest.ts';
import { bearerToken } from '../../src/core/access/accessToken.ts';
import { delay } from '../../src/core/delay.ts';
import { ConnectError } from '../../src/core/errors.ts';
import {
  authorizationServerParty,
  createGuardedFetch,
  identityProviderParty,
} from '../../src/core/http/http.ts';
import type { Outbound, OutboundLoader, Protocol } from '../../src/core/outbound.ts';
import type { Clock, Fetch } from '../../src/core/ports.ts';
import { Secret } from '../../src/core/secret.ts';
import type { IdToken, SignInClient, SignInDeps } from '../../src/core/signIn/signIn.ts';
import { endpointOf } from './identityProvider.ts';

export const account = { id: 'employee', label: 'employee@acme.example' };
/** Discovery, redemption and the server itself. */
const otherPartiesMs = 400;

interface LegDeps {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** What servers give. */
  readonly tokenLifeMs: number;
  readonly idTokenLifeMs: number;
}

const metadata = { issuer: 'https://idp.example' };
const target = {
  resource: 'https://server.example/mcp',
  authorizationServer: { issuer: 'https://auth.example' },
  identityProvider: metadata,
  binding: undefined,
};

export function outboundLegs(deps: LegDeps): OutboundLoader {
  const names = { count: 0 };
  const fresh = () => new Secret(`${++names.count}`);
  const protocol: Pick<
    Protocol,
    | 'requestAccess'
    | 'probe'
    | 'createSignInClient'
    | 'createGuardedFetch'
    | 'identityProviderParty'
    | 'revokeAccess'
  > = {
    createGuardedFetch,
    identityProviderParty,
    requestAccess: (request, own) => requestAccess(request, own, { ...deps, fresh }),
    probe: async ({ signal }, { clock }) => {
      await delay(otherPartiesMs / 2, clock, signal);
      return { tools: [{ name: 'search', readOnly: true }], version: '2025-11-25' };
    },
    createSignInClient: (own) => signInClient(own, { ...deps, fresh }),
    revokeAccess: () => Promise.resolve(false),
  };
  const discovery: Pick<Outbound['discovery'], 'identityProvider' | 'outdated'> = {
    identityProvider: () => Promise.resolve(metadata),
    outdated: () => false,
  };
  const outbound = {
    protocol,
    discovery,
    toAuthorizationServer: createGuardedFetch(deps, authorizationServerParty),
  };
  // Keys and the rest of discovery are asked for by what is left out here.
  return {
    load: () => Promise.resolve(outbound as Outbound),
    forget: () => undefined,
    forgetEverything: () => undefined,
  };
}

interface Making extends LegDeps {
  readonly fresh: () => Secret;
}

async function requestAccess(
  ...[request, own, { clock, fresh, tokenLifeMs }]: [
    ...Parameters<Protocol['requestAccess']>,
    Making,
  ]
): Promise<Access> {
  request.onStep('discovery');
  await own.prove(async () => {
    if (request.signal.aborted) throw ConnectError.from(request.signal.reason);
    await own.toIdentityProvider(endpointOf('exchange'), { method: 'POST' });
    return { rotated: undefined };
  });
  await delay(otherPartiesMs / 2, clock, request.signal);
  return {
    token: bearerToken(fresh()),
    scopes: request.scopes,
    receivedAt: { monotonicMs: clock.monotonic(), wallMs: clock.now() },
    lifeMs: Math.min(tokenLifeMs, own.tokenCapMs),
    serverLifeMs: tokenLifeMs,
    authorizationServer: target.authorizationServer,
    target,
  };
}

function signInClient(
  { fetch }: SignInDeps,
  { clock, fresh, idTokenLifeMs }: Making,
): SignInClient {
  const idToken = (): IdToken => ({
    token: fresh(),
    expiresAtMs: clock.now() + idTokenLifeMs,
    membership: { emailDomain: undefined, hostedDomain: undefined, tenant: undefined },
  });
  return {
    signIn: async () => {
      await fetch(endpointOf('signIn'), { method: 'POST', urgent: true });
      return { account, idToken: idToken(), refreshToken: fresh() };
    },
    refresh: async (_, __, onRotated) => {
      await fetch(endpointOf('refresh'), { method: 'POST' });
      await onRotated(fresh());
      return idToken();
    },
    revoke: () => Promise.resolve(false),
    endSessionUrl: () => undefined,
  };
}
