// One identity provider: the session there, and the connections of every server it decides about.
import pLimit, { type LimitFunction } from 'p-limit';
import type { Access } from './accessRequest.ts';
import type { Choices } from './choices.ts';
import { registrationAt } from './clientSecrets.ts';
import type { ClientRegistration } from './clientRegistration.ts';
import { CompanySession, type SessionChange } from './companySession.ts';
import { Connection, type Closing } from './connection.ts';
import { ConnectError } from './errors.ts';
import type { GuardedFetch } from './http.ts';
import type { Outbound, OutboundLoader } from './outbound.ts';
import type { ServerMetadata } from 'openid-client';
import type { Clock, Disposable, Fetch, Log, OpenUrl, SecretStore } from './ports.ts';
import type { StartRedirectReceiver } from './ports.ts';
import type { IdentityProviderProfile, ServerProfile } from './profile.ts';
import type { SignInClient } from './signIn.ts';
import { isOpen, type ConnectingStep } from './state.ts';
import { createSessionStore } from './storedSession.ts';
import { TokenBroker } from './tokenBroker.ts';

export interface CompanyDeps {
  readonly fetch: Fetch;
  readonly outbound: OutboundLoader;
  readonly store: SecretStore;
  readonly choices: Choices;
  readonly openUrl: OpenUrl;
  readonly startReceiver: StartRedirectReceiver;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly clientVersion: string;
  readonly checkIntervalMs: () => number;
  readonly onDidChange: () => void;
}

/** Signing out waits this long for the other parties before the browser is opened, milliseconds. */
const giveBackMs = 5_000;

export class Company {
  readonly profile: IdentityProviderProfile;
  readonly session: CompanySession;
  readonly connections: readonly Connection[];
  readonly #deps: CompanyDeps;
  /** At most this many requests in flight at the identity provider. */
  readonly #limit: LimitFunction;
  readonly #broker: TokenBroker;
  readonly #subscriptions: readonly Disposable[];
  readonly #givingBack = new Set<Promise<void>>();
  #signingIn: { controller: AbortController; done: Promise<void> } | undefined;
  #accountId: string | undefined;
  #client:
    | { metadata: ServerMetadata; registration: ClientRegistration; client: SignInClient }
    | undefined;

  constructor(
    profile: IdentityProviderProfile,
    servers: readonly ServerProfile[],
    deps: CompanyDeps,
  ) {
    this.profile = profile;
    this.#deps = deps;
    this.#limit = pLimit(profile.maxRequests);
    this.#broker = new TokenBroker({
      clock: deps.clock,
      orphaned: (serverId, access) => {
        const server = servers.find(({ id }) => id === serverId);
        if (server !== undefined) void this.#giveBack(server, access);
      },
    });
    this.session = new CompanySession({
      ...profile,
      client: () => this.#signInClient(),
      store: createSessionStore(profile, deps.store),
      clock: deps.clock,
      log: deps.log,
    });
    this.connections = servers.map((server) => this.#connection(server));
    for (const connection of this.connections) {
      if (deps.choices.isTurnedOff(connection.server.id))
        void connection.close({ type: 'turnedOff' });
    }
    this.#subscriptions = [
      this.session.onDidChange((change) => {
        this.#follow(change);
        deps.onDidChange();
      }),
      ...this.connections.map(({ onDidChange }) => onDidChange(deps.onDidChange)),
    ];
  }

  /** Finds an earlier window's session and connects with it. */
  restore(): Promise<void> {
    return this.session.restore();
  }

  /**
   * Signs in through the browser; a sign-in already under way is given up for this one.
   * @throws user.cancelled, user.timedOut, identityProvider.*, network.*, profile.*
   */
  async signIn(signal: AbortSignal): Promise<void> {
    this.#signingIn?.controller.abort();
    await this.#signingIn?.done.catch(() => undefined);
    const controller = new AbortController();
    const done = this.#runSignIn(AbortSignal.any([signal, controller.signal]));
    const own = { controller, done };
    this.#signingIn = own;
    try {
      await done;
    } finally {
      if (this.#signingIn === own) this.#signingIn = undefined;
    }
  }

  /**
   * Out here at once; then everything is given back where that is possible, then the browser's session.
   * @throws storage.unavailable when the stored session could not be deleted
   */
  async signOut(): Promise<void> {
    this.#signingIn?.controller.abort();
    const { revoke, endSessionUrl, failure } = await this.session.signOut();
    const revoked = revoke().catch((error: unknown) => {
      this.#deps.log.warn('the company sign-in could not be given back', factsOf(error));
    });
    await this.#within(giveBackMs, Promise.all([...this.#givingBack, revoked]));
    if (endSessionUrl !== undefined) await this.#deps.openUrl(endSessionUrl);
    if (failure !== undefined) throw failure;
  }

  /** Connects what is not turned off; `closed` leaves open connections alone. */
  connectAll(which: 'closed' | 'all'): Promise<unknown> {
    const wanted = this.connections.filter(
      ({ server, state }) =>
        !this.#deps.choices.isTurnedOff(server.id) && (which === 'all' || !isOpen(state)),
    );
    return Promise.all(wanted.map((connection) => connection.connect()));
  }

  /** Ends when what was held is given back, best effort. */
  async dispose(): Promise<void> {
    this.#signingIn?.controller.abort();
    this.#subscriptions.forEach((subscription) => {
      subscription.dispose();
    });
    await Promise.all(this.connections.map((connection) => connection.dispose()));
  }

  async #runSignIn(signal: AbortSignal): Promise<void> {
    const receiver = await this.#deps.startReceiver();
    try {
      await this.session.signIn({ openUrl: this.#deps.openUrl, receiver }, signal);
    } finally {
      receiver.dispose();
    }
  }

  /** What a change of the session means for the connections. */
  #follow({ previous, current }: SessionChange): void {
    switch (current.kind) {
      case 'signedIn': {
        // Another person's connections close before anything of the new one opens.
        const changed = current.account.id !== this.#accountId;
        if (changed) this.#closeAll({ type: 'signedOut' });
        this.#accountId = current.account.id;
        if (previous.kind !== 'signedIn' || changed) void this.connectAll('closed');
        break;
      }
      case 'signedOut':
        if (previous.kind !== 'restoring') this.#closeAll({ type: 'signedOut' });
        break;
      case 'ended':
        this.#closeAll({ type: 'sessionEnded', atMs: current.atMs });
        break;
      case 'restoring':
      case 'signingIn':
        break;
    }
  }

  #closeAll(event: Closing): void {
    for (const connection of this.connections) void connection.close(event);
  }

  /** The same client, and so the same signature keys, while metadata and secret stay the same. */
  async #signInClient(): Promise<SignInClient> {
    const { profile } = this;
    const { store } = this.#deps;
    const { protocol, discovery, toIdentityProvider } = await this.#outbound();
    const metadata = await discovery.identityProvider(profile.issuer, new AbortController().signal);
    const missing = 'identityProvider.clientSecretMissing';
    const registration = await registrationAt(profile.issuer, profile, store, missing);
    const known = this.#client;
    if (known?.metadata === metadata && sameSecret(known.registration, registration)) {
      return known.client;
    }
    const { scopes } = profile;
    const fetch = toIdentityProvider;
    const client = protocol.createSignInClient({ metadata, registration, scopes, fetch });
    this.#client = { metadata, registration, client };
    return client;
  }

  #connection(server: ServerProfile): Connection {
    const { choices, clock, fetch, clientVersion } = this.#deps;
    const account = () => this.#accountId ?? '';
    return new Connection(server, {
      ...this.#deps,
      broker: this.#broker,
      mint: (onStep, signal) => this.#mint(server, onStep, signal),
      probe: async (token, signal) => {
        const { protocol } = await this.#outbound();
        const target = { url: server.url, token, clientVersion, signal };
        return protocol.probe(target, { fetch, clock });
      },
      giveBack: (access) => this.#giveBack(server, access),
      history: {
        hadAccess: () => choices.hadAccess(this.profile.id, account(), server.id),
        accessGranted: () => void choices.accessGranted(this.profile.id, account(), server.id),
      },
    });
  }

  async #mint(
    server: ServerProfile,
    onStep: (step: ConnectingStep) => void,
    signal: AbortSignal,
  ): Promise<Access> {
    const request = { server, identityProvider: this.profile, onStep, signal };
    const outbound = await this.#outbound();
    return outbound.protocol.requestAccess(request, {
      ...this.#deps,
      ...outbound,
      subject: (refused) => this.session.subject(refused),
    });
  }

  /** Revokes what was taken out of the broker; best effort, never rejects. */
  #giveBack(server: ServerProfile, access: Access): Promise<void> {
    const { log } = this.#deps;
    const task = this.#revoke(server, access)
      .then(
        (revoked) => {
          log.info(`${server.label}: access ${revoked ? 'given back' : 'cannot be given back'}`);
        },
        (error: unknown) => {
          log.warn(`${server.label}: access could not be given back`, factsOf(error));
        },
      )
      .finally(() => this.#givingBack.delete(task));
    this.#givingBack.add(task);
    return task;
  }

  async #revoke(server: ServerProfile, access: Access): Promise<boolean> {
    const { issuer } = access.authorizationServer;
    const missing = 'redemption.clientSecretMissing';
    const registration = await registrationAt(issuer, server, this.#deps.store, missing);
    const { protocol, toAuthorizationServer } = await this.#outbound();
    return protocol.revokeAccess(access, registration, toAuthorizationServer);
  }

  async #outbound(): Promise<Outbound & { readonly toIdentityProvider: GuardedFetch }> {
    const outbound = await this.#deps.outbound.load();
    const { createGuardedFetch, identityProviderParty } = outbound.protocol;
    const fetch = createGuardedFetch(this.#deps, identityProviderParty);
    return { ...outbound, toIdentityProvider: (url, init) => this.#limit(() => fetch(url, init)) };
  }

  #within(ms: number, task: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#deps.clock.schedule(ms, resolve);
      void task.finally(() => {
        timer.dispose();
        resolve();
      });
    });
  }
}

const sameSecret = (one: ClientRegistration, other: ClientRegistration): boolean =>
  one.secret === undefined || other.secret === undefined
    ? one.secret === other.secret
    : one.secret.equals(other.secret);

const factsOf = (error: unknown) => (ConnectError.is(error) ? error.facts : {});
