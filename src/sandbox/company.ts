// A company as a whole: takes the ports, then puts every party behind its own.
import express from 'express';
import { generateKeyPair, type JWK } from 'jose';
import { createAccessTokens } from './accessTokens.ts';
import { createAdminApi } from './adminApi.ts';
import { renderAdminPage } from './adminPage.ts';
import { audiencesOf } from './audiences.ts';
import { openAuthorizationServers } from './authorizationServers.ts';
import { catalogueOf, type Catalogue } from './catalogue.ts';
import { clientDocuments, documentParty } from './clientDocuments.ts';
import { createClientKeys, type ClientKeys } from './clientKeys.ts';
import { registerClients } from './clients.ts';
import { describeCompany, type Description, type Registrations } from './description.ts';
import { createEmergencyStop } from './emergencyStop.ts';
import { createFaults } from './faults.ts';
import { createFront } from './front.ts';
import { settle, type House } from './house.ts';
import { createIdentityProvider, identityProviderEndpoints } from './identityProvider.ts';
import type { IdentityProvider } from './identityProvider.ts';
import { createLedger, type Ledger } from './ledger.ts';
import type { Tools } from './mcpServer.ts';
import { openMcpServers } from './mcpServers.ts';
import { createPolicy, type Policy } from './policy.ts';
import { takePorts, type Ports } from './ports.ts';
import { sameSiteOnly } from './sameSite.ts';
import type { IdentityProviderSetup, Setup } from './setup.ts';
import { createSharedSignals } from './sharedSignals.ts';

const identityProviderId = 'acme';

export interface Company {
  readonly description: Description;
  /** Makes a device's public key the one of a client of the identity provider. */
  readonly registerKey: IdentityProvider['registerKey'];
  close(): Promise<void>;
}

export async function openCompany(options: {
  readonly port: number;
  readonly latencyMs: number;
  readonly setup?: Setup;
}): Promise<Company> {
  const { port, latencyMs, setup = {} } = options;
  const ledger = createLedger();
  const house = await build({ port, latencyMs, setup, ledger });
  const { ports, catalogue, registered, faults, tokens, issuer } = house;
  const policy = createPolicy(catalogue.servers);
  const identityProvider = await openIdentityProvider(house, policy);
  const redemptions = openAuthorizationServers(house, identityProvider.publicKeys);
  const tools = await openMcpServers(house);
  const documents = createClientKeys();
  const signed = await openSigned(house);
  const { emergencyStop, sharedSignals } = signed;
  openAdmin(ports, documents, {
    ...signed,
    ...{ catalogue, policy, faults, ledger, tokens, identityProvider },
    keyRegistrations: new Map<string, (clientId: string, jwk: JWK) => void>([
      [identityProviderId, identityProvider.registerKey],
      [documentParty, documents.register],
      ...[...house.clientKeys].map(([id, keys]) => [id, keys.register] as const),
    ]),
    rewrites: rewritesOf(catalogue, tools),
    reset: async () => {
      await emergencyStop?.publish({});
      sharedSignals?.reset();
      policy.reset();
      faults.clear();
      identityProvider.reset();
      tokens.revoke(() => true);
      for (const redemption of redemptions) redemption.forgetUsed();
      for (const { reset } of tools) reset?.();
    },
  });
  const addresses = { ...ports.addresses, identityProvider: issuer };
  return {
    description: describeCompany(addresses, registered, {
      ...catalogue,
      setup: setup.identityProvider ?? {},
      emergencyStop: emergencyStop?.profile,
      sharedSignals: sharedSignals?.profile,
    }),
    registerKey: identityProvider.registerKey,
    close: ports.close,
  };
}

const rewritesOf = ({ servers }: Catalogue, tools: readonly Tools[]) =>
  new Map(
    servers.flatMap(({ id }, index): [string, () => void][] => {
      const rewrite = tools[index]?.rewrite;
      return rewrite === undefined ? [] : [[id, rewrite]];
    }),
  );

async function build(options: {
  readonly port: number;
  readonly latencyMs: number;
  readonly setup: Setup;
  readonly ledger: Ledger;
}): Promise<House> {
  const { setup } = options;
  const idp = setup.identityProvider ?? {};
  const catalogue = catalogueOf(setup);
  const ports = await takePorts(options.port, catalogue);
  const registered = register(idp, catalogue);
  const faults = createFaults(options.latencyMs);
  const secrecy = idp.encryptsIdJags === true ? await generateKeyPair('ECDH-ES') : undefined;
  const known = { registered, encryptTo: secrecy?.publicKey };
  return {
    ...{ setup, catalogue, ports, registered, faults },
    issuer: ports.identityProvider.origin + (idp.issuerPath ?? ''),
    front: createFront({ ledger: options.ledger, faults }),
    tokens: createAccessTokens(),
    audiences: audiencesOf(catalogue, ports.addresses, known),
    clientKeys: new Map(
      catalogue.authorizationServers.map(({ id }): [string, ClientKeys] => [
        id,
        createClientKeys(),
      ]),
    ),
    decryptWith: secrecy?.privateKey,
  };
}

function register(
  { clientAuthentication }: IdentityProviderSetup,
  { authorizationServers }: Catalogue,
): Registrations {
  return {
    identityProvider: registerClients('enterprise-mcp', clientAuthentication),
    authorizationServers: new Map(
      authorizationServers.map((one) => [
        one.id,
        registerClients(`enterprise-mcp-${one.id}`, one.clientAuthentication),
      ]),
    ),
  };
}

async function openIdentityProvider(house: House, policy: Policy): Promise<IdentityProvider> {
  const { ports, registered, front, faults, audiences, issuer, setup } = house;
  const { listening } = ports.identityProvider;
  const identityProvider = await createIdentityProvider({
    ...{ issuer, policy, front },
    setup: setup.identityProvider ?? {},
    browserOrigin: `http://acme.localhost:${listening.port}`,
    clients: registered.identityProvider,
    audiences: [...audiences.values()],
  });
  settle(house, listening, identityProvider.listener, {
    kind: 'identityProvider',
    id: identityProviderId,
    endpoints: identityProviderEndpoints(issuer),
    isDown: () => faults.current.identityProviderDown,
  });
  return identityProvider;
}

/** What the organization says to everybody at once, where the set-up wants it to. */
async function openSigned({ setup, ports, issuer }: House) {
  const { origin } = ports.admin;
  return {
    emergencyStop:
      setup.emergencyStop === true
        ? await createEmergencyStop(`${origin}/emergency-stop`)
        : undefined,
    sharedSignals:
      setup.sharedSignals === true
        ? await createSharedSignals(`${origin}/signals`, issuer)
        : undefined,
  };
}

function openAdmin(
  { admin }: Ports,
  documents: ClientKeys,
  deps: Parameters<typeof createAdminApi>[0],
): void {
  const app = express().disable('x-powered-by').disable('etag');
  app.use(sameSiteOnly);
  app.use('/api', createAdminApi(deps));
  const { emergencyStop, sharedSignals } = deps;
  if (emergencyStop !== undefined) app.get('/emergency-stop', emergencyStop.handler);
  if (sharedSignals !== undefined) app.use('/signals', express.json(), sharedSignals.router);
  app.use('/clients', clientDocuments(documents, admin.origin));
  app.get('/', (_request, response) => {
    const { headers, html } = renderAdminPage();
    response.set({ ...headers }).send(html);
  });
  admin.listening.serve(app);
}
