// Acme as a whole: takes the ports, then puts every party behind its own.
import express from 'express';
import { createAccessTokens, type AccessTokens } from './accessTokens.ts';
import { createAdminApi } from './adminApi.ts';
import { renderAdminPage } from './adminPage.ts';
import { authorizationServerEndpoints, createAuthorizationServer } from './authorizationServer.ts';
import { createBuilds } from './builds.ts';
import { authorizationServers, servers, type ServerEntry } from './catalogue.ts';
import { registerClients } from './clients.ts';
import { describeCompany, type Description, type Registrations } from './description.ts';
import { createDocs } from './docs.ts';
import { loadEverything } from './everything.ts';
import { createFaults, type FaultSwitches } from './faults.ts';
import { createFront, type Front, type Party } from './front.ts';
import { createIdentityProvider, identityProviderEndpoints } from './identityProvider.ts';
import type { IdentityProvider } from './identityProvider.ts';
import { createLedger } from './ledger.ts';
import type { Listening } from './loopback.ts';
import { createMcpServer, mcpServerEndpoints, type Tools } from './mcpServer.ts';
import { createPolicy } from './policy.ts';
import { takePorts, type Ports } from './ports.ts';
import { createRedemption, type Redemption } from './redemption.ts';
import { sameSiteOnly } from './sameSite.ts';
import { createTickets } from './tickets.ts';
import type { Audience } from './tokenExchange.ts';

export interface Company {
  readonly description: Description;
  close(): Promise<void>;
}

interface House {
  readonly ports: Ports;
  readonly registered: Registrations;
  readonly front: Front;
  readonly faults: FaultSwitches;
  readonly tokens: AccessTokens;
  readonly audiences: ReadonlyMap<string, Audience>;
}

export async function openCompany(options: {
  readonly port: number;
  readonly latencyMs: number;
}): Promise<Company> {
  const ports = await takePorts(options.port);
  const registered = register();
  const ledger = createLedger();
  const faults = createFaults(options.latencyMs);
  const front = createFront({ ledger, faults });
  const tokens = createAccessTokens();
  const policy = createPolicy(servers);
  const audiences = audiencesOf(ports, registered);
  const house: House = { ports, registered, front, faults, tokens, audiences };

  const identityProvider = await createIdentityProvider({
    issuer: ports.identityProvider.origin,
    browserOrigin: `http://acme.localhost:${ports.identityProvider.listening.port}`,
    clients: registered.identityProvider,
    audiences: [...audiences.values()],
    policy,
    front,
  });
  settle(house, ports.identityProvider.listening, identityProvider.listener, {
    kind: 'identityProvider',
    id: 'acme',
    endpoints: identityProviderEndpoints,
    isDown: () => faults.current.identityProviderDown,
  });
  const redemptions = openAuthorizationServers(house, identityProvider);
  const tools = await openServers(house);
  openAdmin(ports, {
    policy,
    faults,
    ledger,
    tokens,
    identityProvider,
    reset: () => {
      policy.reset();
      faults.clear();
      identityProvider.reset();
      tokens.revoke(() => true);
      for (const redemption of redemptions) redemption.forgetUsed();
      for (const { reset } of tools) reset?.();
    },
  });
  return {
    description: describeCompany(ports.addresses, registered),
    close: ports.close,
  };
}

function register(): Registrations {
  return {
    identityProvider: registerClients('enterprise-mcp'),
    authorizationServers: new Map(
      authorizationServers.map(({ id }) => [id, registerClients(`enterprise-mcp-${id}`)]),
    ),
  };
}

/** Puts a party to work; going down also cuts the connections it has. */
function settle(
  { front, faults }: House,
  listening: Listening,
  listener: Parameters<Front['guard']>[1],
  party: Party,
): void {
  listening.serve(front.guard(party, listener));
  faults.onChange(() => {
    if (party.isDown()) listening.cut();
  });
}

function audiencesOf(ports: Ports, registered: Registrations): ReadonlyMap<string, Audience> {
  return new Map(
    authorizationServers.map(({ id }) => {
      const own = servers.filter(({ authorizationServer }) => authorizationServer === id);
      return [
        id,
        {
          issuer: ports.authorizationServers.get(id)?.origin ?? '',
          clients: registered.authorizationServers.get(id) ?? [],
          resources: new Map<string, ServerEntry>(
            own.map((server) => [ports.addresses.urls.get(server.id) ?? '', server]),
          ),
        },
      ];
    }),
  );
}

function openAuthorizationServers(
  house: House,
  identityProvider: IdentityProvider,
): readonly Redemption[] {
  return authorizationServers.flatMap((entry) => {
    const place = house.ports.authorizationServers.get(entry.id);
    const audience = house.audiences.get(entry.id);
    if (place === undefined || audience === undefined) return [];
    const redemption = createRedemption({
      issuer: audience.issuer,
      trustedIssuer: house.ports.identityProvider.origin,
      trustedKeys: identityProvider.publicKeys,
      resources: audience.resources,
    });
    const app = createAuthorizationServer({
      entry,
      issuer: audience.issuer,
      clients: audience.clients,
      scopes: [...audience.resources.values()].flatMap(({ scopes }) => scopes),
      redemption,
      tokens: house.tokens,
      faults: house.faults,
      note: house.front.note,
    });
    settle(house, place.listening, app, {
      kind: 'authorizationServer',
      id: entry.id,
      endpoints: authorizationServerEndpoints,
      isDown: () => house.faults.current.authorizationServerDown.includes(entry.id),
    });
    return [redemption];
  });
}

async function openServers(house: House): Promise<readonly Tools[]> {
  const all = new Map<string, Tools>([
    ['tickets', createTickets()],
    ['docs', createDocs()],
    ['builds', createBuilds()],
    ['everything', await loadEverything()],
  ]);
  for (const entry of servers) {
    const place = house.ports.servers.get(entry.id);
    const tools = all.get(entry.id);
    const issuer = house.audiences.get(entry.authorizationServer)?.issuer;
    if (place === undefined || tools === undefined || issuer === undefined) continue;
    const app = createMcpServer({
      entry,
      url: `${place.origin}/mcp`,
      issuer,
      tools,
      tokens: house.tokens,
      note: house.front.note,
    });
    settle(house, place.listening, app, {
      kind: 'mcpServer',
      id: entry.id,
      endpoints: mcpServerEndpoints,
      isDown: () => house.faults.current.serverDown.includes(entry.id),
    });
  }
  return [...all.values()];
}

function openAdmin(ports: Ports, deps: Parameters<typeof createAdminApi>[0]): void {
  const app = express().disable('x-powered-by').disable('etag');
  app.use(sameSiteOnly);
  app.use('/api', createAdminApi(deps));
  app.get('/', (_request, response) => {
    const { headers, html } = renderAdminPage();
    response.set({ ...headers }).send(html);
  });
  ports.admin.listening.serve(app);
}
