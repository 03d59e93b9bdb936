// One identity provider: the session there, and the connections of every server it decides about.
import { AccessReturns } from './connection/accessReturns.ts';
import type { Place } from './choices.ts';
import { needyClients, type NeedyClient } from './client/clientOwners.ts';
import { CompanySession, type SessionChange } from './signIn/companySession.ts';
import type { Closing } from './connection/closing.ts';
import type { Detector } from './connection/history.ts';
import type { Past } from './connection/record.ts';
import { Connection } from './connection/connection.ts';
import { ConnectError } from './errors.ts';
import { IdentityProviderClient } from './signIn/identityProviderClient.ts';
import { resume } from './resuming.ts';
import type { CompanyDeps, SignInOptions } from './companyDeps.ts';
import { leaveNothing } from './leaving.ts';
import type { Disposable } from './ports.ts';
import type { IdentityProviderProfile, ServerProfile } from './profile/profile.ts';
import { meaningOf } from './revocation/meaning.ts';
import type { Signal } from './revocation/signal.ts';
import { sameEntry, type Secret } from './secret.ts';
import { createMinting } from './minting.ts';
import { isOpen, isUnanswered } from './connection/state.ts';
import { isDemand, stepUpFor, type StepUp } from './signIn/stepUp.ts';
import { createSessionStore } from './signIn/storedSession.ts';
import { TokenBroker } from './connection/tokenBroker.ts';

/** Between two connections that ask again after an outage, milliseconds. */
const recoveryMs = 200;

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
      client: (passage) => this.#client.signIn(passage),
      store: createSessionStore(profile, deps.store),
      clock: deps.clock,
      log: deps.log,
    });
    const subscriptions = [
      this.session.onDidChange((change) => {
        this.#follow(change);
        deps.onDidChange();
      }),
      this.#client.onDidRecover(() => {
        this.#recovered();
      }),
    ];
    this.#subscription = {
      dispose: () => {
        for (const one of subscriptions) one.dispose();
      },
    };
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

  holds(serverId: string): boolean {
    return this.#broker.lifeLeftMs(serverId) > 0;
  }

  heldSecrets(): readonly Secret[] {
    const held = this.connections.flatMap(({ server }) => this.#broker.held(server.id) ?? []);
    return [...held.map(({ token }) => token.secret), ...this.session.heldSecrets()];
  }

  /**
   * Out here, and everything given back where that is possible, within a time.
   * @returns who could not be told, by name
   */
  forget(): Promise<readonly string[]> {
    this.#signingIn?.controller.abort();
    return leaveNothing(this.profile.label, {
      ...{ connections: this.connections, session: this.session },
      settled: (other) => this.#returns.settled(giveBackMs, other),
    });
  }

  /** Connects what may be: all, those that lack something, or those never tried. */
  connectAll(which: 'new' | 'lacking' | 'all'): Promise<unknown> {
    const fits = {
      new: ({ state }: Connection) => state.kind === 'signedOut',
      lacking: (one: Connection) => !isOpen(one.state) || isWaitingForStepUp(one),
      all: () => true,
    }[which];
    const wanted = this.connections.filter((one) => this.#mayConnect(one) && fits(one));
    return Promise.all(wanted.map((connection) => connection.connect()));
  }

  #mayConnect({ server: { id } }: Connection): boolean {
    return !this.#deps.choices.isTurnedOff(id) && !this.#deps.isStopped(id);
  }

  /** Connects one server again, when anybody is signed in and it is not turned off. */
  async reconnect(connection: Connection): Promise<void> {
    if (this.#isSignedIn && this.#mayConnect(connection)) await connection.connect();
  }

  /** Closes what the organization has stopped, and takes up again what it has not any more. */
  stopsChanged(): void {
    this.#endStopped();
    for (const connection of this.connections) {
      const { id } = connection.server;
      const isStopped = connection.state.kind === 'stopped';
      if (this.#deps.isStopped(id) === isStopped) continue;
      const atMs = this.#deps.clock.now();
      if (!isStopped) void connection.close({ type: 'stopped', atMs }, 'emergencyStop');
      else {
        void connection.close({ type: 'stopLifted' }, 'emergencyStop');
        void this.reconnect(connection);
      }
    }
  }

  /** Ends when what was held is given back, best effort. The stored session stays. */
  async dispose(): Promise<void> {
    this.#signingIn?.controller.abort();
    this.#subscription.dispose();
    const left = this.session.leave();
    const connections = this.connections;
    for (const { subscription } of this.#members.values()) subscription.dispose();
    this.#members.clear();
    await Promise.all([left, ...connections.map((connection) => connection.dispose())]);
  }

  get #isSignedIn(): boolean {
    return this.session.person().session.kind === 'signedIn';
  }

  /** The computer slept, or its network is another: the way there may take a while to come back. */
  woke(): void {
    this.#client.woke();
  }

  /** Somebody asks now: what has failed until now is of no matter. */
  retryNow(): void {
    this.#client.retryNow();
  }

  /** The identity provider answers again; not all at once, for it has only just come back. */
  #recovered(): void {
    const waiting = this.connections.filter((one) => isUnanswered(one.state));
    for (const [place, connection] of waiting.entries()) {
      this.#deps.clock.schedule(recoveryMs * place, () => void connection.recheck());
    }
  }

  /** A verified event of the identity provider. */
  heard(signal: Signal): void {
    const meaning = meaningOf(signal, this.session.person().session, this.profile.issuer);
    if (meaning === 'ended') void this.session.revoked('sharedSignal');
    if (meaning === 'ask') for (const connection of this.connections) void connection.check();
  }

  #endStopped(): void {
    const { session } = this.session.person();
    if (session.kind === 'signedIn' && this.#deps.endsSession(session)) {
      void this.session.revoked('emergencyStop');
    }
  }

  #join(server: ServerProfile) {
    const connection = this.#connection(server);
    const { choices, clock, isStopped } = this.#deps;
    if (choices.isTurnedOff(server.id)) void connection.close({ type: 'turnedOff' });
    else if (isStopped(server.id)) {
      void connection.close({ type: 'stopped', atMs: clock.now() }, 'emergencyStop');
    }
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
        if (previous.kind === 'restoring') {
          resume(
            this.connections.filter((one) => this.#mayConnect(one)),
            ({ server }) => this.#deps.choices.lastUsedMs(this.#place(server)),
          );
        } else if (previous.kind !== 'signedIn' || changed) void this.connectAll('lacking');
        this.#endStopped();
        break;
      }
      case 'signedOut':
        if (previous.kind !== 'restoring') this.#closeAll({ type: 'signedOut' });
        break;
      case 'ended':
        this.#closeAll({ type: 'sessionEnded', atMs: current.atMs }, current.detector);
        break;
      case 'restoring':
      case 'signingIn':
        break;
    }
  }

  #closeAll(event: Closing, detector: Detector = 'person'): void {
    for (const connection of this.connections) void connection.close(event, detector);
  }

  #place({ id: serverId }: ServerProfile): Place {
    const accountId = this.#accountId ?? '';
    return { identityProvider: this.profile.id, accountId, serverId };
  }

  #past(server: ServerProfile): Past {
    const { url, authorizationServer, audience, scopes } = server;
    const asked = JSON.stringify([url, authorizationServer, audience, [...scopes].sort()]);
    return this.#deps.choices.past(() => this.#place(server), asked);
  }

  #connection(server: ServerProfile): Connection {
    const { choices, clock } = this.#deps;
    const minting = createMinting({
      ...this.#deps,
      ...{ profile: this.profile, client: this.#client, session: this.session },
      returns: this.#returns,
      tokenCapMs: () => this.#deps.limits().tokenCapMs,
    });
    return new Connection(server, {
      ...this.#deps,
      broker: this.#broker,
      mint: (asked) => minting.mint(server, asked),
      probe: (asked) => minting.probe(server, asked),
      judge: (error) => this.session.judge(error),
      giveBack: (access) => this.#returns.giveBack(access),
      history: this.#past(server),
      onUse: () => {
        choices.used(this.#place(server), clock.now());
      },
    });
  }
}

const factsOf = (error: unknown) => (ConnectError.is(error) ? error.facts : {});

/** Closed for it, or open but without what needs it. */
function isWaitingForStepUp(connection: Connection): boolean {
  const { state, failure } = connection.snapshot();
  const mayWait = isOpen(state) || state.kind === 'needsSignIn';
  return mayWait && failure !== undefined && isDemand(failure);
}
