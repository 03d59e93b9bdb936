// Everything of one organization: its identity providers, its servers, and what a person can do with
// them. Each company decides who connects when; each connection decides how.
import { createChoices, type Choices } from './choices.ts';
import type { Registrations } from './client/registrations.ts';
import type { CompanyDeps, SignInOptions } from './companyDeps.ts';
import { limitsOf, type Limits } from './limits.ts';
import type { Company } from './company.ts';
import type { Detector } from './connection/history.ts';
import type { Connection } from './connection/connection.ts';
import { ConnectError } from './errors.ts';
import { Emitter } from './event.ts';
import { createOutboundLoader, type OutboundLoader } from './outbound.ts';
import type { Overview } from './overview.ts';
import { watchForWake } from './wakeDetector.ts';
import type {
  Clock,
  Disposable,
  Event,
  Fetch,
  Log,
  OpenUrl,
  Preferences,
  ListedSecretStore,
  StartRedirectReceiver,
} from './ports.ts';
import type { OrganizationProfile, ProfileReading } from './profile/profile.ts';
import type { Notices } from './revocation/notices.ts';
import { sameEntry, type Secret } from './secret.ts';
import type { WindowMeans } from './windows/windowMeans.ts';
import type { Windows } from './windows/windows.ts';

export interface ConnectionsDeps {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** SecretStorage. */
  readonly store: ListedSecretStore;
  /** Called once there is anybody to sign in. */
  readonly openWindows: () => Promise<WindowMeans>;
  readonly preferences: Preferences;
  readonly openUrl: OpenUrl;
  readonly startReceiver: StartRedirectReceiver;
  readonly log: Log;
  /** Another text, another network. */
  readonly networkMark: () => string;
  /** 0 to 1, for jitter. */
  readonly random: () => number;
  readonly clientVersion: string;
  /** What the person asked for, minutes; bounded by the profile. */
  readonly checkIntervalMinutes: () => number | undefined;
}

export class Connections {
  readonly onDidChange: Event<void>;
  readonly #deps: ConnectionsDeps;
  readonly #changes: Emitter<void>;
  readonly #choices: Choices;
  readonly #outbound: OutboundLoader;
  #reading: ProfileReading | undefined;
  #companies: readonly Company[] = [];
  #loading: Promise<void> = Promise.resolve();
  #overview: Overview | undefined;
  /** Asked for at every repaint, once per server; the editor takes its time to say what it is set to. */
  #limits = limitsOf(undefined, undefined);
  readonly #wake: Disposable;
  /** Only where the profile names any. */
  #notices: Notices | undefined;
  #isTold = false;
  #windows: Windows | undefined;

  constructor(deps: ConnectionsDeps) {
    this.#deps = deps;
    this.#choices = createChoices(deps.preferences, (error) => {
      deps.log.warn('a choice could not be kept', { reason: String(error) });
    });
    this.#outbound = createOutboundLoader(deps);
    this.#changes = new Emitter((error) => {
      deps.log.error('a listener of the connections failed', { reason: String(error) });
    });
    this.onDidChange = this.#changes.event;
    this.#wake = watchForWake(deps, () => {
      for (const company of this.#companies) company.woke();
      void this.#notices?.checkNow();
      void this.checkStale();
    });
  }

  /**
   * Takes a profile into force, one after the other; companies that did not change go on undisturbed.
   * Rejects only as `read` does.
   */
  load(read: () => Promise<ProfileReading>): Promise<void> {
    const next = this.#loading.then(async () => this.#take(await read()));
    this.#loading = next.catch((error: unknown) => {
      this.#deps.log.error('the profile could not be loaded', { reason: String(error) });
    });
    return next;
  }

  async #take(reading: ProfileReading): Promise<void> {
    const { profile } = reading;
    // Nobody to sign in, nothing to load: a window without a profile stays small.
    const make =
      profile === undefined || profile.identityProviders.length === 0
        ? undefined
        : await import('./company.ts');
    const isNoticed =
      profile?.emergencyStop !== undefined ||
      profile?.identityProviders.some(({ sharedSignals }) => sharedSignals !== undefined) === true;
    if (isNoticed) this.#notices ??= await this.#createNotices();
    const deps = make && this.#companyDeps(await this.#openWindows());
    const before = new Set(this.#companies);
    this.#reading = reading;
    this.#limits = limitsOf(profile, this.#deps.checkIntervalMinutes());
    const made: Company[] = [];
    this.#companies = (profile?.identityProviders ?? []).flatMap((identityProvider) => {
      if (make === undefined || deps === undefined) return [];
      const own = (profile?.servers ?? []).filter(
        (one) => one.identityProvider === identityProvider.id,
      );
      const known = [...before].find((one) => sameEntry(one.profile, identityProvider));
      if (known !== undefined) before.delete(known);
      known?.update(own);
      const company = known ?? new make.Company(identityProvider, own, deps);
      if (known === undefined) made.push(company);
      return company;
    });
    for (const gone of before) void gone.dispose('profile.missing');
    // Before anything connects: what was stopped before a restart still is.
    await this.#notices?.follow(profile);
    this.#changed();
    // Not waited for: a keyring may ask the person first.
    for (const company of made) void company.restore();
  }

  overview(): Overview {
    const { profile, problems } = this.#reading ?? nothingRead;
    this.#overview ??= Object.freeze({
      loaded: this.#reading !== undefined,
      ...(profile && { organization: profile.organization, harnesses: profile.harnesses }),
      managed: profile?.source === 'managed',
      problems: [...problems, ...(this.#notices?.problems ?? [])],
      people: this.#companies.map(({ session }) => session.person()),
      connections: this.#connections().map((connection) => connection.snapshot()),
    });
    return this.#overview;
  }

  connection(serverId: string): Connection | undefined {
    return this.#connections().find(({ server }) => server.id === serverId);
  }

  /** @throws user.cancelled, user.timedOut, identityProvider.*, network.*, profile.missing */
  async signIn(
    identityProvider: string,
    signal: AbortSignal,
    options: SignInOptions = {},
  ): Promise<void> {
    await this.#companyOf(identityProvider).signIn(signal, options);
  }

  /** @throws storage.unavailable, profile.missing */
  async signOut(identityProvider: string): Promise<void> {
    await this.#companyOf(identityProvider).signOut();
  }

  /** Nothing happens while nobody is signed in, or to a server that is turned off. */
  async reconnect(serverId: string): Promise<void> {
    this.#outbound.forget();
    const connection = this.connection(serverId);
    const company = this.#companies.find(({ connections }) =>
      connections.some((one) => one === connection),
    );
    company?.retryNow();
    if (connection !== undefined) await company?.reconnect(connection);
  }

  async reconnectAll(): Promise<void> {
    this.#outbound.forget();
    for (const company of this.#companies) company.retryNow();
    await Promise.all(this.#signedIn().map((company) => company.connectAll('all')));
  }

  async turnOff(serverId: string): Promise<void> {
    this.#windows?.tell({ kind: 'turned', serverId, isOff: true });
    await this.#turnedOff(serverId, 'person');
  }

  async turnOn(serverId: string): Promise<void> {
    this.#windows?.tell({ kind: 'turned', serverId, isOff: false });
    await this.#turnedOn(serverId);
  }

  async #turnedOff(serverId: string, detector: Detector): Promise<void> {
    await this.#choices.setTurnedOff(serverId, true);
    await this.connection(serverId)?.close({ type: 'turnedOff' }, detector);
  }

  async #turnedOn(serverId: string): Promise<void> {
    await this.#choices.setTurnedOff(serverId, false);
    await this.connection(serverId)?.close({ type: 'turnedOn' });
    for (const company of this.#companies) company.stopsChanged();
    await this.reconnect(serverId);
  }

  /** Asks the company about every connection now, and looks at what it makes known to everybody. */
  async checkNow(): Promise<void> {
    for (const company of this.#companies) company.retryNow();
    await this.#notices?.checkNow();
    await Promise.all(this.#connections().map((connection) => connection.check()));
  }

  /** Asks about those in use that were not confirmed in time, e.g. after the computer slept. */
  async checkStale(): Promise<void> {
    await Promise.all(this.#connections().map((connection) => connection.checkWhenDue()));
  }

  /** What registrations need of this computer. */
  async registrations(): Promise<Registrations> {
    const { Registrations } = await import('./client/registrations.ts');
    return new Registrations({
      clients: this.#companies.flatMap(({ needyClients }) => needyClients),
      store: this.#windows?.secrets ?? this.#deps.store,
      outbound: this.#outbound,
      onGiven: async () => {
        await Promise.all(this.#signedIn().map((company) => company.connectAll('lacking')));
      },
    });
  }

  /** Opens the page a server wants confirmed, and connects once that is done. Only on the person's click. */
  async continueInBrowser(serverId: string): Promise<void> {
    await this.connection(serverId)?.continueInBrowser(this.#deps.openUrl);
  }

  /** Whether any access to this server is held in memory. */
  holds(serverId: string): boolean {
    return this.#companies.some((company) => company.holds(serverId));
  }

  /** Event streams that are open at the server. */
  openStreams(serverId: string): number {
    return this.connection(serverId)?.snapshot().openStreams ?? 0;
  }

  /** Every credential of this person that is held in memory, to look for copies of it. */
  heldSecrets(): readonly Secret[] {
    return this.#companies.flatMap((company) => company.heldSecrets());
  }

  /** What is promised about how long access lasts, and where it comes from. */
  promises(): Promises {
    const { profile } = this.#reading ?? nothingRead;
    return { ...this.#limits, profile };
  }

  /**
   * Signs out everywhere, gives back what can be, and deletes all that is kept on this computer.
   * @returns who could not be told that it is over, by name
   * @throws storage.unavailable when the keyring would not delete
   */
  async forgetEverything(): Promise<readonly string[]> {
    const store = this.#windows?.secrets ?? this.#deps.store;
    const untold = await Promise.all(this.#companies.map((company) => company.forget()));
    this.#outbound.forgetEverything();
    await this.#choices.forget();
    // What entries left behind that are in no profile any more, too.
    const keys = await store.keys().catch(storageUnavailable);
    await Promise.all(keys.map((key) => store.delete(key))).catch(storageUnavailable);
    this.#changed();
    return untold.flat();
  }

  /** Closes everything; ends when what was held is given back, best effort. */
  async dispose(): Promise<void> {
    const companies = this.#companies;
    this.#companies = [];
    this.#wake.dispose();
    this.#notices?.dispose();
    await this.#windows?.lastToLeave();
    await Promise.all(companies.map((company) => company.dispose()));
    // The last: what others ask of this window is answered until then, and what was rotated is told.
    this.#windows?.dispose();
  }

  /** Undefined until there is anybody to sign in. */
  get windows(): Windows | undefined {
    return this.#windows;
  }

  async #openWindows(): Promise<Windows> {
    if (this.#windows !== undefined) return this.#windows;
    const { openWindows } = await import('./windows/openWindows.ts');
    this.#windows = openWindows(await this.#deps.openWindows(), {
      ...this.#deps,
      onTurned: (id, isOff) => (isOff ? this.#turnedOff(id, 'otherWindow') : this.#turnedOn(id)),
      onStopsChanged: () => this.#checkStops(),
      onKeyChanged: this.#outbound.forgetEverything,
    });
    return this.#windows;
  }

  /** Another window has found them changed: that is no news to tell. */
  async #checkStops(): Promise<void> {
    this.#isTold = true;
    await this.#notices?.checkNow();
    this.#isTold = false;
  }

  async #createNotices(): Promise<Notices> {
    const { Notices } = await import('./revocation/notices.ts');
    return new Notices({
      ...this.#deps,
      outbound: this.#outbound,
      onStops: () => {
        if (!this.#isTold) this.#windows?.tell({ kind: 'stopsChanged' });
        for (const company of this.#companies) company.stopsChanged();
      },
      onSignal: (identityProvider, signal) => {
        this.#companies.find(({ profile }) => profile.id === identityProvider)?.heard(signal);
      },
      onProblem: () => {
        this.#changed();
      },
    });
  }

  #companyDeps(windows: Windows): CompanyDeps {
    return {
      ...this.#deps,
      windows,
      store: windows.secrets,
      outbound: this.#outbound,
      choices: this.#choices,
      limits: () => this.#limits,
      isStopped: (serverId) => this.#notices?.isStopped(serverId) === true,
      endsSession: ({ account: { id }, sinceMs }) =>
        this.#notices?.endsSession({ id, sinceMs }) === true,
      onDidChange: () => {
        this.#changed();
      },
    };
  }

  #connections(): readonly Connection[] {
    return this.#companies.flatMap(({ connections }) => connections);
  }

  #signedIn(): readonly Company[] {
    return this.#companies.filter(({ session }) => session.person().session.kind === 'signedIn');
  }

  #companyOf(identityProvider: string): Company {
    const company = this.#companies.find(({ profile }) => profile.id === identityProvider);
    if (company === undefined) throw new ConnectError('profile.missing');
    return company;
  }

  #changed(): void {
    this.#overview = undefined;
    this.#changes.fire();
  }
}

export interface Promises extends Limits {
  readonly profile: OrganizationProfile | undefined;
}

const nothingRead: ProfileReading = { profile: undefined, problems: [] };

const storageUnavailable = (cause: unknown): never => {
  if (ConnectError.is(cause)) throw cause;
  throw new ConnectError('storage.unavailable', {}, { cause });
};
