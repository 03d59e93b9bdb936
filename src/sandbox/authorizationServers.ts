// Every authorization server of the company, put to work.
import { authorizationServerEndpoints, createAuthorizationServer } from './authorizationServer.ts';
import { endpointsOf } from './authorizationServerMetadata.ts';
import type { AuthorizationServerEntry } from './catalogue.ts';
import { createClientCheck } from './clientCheck.ts';
import { createClientKeys } from './clientKeys.ts';
import { createProofCheck } from './dpopProof.ts';
import { settle, type House } from './house.ts';
import { createInteractions } from './interactions.ts';
import type { PublicKeys } from './publicKeys.ts';
import { createRedemption, type Redemption } from './redemption.ts';

export function openAuthorizationServers(
  house: House,
  trustedKeys: PublicKeys,
): readonly Redemption[] {
  return house.catalogue.authorizationServers.flatMap((entry) =>
    openAuthorizationServer(house, entry, trustedKeys),
  );
}

function openAuthorizationServer(
  house: House,
  entry: AuthorizationServerEntry,
  trustedKeys: PublicKeys,
): readonly Redemption[] {
  const { ports, tokens, faults, front } = house;
  const place = ports.authorizationServers.get(entry.id);
  const elsewhere = ports.tokenEndpoints.get(entry.id);
  const audience = house.audiences.get(entry.id);
  if (place === undefined || audience === undefined) return [];
  const { issuer, clients, resources } = audience;
  const endpoints = endpointsOf(entry, issuer, elsewhere?.origin);
  const interactions =
    entry.interaction &&
    createInteractions(
      entry.interaction,
      // A name of its own, as the identity provider's pages: VS Code in a browser rewrites 127.0.0.1.
      (id) => `http://acme.localhost:${place.listening.port}${endpoints.pages}/interaction/${id}`,
    );
  const redemption = createRedemption({
    ...{ issuer, trustedKeys, resources, interactions, rules: entry },
    trustedIssuer: house.issuer,
    decryptWith: house.decryptWith,
  });
  const app = createAuthorizationServer({
    ...{ entry, endpoints, redemption, interactions, tokens, faults },
    clientCheck: createClientCheck({
      ...{ clients, issuer, tokenEndpoint: endpoints.token },
      keys: house.clientKeys.get(entry.id) ?? createClientKeys(),
      assertionRules: entry.clientAssertion ?? {},
      documents: entry.clientIdMetadataDocuments ?? false,
    }),
    proofCheck: createProofCheck({ nonces: entry.dpop === 'nonce' }),
    scopes: [...resources.values()].flatMap(({ scopes }) => scopes),
    note: front.note,
  });
  for (const { listening } of [place, ...(elsewhere === undefined ? [] : [elsewhere])]) {
    settle(house, listening, app, {
      kind: 'authorizationServer',
      id: entry.id,
      endpoints: authorizationServerEndpoints(endpoints),
      isDown: () => faults.current.authorizationServerDown.includes(entry.id),
    });
  }
  return [redemption];
}
