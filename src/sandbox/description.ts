// The company in one document: every address, client and person, and a profile ready to paste.
import {
  organization,
  people,
  type Catalogue,
  type Person,
  type ServerEntry,
} from './catalogue.ts';
import type { Client } from './clients.ts';
import type { IdentityProviderSetup } from './setup.ts';

export interface Addresses {
  readonly identityProvider: string;
  readonly admin: string;
  /** Issuer per authorization server. */
  readonly issuers: ReadonlyMap<string, string>;
  /** URL of the MCP endpoint per server. */
  readonly urls: ReadonlyMap<string, string>;
  /** Resource identifier per server. */
  readonly resources: ReadonlyMap<string, string>;
}

export interface Registrations {
  readonly identityProvider: readonly Client[];
  readonly authorizationServers: ReadonlyMap<string, readonly Client[]>;
}

export interface Description {
  readonly organization: string;
  readonly identityProvider: { readonly issuer: string; readonly clients: readonly Client[] };
  readonly authorizationServers: readonly {
    readonly id: string;
    readonly issuer: string;
    readonly clients: readonly Client[];
  }[];
  readonly servers: readonly {
    readonly id: string;
    readonly label: string;
    readonly url: string;
    readonly authorizationServer: string;
    readonly scopes: readonly string[];
  }[];
  readonly people: readonly Omit<Person, 'name'>[];
  readonly admin: { readonly page: string; readonly api: string };
  readonly profile: Record<string, unknown>;
}

/** Where the organization speaks to everybody at once, as the profile has it. */
export interface Signed {
  readonly emergencyStop?: object | undefined;
  readonly sharedSignals?: object | undefined;
}

const of = <T>(map: ReadonlyMap<string, T>, id: string): T => {
  const found = map.get(id);
  if (found === undefined) throw new Error(`nothing known of ${id}`);
  return found;
};

export function describeCompany(
  at: Addresses,
  registered: Registrations,
  company: Catalogue & { readonly setup: IdentityProviderSetup } & Signed,
): Description {
  const { authorizationServers, servers } = company;
  return {
    organization,
    identityProvider: { issuer: at.identityProvider, clients: registered.identityProvider },
    authorizationServers: authorizationServers.map(({ id }) => ({
      id,
      issuer: of(at.issuers, id),
      clients: of(registered.authorizationServers, id),
    })),
    servers: servers.map(({ id, label, scopes, authorizationServer }) => ({
      id,
      label,
      url: of(at.urls, id),
      authorizationServer: of(at.issuers, authorizationServer),
      scopes,
    })),
    people: people.map(({ id, username, password, email }) => ({ id, username, password, email })),
    admin: { page: `${at.admin}/`, api: `${at.admin}/api` },
    profile: profileOf(at, registered, company),
  };
}

/** The organization profile an administrator would hand out, with public clients everywhere. */
function profileOf(
  at: Addresses,
  registered: Registrations,
  { servers, setup, ...signed }: Catalogue & { readonly setup: IdentityProviderSetup } & Signed,
) {
  const identityProvider = organization.toLowerCase();
  return {
    organization,
    identityProviders: [
      {
        id: identityProvider,
        label: organization,
        issuer: at.identityProvider,
        ...publicOf(registered.identityProvider),
        ...(signed.sharedSignals === undefined ? {} : { sharedSignals: signed.sharedSignals }),
      },
    ],
    ...(signed.emergencyStop === undefined ? {} : { emergencyStop: signed.emergencyStop }),
    servers: servers.map((server: ServerEntry) => ({
      id: server.id,
      label: server.label,
      url: of(at.urls, server.id),
      identityProvider,
      authorizationServer: of(at.issuers, server.authorizationServer),
      ...publicOf(of(registered.authorizationServers, server.authorizationServer)),
      ...aliasOf(setup, server),
      scopes: server.scopes,
    })),
  };
}

/** What the identity provider calls the authorization server, where it has a name of its own for it. */
function aliasOf({ audienceAliases }: IdentityProviderSetup, server: ServerEntry) {
  const audience = audienceAliases?.[server.authorizationServer];
  return audience === undefined ? {} : { audience };
}

function publicOf(clients: readonly Client[]) {
  const client = clients.find((one) => one.clientAuthentication === 'none') ?? clients[0];
  if (client === undefined) throw new Error('there is no client');
  return { clientId: client.clientId, clientAuthentication: client.clientAuthentication };
}

/** For a person at a terminal. */
export function summarize({
  admin,
  identityProvider,
  servers: list,
  profile,
}: Description): string {
  const names = people.map(({ username }) => username).join(', ');
  return `${organization} is open for business.

  Administration     ${admin.page}
  Identity provider  ${identityProvider.issuer}
  People             ${names} (the password is the user name)
${list.map(({ label, url }) => `  ${label.padEnd(17)}  ${url}`).join('\n')}

To point VS Code at it, put this into your settings:

"enterpriseMcp.profile": ${JSON.stringify(profile, undefined, 2)}

Stop with Ctrl+C.
`;
}
