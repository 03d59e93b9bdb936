// The way to one identity provider: at most so many requests at once, none while it is down, with metadata
// that may move.
import { registrationAt } from '../client/clientCredentials.ts';
import type { ClientRegistration } from '../client/clientRegistration.ts';
import { ConnectError } from '../errors.ts';
import { Circuit, type CircuitState, type Passage } from '../http/circuit.ts';
import { followingFetch } from '../http/followingFetch.ts';
import type { GuardedFetch } from '../http/http.ts';
import { Pace } from '../http/pace.ts';
import { WakePatience } from '../http/wakePatience.ts';
import type { Outbound, OutboundLoader } from '../outbound.ts';
import type { ServerMetadata } from 'openid-client';
import type { Clock, Event, Fetch, Log, SecretStore } from '../ports.ts';
import type { IdentityProviderProfile } from '../profile/profile.ts';
import { sameEntry } from '../secret.ts';
import type { SignInClient } from './signIn.ts';

interface Deps {
  readonly fetch: Fetch;
  readonly outbound: OutboundLoader;
  readonly store: SecretStore;
  readonly clock: Clock;
  readonly log: Log;
  /** 0 to 1. */
  readonly random: () => number;
}

interface Known {
  readonly metadata: ServerMetadata;
  readonly registration: ClientRegistration;
  readonly client: SignInClient;
}

type ToIdentityProvider = Outbound & { readonly toIdentityProvider: GuardedFetch };

export class IdentityProviderClient {
  /** It answers again: whoever waits for it may ask. */
  readonly onDidRecover: Event<void>;
  readonly #profile: IdentityProviderProfile;
  readonly #deps: Deps;
  readonly #circuit: Circuit;
  readonly #pace: Pace;
  readonly #patience: WakePatience;
  #known: Known | undefined;

  constructor(profile: IdentityProviderProfile, deps: Deps) {
    this.#profile = profile;
    this.#deps = deps;
    this.#circuit = new Circuit({
      ...deps,
      onListenerError: (error) => {
        deps.log.error('a listener of the identity provider failed', { reason: String(error) });
      },
    });
    this.onDidRecover = this.#circuit.onDidRecover;
    this.#pace = new Pace(profile.maxRequests, deps.clock);
    this.#patience = new WakePatience(deps);
  }

  get circuitState(): CircuitState {
    return this.#circuit.state;
  }

  /** The computer woke, or its network changed. */
  woke(): void {
    this.#patience.woke();
    this.#circuit.retryNow();
  }

  /** The person asks: the next request goes out, also while the identity provider is thought to be down. */
  retryNow(): void {
    this.#circuit.retryNow();
  }

  async outbound(): Promise<ToIdentityProvider> {
    const outbound = await this.#deps.outbound.load();
    const { createGuardedFetch, identityProviderParty } = outbound.protocol;
    const fetch = createGuardedFetch(this.#deps, identityProviderParty);
    const send = (url: string, init: RequestInit) =>
      this.#patience.run(() => this.#heard(fetch(url, init)), init);
    const toIdentityProvider: GuardedFetch = async (url, { urgent, ...init } = {}) => {
      // Told before it queues for a turn, too: those ahead of it may hang for as long as they are let.
      this.#circuit.admit({ urgent });
      return this.#pace.run(() => this.#circuit.run(() => send(url, init), { urgent }));
    };
    const { discovery } = outbound;
    const own: typeof discovery = {
      ...discovery,
      identityProvider: (issuer, signal, through = toIdentityProvider) =>
        discovery.identityProvider(issuer, signal, through),
    };
    return { ...outbound, discovery: own, toIdentityProvider };
  }

  /**
   * The same client, and so the same signature keys, while metadata and credentials stay the same.
   * @throws discovery.*, identityProvider.*, network.*
   */
  async signIn({ urgent = false }: Passage = {}): Promise<SignInClient> {
    const { issuer } = this.#profile;
    const { protocol, discovery, toIdentityProvider } = await this.outbound();
    const urgently: GuardedFetch = (url, init) =>
      toIdentityProvider(url, { ...init, urgent: true });
    const look = (through = toIdentityProvider) =>
      discovery.identityProvider(issuer, new AbortController().signal, through);
    const metadata = await look(urgent ? urgently : toIdentityProvider);
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

  /** What says that it is too much is heard here, an answer or not (RFC 8628 §3.5 has one with 400). */
  async #heard(asked: Promise<Response>): Promise<Response> {
    try {
      const response = await asked;
      if (response.status === 400 && (await isSlowDown(response.clone()))) this.#pace.slowDown();
      return response;
    } catch (error) {
      if (ConnectError.is(error, 'identityProvider.busy')) this.#pace.slowDown();
      throw error;
    }
  }
}

async function isSlowDown(response: Response): Promise<boolean> {
  const body: unknown = await response.json().catch(() => undefined);
  const isObject = typeof body === 'object' && body !== null;
  return isObject && 'error' in body && body.error === 'slow_down';
}
