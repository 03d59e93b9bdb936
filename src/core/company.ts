// One identity provider: the session there, and the connections of every server it decides about.
import type { Access } from './access/accessRequest.ts';
import { AccessReturns } from './connection/accessReturns.ts';
import type { Choices } from './choices.ts';
import { needyClients, type NeedyClient } from './client/clientOwners.ts';
import { CompanySession, type SessionChange } from './signIn/companySession.ts';
import type { Closing } from './connection/closing.ts';
import { Connection } from './connection/connection.ts';
import { ConnectError } from './errors.ts';
import { IdentityProviderClient } from './signIn/identityProviderClient.ts';
import type { OutboundLoader } from './outbound.ts';
import type { Clock, Disposable, Fetch, Log, OpenUrl, SecretStore } from './ports.ts';
import type { ShowCode, StartRedirectReceiver } from './ports.ts';
import type { IdentityProviderProfile, ServerProfile } from './profile/profile.ts';
import { sameEntry } from './secret.ts';
import type { MintRequest } from './connection/serverAccess.ts';
import { isOpen } from './connection/state.ts';
import { isDemand, stepUpFor, type StepUp } from './signIn/stepUp.ts';
import { createSessionStore } from './signIn/storedSession.ts';
import { TokenBroker } from './connection/tokenBroker.ts';

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

export interface SignInOptions {
  /** Sign in with a code instead of the browser on this computer. */
  readonly withCode?: ShowCode | undefined;
}

/** Signing out waits this long for the other parties before the browser is opened, milliseconds. */
const giveBackMs = 5_000;

export class Company {
  readonly profile: IdentityProviderProfile;
  readonly session: CompanySession;
  readonly #deps: CompanyDeps;
  readonly #client: IdentityProviderClient;
  readonly #broker: TokenBroker;
  readonly #subscription: Disposable;
  readonly #members = new Map<string, { connection: Connection; subscription: Disposable }>();
  readonly #returns: AccessReturns;
  #signingIn: { controller: AbortController; done: Promise<void> } | undefined;
  #accountId: string | undefined;

  constructor(
    profile: IdentityProviderProfile,
    servers: readonly ServerProfile[],
    deps: CompanyDeps,
  ) {
    this.profile = profile;
    this.#deps = deps;
    this.#client = new IdentityProviderClient(profile, deps);
    this.#returns = new AccessReturns(deps);
    this.#broker = new TokenBroker({
      clock: deps.clock,
      orphaned: (_, access) => void this.#returns.giveBack(access),
    });
    this.session = new CompanySession({
      ...profile,
      client: () => this.#client.signIn(),
      store: createSessionStore(profile, deps.store),
      clock: deps.clock,
      log: deps.log,
    });
    this.#subscription = this.session.onDidChange((change) => {
      this.#follow(change);
      deps.onDidChange();
    });
    this.update(servers);
  }

  get connections(): readonly Connection[] {
    return [...this.#members.values()].map(({ connection }) => connection);
  }

  /** Registrations that wait for something of this computer. */
  get needyClients(): readonly NeedyClient[] {
    return needyClients(
      this.profile,
      this.connections.map(({ server }) => server),
    );
  }

  /** Takes over the servers of the profile; connections to those that did not change go on undisturbed. */
  update(servers: readonly ServerProfile[]): void {
    const before = new Map(this.#members);
    this.#members.clear();
    for (const server of servers) {
      const known = before.get(server.id);
      if (known !== undefined && sameEntry(known.connection.server, server)) {
        before.delete(server.id);
        this.#members.set(server.id, known);
      } else {
        this.#members.set(server.id, this.#join(server));
      }
    }
    for (const { connection, subscription } of before.values()) {
      subscription.dispose();
      void connection.dispose();
    }
    if (this.#isSignedIn) void this.connectAll('new');
  }

  /** Finds an earlier window's session and connects with it. */
  restore(): Promise<void> {
    return this.session.restore();
  }

  /**
   * Signs in; a sign-in already under way is given up for this one. It carries the stronger sign-in that a
   * connection waits for.
   * @throws user.cancelled, user.timedOut, identityProvider.*, network.*, profile.*
   */
  async signIn(signal: AbortSignal, options: SignInOptions = {}): Promise<void> {
    const before = this.#signingIn;
    before?.controller.abort();
    const controller = new AbortController();
    const either = AbortSignal.any([signal, controller.signal]);
    // The place in the queue is taken before waiting: of three clicks the last one counts.
    const done = (before?.done ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#runSignIn(either, options));
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
    await this.#returns.settled(giveBackMs, revoked);
    if (endSessionUrl !== undefined) await this.#deps.openUrl(endSessionUrl);
    if (failure !== undefined) throw failure;
  }

  /** Connects what is not turned off: all, those that lack something, or those never tried. */
  connectAll(which: 'new' | 'lacking' | 'all'): Promise<unknown> {
    const fits = {
      new: ({ state }: Connection) => state.kind === 'signedOut',
      lacking: (one: Connection) => !isOpen(one.state) || isWaitingForStepUp(one),
      all: () => true,
    }[which];
    const wanted = this.connections.filter(
      (one) => !this.#deps.choices.isTurnedOff(one.server.id) && fits(one),
    );
    return Promise.all(wanted.map((connection) => connection.connect()));
  }

  /** Connects one server again, when anybody is signed in and it is not turned off. */
  async reconnect(connection: Connection): Promise<void> {
    const isOff = this.#deps.choices.isTurnedOff(connection.server.id);
    if (this.#isSignedIn && !isOff) await connection.connect();
  }

  /** Ends when what was held is given back, best effort. The stored session stays. */
  async dispose(): Promise<void> {
    this.#signingIn?.controller.abort();
    this.#subscription.dispose();
    this.session.abandon();
    const connections = this.connections;
    for (const { subscription } of this.#members.values()) subscription.dispose();
    this.#members.clear();
    await Promise.all(connections.map((connection) => connection.dispose()));
  }

  get #isSignedIn(): boolean {
    return this.session.person().session.kind === 'signedIn';
  }

  #join(server: ServerProfile) {
    const connection = this.#connection(server);
    if (this.#deps.choices.isTurnedOff(server.id)) void connection.close({ type: 'turnedOff' });
    return { connection, subscription: connection.onDidChange(this.#deps.onDidChange) };
  }

  async #runSignIn(signal: AbortSignal, { withCode }: SignInOptions): Promise<void> {
    if (signal.aborted) throw new ConnectError('user.cancelled');
    const stepUp = this.#stepUp();
    if (withCode !== undefined) {
      await this.session.signIn({ showCode: withCode }, signal, stepUp);
      return;
    }
    const receiver = await this.#deps.startReceiver();
    try {
      await this.session.signIn({ openUrl: this.#deps.openUrl, receiver }, signal, stepUp);
    } finally {
      receiver.dispose();
    }
  }

  /** What connections wait for that only a stronger sign-in gives. */
  #stepUp(): StepUp | undefined {
    const waiting = this.connections.filter(isWaitingForStepUp);
    const failures = waiting.flatMap((connection) => connection.snapshot().failure ?? []);
    return this.#isSignedIn ? stepUpFor(failures) : undefined;
  }

  /** What a change of the session means for the connections. */
  #follow({ previous, current }: SessionChange): void {
    switch (current.kind) {
      case 'signedIn': {
        // Another person's connections close before anything of the new one opens.
        const changed = current.account.id !== this.#accountId;
        if (changed) this.#closeAll({ type: 'signedOut' });
        this.#accountId = current.account.id;
        if (previous.kind !== 'signedIn' || changed) void this.connectAll('lacking');
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

  #connection(server: ServerProfile): Connection {
    const { choices, clock, fetch, clientVersion, log } = this.#deps;
    const account = () => this.#accountId ?? '';
    return new Connection(server, {
      ...this.#deps,
      broker: this.#broker,
      mint: (request) => this.#mint(server, request),
      judge: (error) => this.session.judge(error),
      probe: async (asked) => {
        const { protocol } = await this.#client.outbound();
        const target = { ...asked, url: server.url, clientVersion };
        return protocol.probe(target, { fetch, clock }).catch(this.#judged);
      },
      giveBack: (access) => this.#returns.giveBack(access),
      history: {
        hadAccess: () => choices.hadAccess(this.profile.id, account(), server.id),
        accessGranted: () => {
          choices.accessGranted(this.profile.id, account(), server.id).catch((error: unknown) => {
            log.warn('a choice could not be kept', { reason: String(error) });
          });
        },
      },
    });
  }

  readonly #judged = (error: unknown): never => {
    throw this.session.judge(error);
  };

  async #mint(server: ServerProfile, asked: MintRequest): Promise<Access> {
    const request = { ...asked, server, identityProvider: this.profile };
    const outbound = await this.#client.outbound();
    const access = await outbound.protocol
      .requestAccess(request, { ...this.#deps, ...outbound, prove: this.session.prove })
      .catch(this.#judged);
    this.#returns.cameFrom(access, server);
    return access;
  }
}

const factsOf = (error: unknown) => (ConnectError.is(error) ? error.facts : {});

/** Closed for it, or open but without what needs it. */
function isWaitingForStepUp(connection: Connection): boolean {
  const { state, failure } = connection.snapshot();
  const mayWait = isOpen(state) || state.kind === 'needsSignIn';
  return mayWait && failure !== undefined && isDemand(failure);
}
