// What Acme runs: its people, its servers and who guards them. Everything else is derived from here.

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly username: string;
  readonly password: string;
  readonly email: string;
}

export interface AuthorizationServerEntry {
  readonly id: string;
  readonly label: string;
}

export interface ServerEntry {
  readonly id: string;
  readonly label: string;
  readonly authorizationServer: string;
  readonly scopes: readonly string[];
  /** Who may use it before an administrator changes anything. */
  readonly people: readonly string[];
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

export const authorizationServers: readonly AuthorizationServerEntry[] = [
  { id: 'tickets', label: 'Tickets' },
  { id: 'docs', label: 'Docs' },
  { id: 'platform', label: 'Platform' },
];

export const servers: readonly ServerEntry[] = [
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
