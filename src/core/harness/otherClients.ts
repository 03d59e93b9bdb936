// Other MCP clients on this computer: whether they may come, which of this person's windows serves them, and
// when their keys end. Invariant: where the organization does not allow them, or somebody else is signed in
// than the one who let them in, no key is right.
import type { Connections } from '../connections.ts';
import { isUsable } from '../connection/state.ts';
import { ConnectError } from '../errors.ts';
import { Emitter } from '../event.ts';
import type { PersonSnapshot } from '../overview.ts';
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
  #leaving: Disposable | undefined;
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

  /** The port that is taken; `any` where it is all of them. */
  get taken(): number | 'any' | undefined {
    return this.#at?.isTaken === true ? (this.#at.port ?? 'any') : undefined;
  }

  /** What the clients have been told to dial. */
  get port(): number | undefined {
    return this.#keys?.port;
  }

  /** SHA-256 of the keys that are right now, by client. */
  get hashes(): ReadonlyMap<string, string> {
    return this.isAllowed && !this.#isOtherAccount ? (this.#keys?.hashes ?? none) : none;
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
    const made = await keys.create(name);
    try {
      await until(() => this.#isDecided, this.onDidChange, this.#deps.clock, listenMs);
      const { port } = this;
      if (port === undefined || this.taken !== undefined || !this.#isDecided) {
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
  }

  dispose(): void {
    this.#leaving?.dispose();
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

  get #isOtherAccount(): boolean {
    const accounts = this.#keys?.accounts ?? {};
    return this.#now.overview.people.some((person) => {
      const known = accounts[person.identityProvider];
      const accountId = accountIdOf(person);
      return known !== undefined && accountId !== undefined && known !== accountId;
    });
  }

  #look(): void {
    const { windows } = this.#now;
    if (windows !== undefined && this.#keys === undefined) this.#open(windows);
    if (this.list.length > 0) this.#judge();
    const { isAllowed, isWanted, list, taken, port } = this;
    const news = JSON.stringify([isAllowed, isWanted, list, taken, port, [...this.hashes.keys()]]);
    if (news === this.#told) return;
    this.#told = news;
    this.#changes.fire();
  }

  #open(windows: Windows): void {
    const keys = new ClientKeys({ ...this.#deps, store: windows.secrets });
    const load = () => {
      keys.load().catch((error: unknown) => {
        this.#deps.log.warn('the keys of other clients could not be read', {
          reason: String(error),
        });
      });
    };
    const look = () => {
      this.#look();
    };
    this.#keys = keys;
    this.#subscriptions.push(
      keys.onDidChange(look),
      windows.onDidChangeRole(look),
      windows.secrets.onDidChange((key) => {
        if (key === clientKeysKey) load();
      }),
    );
    load();
  }

  /** Whether the keys there are go on. */
  #judge(): void {
    const { people, harnesses } = this.#now.overview;
    // Without a profile nobody knows; nothing is connected then.
    if (this.#isOtherAccount || harnesses?.otherClients === false) {
      this.#revokeAll();
      return;
    }
    for (const person of people) {
      if (accountIdOf(person) !== undefined) this.#wereIn.add(person.identityProvider);
    }
    this.#note(people);
    if (people.some((one) => this.#hasLeft(one))) this.#leave();
  }

  /** Who let the clients in, and what they have been told to dial. */
  #note(people: readonly PersonSnapshot[]): void {
    const known = this.#keys?.accounts ?? {};
    const accounts = Object.fromEntries(
      people.flatMap((person) => {
        const accountId = accountIdOf(person);
        return accountId === undefined ? [] : [[person.identityProvider, accountId] as const];
      }),
    );
    const isNew = Object.keys(accounts).some((id) => !(id in known));
    if (isNew) void this.#try(this.#keys?.note({ accounts: { ...accounts, ...known } }));
    const port = this.#at?.isTaken === false ? this.#at.port : undefined;
    if (port !== undefined && port !== this.port) void this.#try(this.#keys?.note({ port }));
  }

  /** The person signed out: of a sign-in that ended otherwise the keys stay, and open nothing. */
  #leave(): void {
    this.#leaving ??= this.#deps.clock.schedule(leftMs, () => {
      this.#leaving = undefined;
      const { people } = this.#now.overview;
      if (people.some((one) => this.#hasLeft(one))) this.#revokeAll();
    });
  }

  #hasLeft({ identityProvider, session, failure }: PersonSnapshot): boolean {
    const isOut = session.kind === 'signedOut' && failure === undefined;
    return isOut && this.#wereIn.has(identityProvider);
  }

  #revokeAll(): void {
    this.#wereIn.clear();
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

const accountIdOf = ({ session }: PersonSnapshot): string | undefined =>
  session.kind === 'signedIn' || session.kind === 'ended' ? session.account.id : undefined;
