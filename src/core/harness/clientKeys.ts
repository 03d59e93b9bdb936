// Keys of other MCP clients on this computer, each for one client, each taken back by itself. Invariant: a
// key is shown once; what is kept of it only tells it from others. One that was taken back opens nothing from
// that moment, also while the keyring is locked, and whatever another window writes late.
import * as v from 'valibot';
import { Emitter } from '../event.ts';
import { ConnectError } from '../errors.ts';
import type { Clock, Event, Log, Preferences, SecretStore } from '../ports.ts';
import { Secret } from '../secret.ts';
import { Turns } from '../turns.ts';

export interface ClientKey {
  readonly id: string;
  /** As the person calls the client. */
  readonly name: string;
  readonly createdAtMs: number;
  /** Undefined before the first use. */
  readonly lastUsedAtMs?: number;
}

interface Deps {
  readonly store: SecretStore;
  readonly preferences: Preferences;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

export const maxNameLength = 60;
export const maxClients = 20;

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(maxNameLength));
const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const keptSchema = v.object({
  clients: v.array(v.object({ id: v.string(), name, createdAtMs: v.number(), hash })),
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))),
  isTaken: v.optional(v.boolean(), false),
  accounts: v.optional(v.record(v.string(), v.string()), {}),
});
const schema = v.pipe(v.string(), v.parseJson(), keptSchema);
const usesSchema = v.record(v.string(), v.number());

type Kept = v.InferOutput<typeof keptSchema>;

export const clientKeysKey = 'clientKeys';
const usesKey = 'clientKeyUses';
/** Uses are noted to this, milliseconds. */
const usedToMs = 60_000;
const nothing: Kept = { clients: [], isTaken: false, accounts: {} };

export class ClientKeys {
  readonly onDidChange: Event<void>;
  readonly #deps: Deps;
  readonly #changes: Emitter<void>;
  #kept: Kept = nothing;
  /** Taken back in this window, by id. */
  readonly #gone = new Set<string>();
  /** All were, and some that could not be read may be kept still. */
  #areOver = false;
  /** Looks at what is kept and changes of it, one after the other: a key that was taken back stays so. */
  readonly #turns = new Turns();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#changes = new Emitter((error) => {
      deps.log.error('a listener of the client keys failed', { reason: String(error) });
    });
    this.onDidChange = this.#changes.event;
  }

  get list(): readonly ClientKey[] {
    const uses = this.#uses;
    return this.#kept.clients.map(({ id, name, createdAtMs }) => {
      const lastUsedAtMs = uses[id];
      return { id, name, createdAtMs, ...(lastUsedAtMs === undefined ? {} : { lastUsedAtMs }) };
    });
  }

  /** SHA-256 of each, in hexadecimal, by id. */
  get hashes(): ReadonlyMap<string, string> {
    const { clients } = this.#living(this.#kept);
    return new Map(clients.map(({ id, hash }) => [id, hash]));
  }

  /** Whether some that were taken back are kept still. */
  get isOwed(): boolean {
    return this.#areOver || this.#kept.clients.some(({ id }) => this.#gone.has(id));
  }

  /** What the clients have been told to dial; it stays as long as there are any. */
  get port(): number | undefined {
    return this.#kept.port;
  }

  /** Whether the window that serves could not listen, for those that only follow. */
  get isTaken(): boolean {
    return this.#kept.isTaken;
  }

  /** Whose they are: ids of accounts, by identity provider. */
  get accounts(): Readonly<Record<string, string>> {
    return this.#kept.accounts;
  }

  /** Takes what is kept now, e.g. by another window. @throws storage.unavailable; what was known stays */
  load(): Promise<void> {
    return this.#turns.alone(async () => {
      const stored = await this.#read();
      const living = this.#living(stored);
      if (this.#areOver || living !== stored) await this.#keep(living);
      else this.#become(stored);
    });
  }

  /**
   * @param accounts whose it is, kept with it at once: a key of nobody would be the next person's
   * @throws storage.unavailable
   */
  async create(
    wanted: string,
    accounts: Kept['accounts'],
  ): Promise<{ readonly entry: ClientKey; readonly key: Secret }> {
    const value = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url');
    const entry = {
      id: crypto.randomUUID(),
      name: v.parse(name, wanted.trim().slice(0, maxNameLength)),
      createdAtMs: this.#deps.clock.now(),
    };
    // In its turn from the beginning: what is taken back from now on takes back this one, too.
    await this.#change(async (kept) => ({
      ...kept,
      accounts: { ...accounts, ...kept.accounts },
      clients: [...kept.clients, { ...entry, hash: await hashOf(value) }],
    }));
    return { entry, key: new Secret(value) };
  }

  /** @throws storage.unavailable; it opens nothing all the same */
  revoke(id: string): Promise<void> {
    this.#gone.add(id);
    const done = this.#change((kept) => kept);
    this.#changes.fire();
    return done;
  }

  /** @throws storage.unavailable; they open nothing all the same */
  revokeAll(): Promise<void> {
    const isNew = !this.#areOver;
    for (const { id } of this.#kept.clients) this.#gone.add(id);
    this.#areOver = true;
    const done = this.#turns.alone(() => {
      // One was made meanwhile, perhaps.
      this.#areOver = true;
      return this.#keep(nothing);
    });
    if (isNew) this.#changes.fire();
    return done;
  }

  /** Nothing is noted while there are no clients. @throws storage.unavailable */
  note(known: Partial<Omit<Kept, 'clients'>>): Promise<void> {
    return this.#change((kept) => ({ ...kept, ...known }));
  }

  used(id: string): void {
    const nowMs = this.#deps.clock.now();
    const uses = this.#uses;
    if (nowMs - (uses[id] ?? 0) < usedToMs) return;
    const ids = new Set(this.#kept.clients.map((one) => one.id));
    const kept = Object.entries({ ...uses, [id]: nowMs }).filter(([key]) => ids.has(key));
    this.#setUses(Object.fromEntries(kept));
    this.#changes.fire();
  }

  get #uses(): Readonly<Record<string, number>> {
    const read = v.safeParse(usesSchema, this.#deps.preferences.get(usesKey));
    return read.success ? read.output : {};
  }

  #setUses(uses: Readonly<Record<string, number>> | undefined): void {
    this.#deps.preferences.set(usesKey, uses).catch((error: unknown) => {
      this.#deps.log.warn('uses of client keys could not be noted', { reason: String(error) });
    });
  }

  #change(make: (kept: Kept) => Kept | Promise<Kept>): Promise<void> {
    return this.#turns.alone(async () => {
      await this.#keep(await make(this.#living(await this.#read())));
    });
  }

  /** Those that were not taken back. */
  #living(kept: Kept): Kept {
    if (this.#areOver) return nothing;
    const clients = kept.clients.filter(({ id }) => !this.#gone.has(id));
    if (clients.length === kept.clients.length) return kept;
    return clients.length === 0 ? nothing : { ...kept, clients };
  }

  async #read(): Promise<Kept> {
    const read = v.safeParse(schema, await this.#deps.store.get(clientKeysKey).catch(unavailable));
    return read.success ? read.output : nothing;
  }

  async #keep(kept: Kept): Promise<void> {
    const { store } = this.#deps;
    const text = JSON.stringify(kept);
    const isEmpty = kept.clients.length === 0;
    // The next first one may be told another port, and is perhaps another person's.
    const done = isEmpty ? store.delete(clientKeysKey) : store.store(clientKeysKey, text);
    await done.catch(unavailable);
    this.#areOver = false;
    this.#become(isEmpty ? nothing : kept);
  }

  #become(kept: Kept): void {
    if (JSON.stringify(kept) === JSON.stringify(this.#kept)) return;
    this.#kept = kept;
    if (kept.clients.length === 0) this.#setUses(undefined);
    this.#changes.fire();
  }
}

const unavailable = (cause: unknown): never => {
  throw new ConnectError('storage.unavailable', {}, { cause });
};

/** A key has 256 bits: nobody finds it from its hash, and no salt makes that harder. */
export async function hashOf(value: string): Promise<string> {
  const bytes = new TextEncoder().encode(value);
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
}
