// What a company runs: its people, its servers and who guards them. Everything else is derived from here.
import type { AuthorizationServerSetup, ServerSetup, Setup } from './setup.ts';

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly username: string;
  readonly password: string;
  readonly email: string;
}

export type AuthorizationServerEntry = AuthorizationServerSetup;

export interface ServerEntry extends ServerSetup {
  /** Who may use it before an administrator changes anything. */
  readonly people: readonly string[];
}

export interface Catalogue {
  readonly authorizationServers: readonly AuthorizationServerEntry[];
  readonly servers: readonly ServerEntry[];
}

export const organization = 'Acme';

const person = (id: string, name: string): Person => ({
  id,
  name,
  username: id,
  password: id,
  email: `${id}@acme.example`,
});

export const people: readonly Person[] = [
  person('alice', 'Alice Archer'),
  person('bob', 'Bob Baker'),
  person('carol', 'Carol Cooper'),
];

const authorizationServers: readonly AuthorizationServerEntry[] = [
  { id: 'tickets', label: 'Tickets' },
  { id: 'docs', label: 'Docs' },
  { id: 'platform', label: 'Platform' },
];

export const acmeServers: readonly ServerEntry[] = [
  {
    id: 'tickets',
    label: 'Tickets',
    authorizationServer: 'tickets',
    scopes: ['tickets:read', 'tickets:write'],
    people: ['alice'],
  },
  {
    id: 'docs',
    label: 'Docs',
    authorizationServer: 'docs',
    scopes: ['docs:read'],
    people: ['alice', 'bob'],
  },
  {
    id: 'builds',
    label: 'Builds',
    authorizationServer: 'platform',
    scopes: ['builds:run'],
    people: ['alice'],
  },
  {
    id: 'everything',
    label: 'Everything',
    authorizationServer: 'platform',
    scopes: ['everything:use'],
    people: ['alice'],
  },
];

/** What the company of this set-up runs: Acme's own where it does not say. */
export function catalogueOf(setup: Setup): Catalogue {
  const guards = setup.authorizationServers ?? authorizationServers;
  const all = setup.servers?.map((one) => ({ people: ['alice'], ...one })) ?? acmeServers;
  return {
    authorizationServers: guards,
    servers: all.filter(({ authorizationServer }) =>
      guards.some(({ id }) => id === authorizationServer),
    ),
  };
}

/** The resource identifier a server has, and the audience of the access it takes. */
export function resourceOf({ resource }: ServerSetup, url: string): string {
  if (resource === undefined) return url;
  if (resource === 'origin') return new URL(url).origin;
  return resource.startsWith('/') ? new URL(url).origin + resource : resource;
}
