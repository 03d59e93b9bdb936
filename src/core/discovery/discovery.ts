// Who guards an MCP server, learnt from metadata that only confirms what the profile pinned, kept as long
// as its sender allows and shared by all servers with the same authorization server.
import { authorizationServerParty, createGuardedFetch, type GuardedFetch } from '../http/http.ts';
import { identityProviderParty, mcpServerParty } from '../http/http.ts';
import {
  authorizationServerCodes,
  findIssuerMetadata,
  identityProviderCodes,
} from './issuerMetadata.ts';
import { MetadataCache } from './metadataCache.ts';
import type { Clock, Fetch } from '../ports.ts';
import {
  expectResource,
  findResourceMetadata,
  type ResourceExpectation,
  type ResourceMetadata,
} from './resourceMetadata.ts';
import type { ServerMetadata } from 'openid-client';
import { authorizationServerPlaces, identityProviderPlaces } from './wellKnown.ts';

export type { ResourceMetadata, ServerMetadata };

export interface Discovery {
  /**
   * RFC 9728 metadata of an MCP server, as the profile expects it.
   * @throws discovery.resourceMetadataMissing, discovery.resourceMismatch, discovery.metadataInvalid, network.*,
   *   server.unavailable
   */
  resource(
    url: string,
    signal: AbortSignal,
    expected?: ResourceExpectation,
  ): Promise<ResourceMetadata>;
  /**
   * RFC 8414 metadata.
   * @throws discovery.metadataMissing, discovery.issuerMismatch, discovery.metadataInvalid, network.*,
   *   redemption.unavailable
   */
  authorizationServer(issuer: string, signal: AbortSignal): Promise<ServerMetadata>;
  /**
   * OpenID Provider metadata of the company's identity provider.
   * @param through the way there, where it is shared with other requests
   * @throws identityProvider.metadataInvalid, identityProvider.unavailable, network.*
   */
  identityProvider(
    issuer: string,
    signal: AbortSignal,
    through?: GuardedFetch,
  ): Promise<ServerMetadata>;
  /** Drops what is known of `issuer`; true when that was old enough for a new look to be worth it. */
  outdated(issuer: string): boolean;
  /** Forgets everything, e.g. before a person asks to reconnect. */
  forget(): void;
}

const anyResource: ResourceExpectation = { resource: undefined, resourceMatch: 'prefix' };

export function createDiscovery(deps: { fetch: Fetch; clock: Clock }): Discovery {
  const toServer = createGuardedFetch(deps, mcpServerParty);
  const toAuthorizationServer = createGuardedFetch(deps, authorizationServerParty);
  const toIdentityProvider = createGuardedFetch(deps, identityProviderParty);
  const resources = new MetadataCache<ResourceMetadata>(deps.clock);
  const authorizationServers = new MetadataCache<ServerMetadata>(deps.clock);
  const identityProviders = new MetadataCache<ServerMetadata>(deps.clock);
  return {
    resource: async (url, signal, expected = anyResource) => {
      const published = await resources.get(url, signal, (own) =>
        findResourceMetadata(toServer, url, own),
      );
      return expectResource(published, url, expected);
    },
    authorizationServer: (issuer, signal) =>
      authorizationServers.get(issuer, signal, (own) =>
        findIssuerMetadata(issuer, authorizationServerPlaces(issuer), {
          fetch: toAuthorizationServer,
          codes: authorizationServerCodes,
          signal: own,
        }),
      ),
    identityProvider: (issuer, signal, through = toIdentityProvider) =>
      identityProviders.get(issuer, signal, (own) =>
        findIssuerMetadata(issuer, identityProviderPlaces(issuer), {
          fetch: through,
          codes: identityProviderCodes,
          signal: own,
        }),
      ),
    outdated: (issuer) => {
      const dropped = [authorizationServers.outdated(issuer), identityProviders.outdated(issuer)];
      return dropped.includes(true);
    },
    forget: () => {
      resources.clear();
      authorizationServers.clear();
      identityProviders.clear();
    },
  };
}
