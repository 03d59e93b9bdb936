// One identity provider of the sandbox in this process, with an authorization server that is only a name.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createFaults } from '../../../src/sandbox/faults.ts';
import { createFront } from '../../../src/sandbox/front.ts';
import { createIdentityProvider } from '../../../src/sandbox/identityProvider.ts';
import type { IdentityProvider } from '../../../src/sandbox/identityProvider.ts';
import { identityProviderEndpoints } from '../../../src/sandbox/identityProvider.ts';
import { createLedger, type Ledger } from '../../../src/sandbox/ledger.ts';
import { registerClients } from '../../../src/sandbox/clients.ts';
import { createPolicy } from '../../../src/sandbox/policy.ts';
import type { IdentityProviderSetup } from '../../../src/sandbox/setup.ts';
import type { Audience } from '../../../src/sandbox/tokenExchange.ts';
import type { CompanyLine } from './employee.ts';

export interface VendorIdentityProvider {
  readonly line: CompanyLine;
  readonly identityProvider: IdentityProvider;
  readonly ledger: Ledger;
  stop(): void;
}

const server = {
  id: 'tickets',
  label: 'Tickets',
  authorizationServer: 'tickets',
  scopes: ['tickets:read', 'tickets:write'],
  people: ['alice'],
};
const url = 'https://tickets.example/mcp';
const audienceIssuer = 'https://auth.tickets.example';

export async function startVendorIdentityProvider(
  setup: IdentityProviderSetup,
  audience: Partial<Audience> = {},
): Promise<VendorIdentityProvider> {
  const http = createServer();
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}${setup.issuerPath ?? ''}`;
  const clients = registerClients('enterprise-mcp', setup.clientAuthentication);
  const there = registerClients('enterprise-mcp-tickets', setup.clientAuthentication);
  const ledger = createLedger();
  const front = createFront({ ledger, faults: createFaults(0) });
  const identityProvider = await createIdentityProvider({
    issuer,
    browserOrigin: `http://acme.localhost:${port}`,
    clients,
    audiences: [
      {
        id: 'tickets',
        issuer: audienceIssuer,
        clients: there,
        resources: new Map([[url, server]]),
        ...audience,
      },
    ],
    policy: createPolicy([server]),
    front,
    setup,
  });
  const party = {
    kind: 'identityProvider',
    id: 'acme',
    endpoints: identityProviderEndpoints(issuer),
    isDown: () => false,
  } as const;
  http.on('request', front.guard(party, identityProvider.listener));
  return {
    line: {
      identityProvider: { issuer, clients },
      authorizationServers: [{ id: 'tickets', issuer: audienceIssuer, clients: there }],
      servers: [{ ...server, url, authorizationServer: audienceIssuer }],
    },
    identityProvider,
    ledger,
    stop: () => {
      http.close();
      http.closeAllConnections();
    },
  };
}
