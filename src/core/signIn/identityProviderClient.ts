// The way to one identity provider: at most so many requests at once, with metadata that may move.
import pLimit, { type LimitFunction } from 'p-limit';
import { registrationAt } from '../client/clientCredentials.ts';
import type { ClientRegistration } from '../client/clientRegistration.ts';
import { followingFetch } from '../http/followingFetch.ts';
import type { GuardedFetch } from '../http/http.ts';
import type { Outbound, OutboundLoader } from '../outbound.ts';
import type { ServerMetadata } from 'openid-client';
import type { Clock, Fetch, SecretStore } from '../ports.ts';
import type { IdentityProviderProfile } from '../profile/profile.ts';
import { sameEntry } from '../secret.ts';
import type { SignInClient } from './signIn.ts';

interface Deps {
  readonly fetch: Fetch;
  readonly outbound: OutboundLoader;
  readonly store: SecretStore;
  readonly clock: Clock;
}

interface Known {
  readonly metadata: ServerMetadata;
  readonly registration: ClientRegistration;
  readonly client: SignInClient;
}

export class IdentityProviderClient {
  readonly #profile: IdentityProviderProfile;
  readonly #deps: Deps;
  /** At most this many requests in flight. */
  readonly #limit: LimitFunction;
  #known: Known | undefined;

  constructor(profile: IdentityProviderProfile, deps: Deps) {
    this.#profile = profile;
    this.#deps = deps;
    this.#limit = pLimit(profile.maxRequests);
  }

  async outbound(): Promise<Outbound & { readonly toIdentityProvider: GuardedFetch }> {
    const outbound = await this.#deps.outbound.load();
    const { createGuardedFetch, identityProviderParty } = outbound.protocol;
    const fetch = createGuardedFetch(this.#deps, identityProviderParty);
    return { ...outbound, toIdentityProvider: (url, init) => this.#limit(() => fetch(url, init)) };
  }

  /**
   * The same client, and so the same signature keys, while metadata and credentials stay the same.
   * @throws discovery.*, identityProvider.*, network.*
   */
  async signIn(): Promise<SignInClient> {
    const { issuer } = this.#profile;
    const { protocol, discovery, toIdentityProvider } = await this.outbound();
    const look = () => discovery.identityProvider(issuer, new AbortController().signal);
    const metadata = await look();
    const registration = await registrationAt(
      issuer,
      this.#profile,
      this.#deps.store,
      'identityProvider',
    );
    const known = this.#known;
    if (known?.metadata === metadata && sameEntry(known.registration, registration)) {
      return known.client;
    }
    const client = protocol.createSignInClient({
      metadata,
      registration,
      scopes: this.#profile.scopes,
      pkceUnadvertised: this.#profile.pkceUnadvertised,
      fetch: followingFetch(toIdentityProvider, metadata, async () =>
        discovery.outdated(issuer) ? look() : undefined,
      ),
      clock: this.#deps.clock,
    });
    this.#known = { metadata, registration, client };
    return client;
  }
}
