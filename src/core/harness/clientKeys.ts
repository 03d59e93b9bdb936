// Keys of other MCP clients on this computer, each for one client, each taken back by itself. Invariant: a
// key is shown once; what is kept of it only tells it from others.
import * as v from 'valibot';
import { Emitter } from '../event.ts';
import { ConnectError } from '../errors.ts';
import type { Clock, Event, Log, Preferences, SecretStore } from '../ports.ts';
import { Secret } from '../secret.ts';

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
  accounts: v.optional(v.record(v.string(), v.string()), {}),
});
const schema = v.pipe(v.string(), v.parseJson(), keptSchema);
const usesSchema = v.record(v.string(), v.number());

type Kept = v.InferOutput<typeof keptSchema>;

export const clientKeysKey = 'clientKeys';
const usesKey = 'clientKeyUses';
/** Uses are noted to this, milliseconds. */
const usedToMs = 60_000;
const nothing: Kept = { clients: [], accounts: {} };

export class ClientKeys {
  readonly onDidChange: Event<void>;
  readonly #deps: Deps;
  readonly #changes: Emitter<void>;
  #kept: Kept = nothing;
  /** Looks at what is kept and changes of it, one after the other: a key that was taken back stays so. */
  #changing: Promise<unknown> = Promise.resolve();

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
    return new Map(this.#kept.clients.map(({ id, hash }) => [id, hash]));
  }

  /** What the clients have been told to dial; it stays as long as there are any. */
  get port(): number | undefined {
    return this.#kept.port;
  }

  /** Whose they are: ids of accounts, by identity provider. */
  get accounts(): Readonly<Record<string, string>> {
    return this.#kept.accounts;
  }

  /** Takes what is kept now, e.g. by another window. @throws storage.unavailable; what was known stays */
  load(): Promise<void> {
    return this.#inTurn(async () => {
      this.#become(await this.#read());
    });
  }

  /** @throws storage.unavailable */
  async create(wanted: string): Promise<{ readonly entry: ClientKey; readonly key: Secret }> {
    const value = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url');
    const entry = {
      id: crypto.randomUUID(),
      name: v.parse(name, wanted.trim().slice(0, maxNameLength)),
      createdAtMs: this.#deps.clock.now(),
    };
    const hash = await hashOf(value);
    await this.#change((kept) => ({ ...kept, clients: [...kept.clients, { ...entry, hash }] }));
    return { entry, key: new Secret(value) };
  }

  /** @throws storage.unavailable */
  revoke(id: string): Promise<void> {
    return this.#change((kept) => ({
      ...kept,
      clients: kept.clients.filter((one) => one.id !== id),
    }));
  }

  /** @throws storage.unavailable */
  revokeAll(): Promise<void> {
    return this.#change(() => nothing);
  }

  /** Nothing is noted while there are no clients. @throws storage.unavailable */
  note(known: Partial<Pick<Kept, 'port' | 'accounts'>>): Promise<void> {
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

  #change(make: (kept: Kept) => Kept): Promise<void> {
    return this.#inTurn(async () => {
      await this.#keep(make(await this.#read()));
    });
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    const next = this.#changing.then(task);
    this.#changing = next.catch(() => undefined);
    return next;
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
