// What the identity provider knows about each authorization server.
import type { CryptoKey } from 'jose';
import type { Catalogue, ServerEntry } from './catalogue.ts';
import type { Addresses, Registrations } from './description.ts';
import type { Audience } from './tokenExchange.ts';

export function audiencesOf(
  { authorizationServers, servers }: Catalogue,
  at: Addresses,
  known: { readonly registered: Registrations; readonly encryptTo: CryptoKey | undefined },
): ReadonlyMap<string, Audience> {
  const { registered, encryptTo } = known;
  return new Map(
    authorizationServers.map(({ id }) => {
      const own = servers.filter(({ authorizationServer }) => authorizationServer === id);
      const audience = {
        id,
        issuer: at.issuers.get(id) ?? '',
        clients: registered.authorizationServers.get(id) ?? [],
        resources: new Map<string, ServerEntry>(
          own.map((server) => [at.resources.get(server.id) ?? '', server]),
        ),
      };
      return [id, encryptTo === undefined ? audience : { ...audience, encryptTo }];
    }),
  );
}
