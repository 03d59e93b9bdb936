// Other MCP clients on this computer: whether they may come, which of this person's windows serves them, and
// when their keys end. Invariant: where the organization does not allow them, or somebody else is signed in
// than the one who let them in, no key is right.
import type { Connections } from '../connections.ts';
import { isUsable } from '../connection/state.ts';
import { ConnectError } from '../errors.ts';
import { Emitter } from '../event.ts';
import type { CompanySessionState, PersonSnapshot } from '../overview.ts';
import type { Clock, Disposable, Event, Log, Preferences } from '../ports.ts';
import type { Secret } from '../secret.ts';
import { until } from '../until.ts';
import type { Windows } from '../windows/windows.ts';
import { ClientKeys, clientKeysKey, type ClientKey } from './clientKeys.ts';

export interface OtherClientsDeps {
  readonly connections: Pick<Connections, 'onDidChange' | 'overview' | 'windows'>;
  readonly preferences: Preferences;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where this window serves them; `isTaken`: another program has the port, or all there are. */
export interface ClientPort {
  readonly port?: number | undefined;
  readonly isTaken: boolean;
}

export interface NewClient {
  readonly entry: ClientKey;
  /** Nobody sees it again. */
  readonly key: Secret;
  /** Of 127.0.0.1. */
  readonly port: number;
}

/** Whichever window serves must listen by then, milliseconds. */
const listenMs = 10_000;
/** A company sign-in that is looked up anew is no sign-out, milliseconds. */
const leftMs = 1_000;
/** Before a keyring that did not answer is asked again, milliseconds. */
const retryMs = 10_000;
const none: ReadonlyMap<string, string> = new Map();

export class OtherClients implements Disposable {
  readonly onDidChange: Event<void>;
  readonly #deps: OtherClientsDeps;
  readonly #changes: Emitter<void>;
  readonly #subscriptions: Disposable[];
  #keys: ClientKeys | undefined;
  /** Undefined while this window does not serve. */
  #at: ClientPort | undefined;
  /** Identity providers where somebody was signed in. */
  readonly #wereIn = new Set<string>();
  /** Those of them where the person has signed out. */
  readonly #left = new Set<string>();
  #leaving: Disposable | undefined;
  #retry: Disposable | undefined;
  #isOver = false;
  #told = '';

  constructor(deps: OtherClientsDeps) {
    this.#deps = deps;
    this.#changes = new Emitter((error) => {
      deps.log.error('a listener of the other clients failed', { reason: String(error) });
    });
    this.onDidChange = this.#changes.event;
    this.#subscriptions = [
      deps.connections.onDidChange(() => {
        this.#look();
      }),
    ];
    this.#look();
  }

  /** Whether the organization does. */
  get isAllowed(): boolean {
    return this.#deps.connections.overview().harnesses?.otherClients === true;
  }

  get list(): readonly ClientKey[] {
    return this.#keys?.list ?? [];
  }

  /** The port that is taken, as the window that serves has it; `any` where it is all of them. */
  get taken(): number | 'any' | undefined {
    const at = this.#now.windows?.isFirst === true ? this.#at : this.#keys;
    return at?.isTaken === true ? (at.port ?? 'any') : undefined;
  }

  /** What the clients have been told to dial. */
  get port(): number | undefined {
    return this.#keys?.port;
  }

  /** SHA-256 of the keys that are right now, by client. */
  get hashes(): ReadonlyMap<string, string> {
    return this.isAllowed && !this.#isSomebodyElse ? (this.#keys?.hashes ?? none) : none;
  }

  /** Whether this window is to listen: one of all those of this person does. */
  get isWanted(): boolean {
    const { windows, overview } = this.#now;
    const isOpen = overview.connections.some(({ state }) => isUsable(state));
    return isOpen && windows?.isFirst === true && this.hashes.size > 0;
  }

  /**
   * A key for one more client, once a window listens for it; without one there is no key.
   * @throws storage.unavailable, gateway.notListening
   */
  async create(name: string): Promise<NewClient> {
    const keys = this.#keys;
    if (keys === undefined) throw new ConnectError('storage.unavailable');
    const made = await keys.create(name, accountsOf(this.#now.overview.people));
    try {
      await until(() => this.#isDecided, this.onDidChange, this.#deps.clock, listenMs);
      const { port } = this;
      const isDead = !this.hashes.has(made.entry.id);
      if (port === undefined || isDead || this.taken !== undefined || !this.#isDecided) {
        throw new ConnectError('gateway.notListening');
      }
      return { ...made, port };
    } catch (error) {
      await keys.revoke(made.entry.id);
      throw error;
    }
  }

  /** @throws storage.unavailable */
  async revoke(id: string): Promise<void> {
    await this.#keys?.revoke(id);
  }

  /** A client has shown its key. */
  used(id: string): void {
    this.#keys?.used(id);
  }

  /** What became of listening, in this window. */
  serves(at: ClientPort | undefined): void {
    this.#at = at;
    this.#look();
    // Told once, not whenever it is otherwise: two that cannot talk to each other may both serve.
    if (at === undefined || this.list.length === 0 || at.isTaken === this.#keys?.isTaken) return;
    void this.#try(this.#keys?.note({ isTaken: at.isTaken }));
  }

  dispose(): void {
    // Nobody is there to look at it later.
    if (this.#left.size > 0) this.#revokeAll();
    this.#isOver = true;
    this.#leaving?.dispose();
    this.#retry?.dispose();
    for (const one of this.#subscriptions) one.dispose();
  }

  get #now() {
    const { connections } = this.#deps;
    return { windows: connections.windows, overview: connections.overview() };
  }

  /** Of a window that only follows, another one listens. */
  get #isDecided(): boolean {
    if (this.taken !== undefined) return true;
    const listens = this.#now.windows?.isFirst !== true || this.#at !== undefined;
    return listens && this.port !== undefined;
  }

  /** Another account than the one who let them in, or the sign-ins of another organization. */
  get #isSomebodyElse(): boolean {
    const accounts = new Map(Object.entries(this.#keys?.accounts ?? {}));
    const { people } = this.#now.overview;
    if (accounts.size === 0 || people.length === 0) return false;
    const isElsewhere = !people.some((person) => accounts.has(person.identityProvider));
    const isOther = Object.entries(accountsOf(people)).some(
      ([id, accountId]) => (accounts.get(id) ?? accountId) !== accountId,
    );
    return isElsewhere || isOther;
  }

  #look(): void {
    const { windows } = this.#now;
    if (windows !== undefined && this.#keys === undefined) this.#open(windows);
    if (this.#keys !== undefined) this.#judge(this.#keys);
    const { isAllowed, isWanted, list, taken, port } = this;
    const news = JSON.stringify([isAllowed, isWanted, list, taken, port, [...this.hashes.keys()]]);
    if (news === this.#told) return;
    this.#told = news;
    this.#changes.fire();
  }

  #open(windows: Windows): void {
    const keys = new ClientKeys({ ...this.#deps, store: windows.secrets });
    const look = () => {
      this.#look();
    };
    this.#keys = keys;
    this.#subscriptions.push(
      keys.onDidChange(look),
      windows.onDidChangeRole(look),
      windows.secrets.onDidChange((key) => {
        if (key === clientKeysKey) this.#load();
      }),
    );
    this.#load();
  }

  #load(): void {
    this.#keys?.load().catch((error: unknown) => {
      this.#deps.log.warn('the keys of other clients could not be read', { reason: String(error) });
      if (this.#isOver) return;
      this.#retry ??= this.#deps.clock.schedule(retryMs, () => {
        this.#retry = undefined;
        this.#load();
      });
    });
  }

  /** Whether the keys there are go on. */
  #judge(keys: ClientKeys): void {
    const { people, harnesses } = this.#now.overview;
    const { length } = this.list;
    // Without a profile nobody knows; nothing is connected then.
    if (this.#isSomebodyElse || (harnesses?.otherClients === false && length > 0)) {
      this.#revokeAll();
      return;
    }
    if (keys.isOwed && this.#retry === undefined) this.#load();
    for (const person of people) this.#follow(person);
    if (length > 0) this.#note(people);
  }

  /** Who let the clients in, and what they have been told to dial. */
  #note(people: readonly PersonSnapshot[]): void {
    const known = this.#keys?.accounts ?? {};
    const accounts = accountsOf(people);
    const isNew = Object.keys(accounts).some((id) => !(id in known));
    if (isNew) void this.#try(this.#keys?.note({ accounts: { ...accounts, ...known } }));
    const port = this.#at?.isTaken === false ? this.#at.port : undefined;
    if (port !== undefined && port !== this.port) void this.#try(this.#keys?.note({ port }));
  }

  /** Of a sign-in that ended without the person the keys stay, and open nothing. */
  #follow({ identityProvider: id, session, failure }: PersonSnapshot): void {
    const isOut = session.kind === 'signedOut' && failure === undefined;
    if (session.kind === 'restoring') this.#left.delete(id);
    else if (isOut && this.#wereIn.has(id)) this.#leave(id);
    // Whatever comes after a sign-out takes nothing of it back.
    else if (this.#left.has(id)) this.#revokeAll();
    if (accountIdOf(session) !== undefined) this.#wereIn.add(id);
  }

  #leave(id: string): void {
    this.#left.add(id);
    this.#leaving ??= this.#deps.clock.schedule(leftMs, () => {
      this.#leaving = undefined;
      if (this.#left.size > 0) this.#revokeAll();
    });
  }

  #revokeAll(): void {
    this.#wereIn.clear();
    this.#left.clear();
    void this.#try(this.#keys?.revokeAll());
  }

  async #try(change: Promise<void> | undefined): Promise<void> {
    await change?.catch((error: unknown) => {
      this.#deps.log.warn('the keys of other clients could not be changed', {
        reason: String(error),
      });
    });
  }
}

const accountIdOf = (session: CompanySessionState): string | undefined =>
  session.kind === 'signedIn' || session.kind === 'ended' ? session.account.id : undefined;

/** Ids of accounts, by identity provider. */
const accountsOf = (people: readonly PersonSnapshot[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    people.flatMap(({ identityProvider, session }) => {
      const accountId = accountIdOf(session);
      return accountId === undefined ? [] : [[identityProvider, accountId] as const];
    }),
  );
