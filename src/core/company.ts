// One identity provider: the session there, and the connections of every server it decides about.
import { AccessReturns } from './connection/accessReturns.ts';
import type { Place } from './choices.ts';
import { CompanyWindows } from './companyWindows.ts';
import { needyClients, type NeedyClient } from './client/clientOwners.ts';
import { CompanySession, type SessionChange } from './signIn/companySession.ts';
import type { Closing, LeftBy } from './connection/closing.ts';
import type { Detector } from './connection/history.ts';
import type { Past } from './connection/record.ts';
import { Connection } from './connection/connection.ts';
import { ConnectError } from './errors.ts';
import { IdentityProviderClient } from './signIn/identityProviderClient.ts';
import { resume } from './resuming.ts';
import type { CompanyDeps, SignInOptions } from './companyDeps.ts';
import { leaveNothing } from './leaving.ts';
import { isAnotherSignIn } from './overview.ts';
import type { Disposable } from './ports.ts';
import type { IdentityProviderProfile, ServerProfile } from './profile/profile.ts';
import { meaningOf } from './revocation/meaning.ts';
import type { Signal } from './revocation/signal.ts';
import { sameEntry, type Secret } from './secret.ts';
import { createMinting, type Minting } from './minting.ts';
import { isOpen, isUnanswered } from './connection/state.ts';
import { SigningIn } from './signIn/signingIn.ts';
import { stepUpsOf } from './waitingForStepUp.ts';
import { stepUpFor, type StepUp } from './signIn/stepUp.ts';
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
  readonly #subscriptions: readonly Disposable[];
  readonly #members = new Map<string, { connection: Connection; subscription: Disposable }>();
  readonly #returns: AccessReturns;
  readonly #signingIn: SigningIn;
  readonly #minting: Minting;
  readonly #windows: CompanyWindows;
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
      orphaned: (serverId, access) => {
        if (!this.#windows.mayGiveBack('gateway.closed')) return;
        deps.windows.drop(profile.id, serverId);
        void this.#returns.giveBack(access);
      },
    });
    const store = createSessionStore(profile, deps.store);
    const guard = deps.windows.guard({
      ...{ name: profile.id, store, graceMs: profile.refreshGraceSec * 1000 },
      accountId: () => this.session.inForce?.accountId,
    });
    this.session = new CompanySession({
      ...profile,
      client: async (passage) => guard.client(await this.#client.signIn(passage)),
      store,
      clock: deps.clock,
      log: deps.log,
    });
    const stepUp = () => this.#stepUp();
    this.#signingIn = new SigningIn({ ...deps, session: this.session, stepUp });
    this.#minting = createMinting({
      ...deps,
      ...{ profile, guard, client: this.#client, session: this.session, returns: this.#returns },
      servers: () => this.#servers,
      tokenCapMs: () => deps.limits().tokenCapMs,
    });
    this.#windows = new CompanyWindows({
      ...{ id: profile.id, windows: deps.windows, session: this.session },
      connection: (serverId) => this.#members.get(serverId)?.connection,
    });
    this.#subscriptions = this.#subscribe();
    this.update(servers);
  }

  #subscribe(): readonly Disposable[] {
    const { windows, onDidChange } = this.#deps;
    return [
      this.session.onDidChange((change) => {
        this.#follow(change);
        onDidChange();
      }),
      this.#client.onDidRecover(this.#recovered),
      windows.serve(this.profile.id, this.#minting.serving),
      this.#windows,
    ];
  }

  get connections(): readonly Connection[] {
    return [...this.#members.values()].map(({ connection }) => connection);
  }

  /** Registrations that wait for something of this computer. */
  get needyClients(): readonly NeedyClient[] {
    return needyClients(this.profile, this.#servers);
  }

  get #servers(): readonly ServerProfile[] {
    return this.connections.map(({ server }) => server);
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
      void connection.dispose('profile.missing');
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
    await this.#signingIn.run(signal, options);
  }

  /**
   * Out here at once; then everything is given back where that is possible, then the browser's session.
   * @throws storage.unavailable when the stored session could not be deleted
   */
  async signOut(): Promise<void> {
    this.#signingIn.cancel();
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
    const shared = this.#deps.windows.heldSecrets(this.profile.id);
    return [...held.map(({ token }) => token.secret), ...shared, ...this.session.heldSecrets()];
  }

  /**
   * Out here, and everything given back where that is possible, within a time.
   * @returns who could not be told, by name
   */
  forget(): Promise<readonly string[]> {
    this.#signingIn.cancel();
    return leaveNothing(this.profile.label, {
      ...{ connections: this.connections, session: this.session },
      settled: (other) => this.#returns.settled(giveBackMs, other),
    });
  }

  /** Connects what may be: all, those that lack something, or those never tried. */
  connectAll(which: 'new' | 'lacking' | 'all'): Promise<unknown> {
    const fits = {
      new: ({ state }: Connection) => state.kind === 'signedOut',
      lacking: (one: Connection) => !isOpen(one.state) || stepUpsOf([one]).length > 0,
      all: () => true,
    }[which];
    const wanted = this.connections.filter((one) => this.#mayConnect(one) && fits(one));
    const isAnew = which === 'all';
    return Promise.all(wanted.map((connection) => connection.connect({ isAnew })));
  }

  #mayConnect({ server: { id } }: Connection): boolean {
    return !this.#deps.choices.isTurnedOff(id) && !this.#deps.isStopped(id);
  }

  /** Connects one server again, when anybody is signed in and it is not turned off. */
  async reconnect(connection: Connection): Promise<void> {
    const mayConnect = this.#isSignedIn && this.#mayConnect(connection);
    if (mayConnect) await connection.connect({ isAnew: true });
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
  async dispose(code: LeftBy = 'gateway.closed'): Promise<void> {
    this.#signingIn.cancel();
    for (const one of this.#subscriptions) one.dispose();
    const left = this.session.leave();
    const connections = this.connections;
    for (const { subscription } of this.#members.values()) subscription.dispose();
    this.#members.clear();
    const rest = this.#windows.giveBackRest(this.#returns, code);
    await Promise.all([left, rest, ...connections.map((one) => one.dispose(code))]);
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
  readonly #recovered = (): void => {
    const waiting = this.connections.filter((one) => isUnanswered(one.state));
    for (const [place, connection] of waiting.entries()) {
      this.#deps.clock.schedule(recoveryMs * place, () => {
        if (isUnanswered(connection.state)) void connection.check({ isInTurn: true });
      });
    }
  };

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

  /** What connections wait for that only a stronger sign-in gives. */
  #stepUp(): StepUp | undefined {
    return this.#isSignedIn ? stepUpFor(stepUpsOf(this.connections)) : undefined;
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
          const may = this.connections.filter((one) => this.#mayConnect(one));
          const { choices, limits } = this.#deps;
          const lastUsed = ({ server }: Connection) => choices.lastUsedMs(this.#place(server));
          resume(may, lastUsed, limits().connectAtStart);
        } else if (isAnotherSignIn(previous, current)) void this.connectAll('lacking');
        this.#endStopped();
        break;
      }
      case 'signedOut':
        if (previous.kind === 'restoring') break;
        this.#closeAll({ type: 'signedOut' });
        this.#windows.signedOut(current);
        break;
      case 'ended':
        this.#closeAll({ type: 'sessionEnded', atMs: current.atMs }, current.detector);
        this.#windows.signedOut(current);
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
    return { identityProvider: this.profile.id, accountId: this.#accountId ?? '', serverId };
  }

  #past(server: ServerProfile): Past {
    return this.#deps.choices.past(() => this.#place(server), server);
  }

  #connection(server: ServerProfile): Connection {
    const { choices, clock } = this.#deps;
    const { id } = server;
    return new Connection(server, {
      ...this.#deps,
      broker: this.#broker,
      mint: (asked) => this.#minting.mint(server, asked),
      probe: (asked) => this.#minting.probe(server, asked),
      judge: (error) => this.session.judge(error),
      onShut: (error, detector) => {
        this.#windows.shut(id, error, detector);
      },
      onReduced: () => {
        this.#windows.reduced(id);
      },
      giveBack: async (access, code) =>
        this.#windows.mayGiveBack(code) && this.#returns.giveBack(access),
      history: this.#past(server),
      onUse: () => {
        choices.used(this.#place(server), clock.now());
      },
    });
  }
}

const factsOf = (error: unknown) => (ConnectError.is(error) ? error.facts : {});
