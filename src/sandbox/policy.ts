// Who may use what: person × server × scopes. The only place that decides.
import type { ServerEntry } from './catalogue.ts';

export interface Policy {
  /** Scopes the person has on the server, none when there is no grant. */
  scopesOf(person: string, server: string): readonly string[];
  grant(person: string, server: string, scopes: readonly string[]): void;
  remove(person: string, server: string): void;
  /** Back to the grants a company starts with. */
  readonly reset: () => void;
}

export function createPolicy(servers: readonly ServerEntry[]): Policy {
  const grants = new Map<string, readonly string[]>();
  const key = (person: string, server: string) => `${person} ${server}`;
  function reset(): void {
    grants.clear();
    for (const { id, people, scopes } of servers) {
      for (const person of people) grants.set(key(person, id), scopes);
    }
  }
  reset();
  return {
    scopesOf: (person, server) => grants.get(key(person, server)) ?? [],
    grant: (person, server, scopes) => grants.set(key(person, server), scopes),
    remove: (person, server) => grants.delete(key(person, server)),
    reset,
  };
}
