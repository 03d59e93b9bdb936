// SecretStorage that other windows hear of at once, also where each window has one of its own (code-server).
// Invariant: a new refresh token is on its way to the other windows before it is used for anything.
import * as v from 'valibot';
import { Emitter } from '../event.ts';
import type { Clock, Event, ListedSecretStore, Log } from '../ports.ts';
import type { WindowLink } from './link.ts';

interface Deps {
  readonly store: ListedSecretStore;
  readonly link: WindowLink;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** What this window has told lately, for whoever leads now. */
  readonly told: () => readonly unknown[];
  /** What another window told before these two met. */
  readonly onTold: (message: unknown) => void;
}

/** Undefined: deleted. The higher revision counts; an older one never comes back. */
interface Entry {
  readonly revision: number;
  readonly value?: string | undefined;
}

/** What all windows must have alike; of `leaders` what the leader has, of `sharedOnly` in memory only. */
const leaders = 'dpopKey ';
const replicated = ['companySession ', leaders, 'clientKeys'];
const sharedOnly = 'idToken ';

const entry = {
  key: v.pipe(v.string(), v.maxLength(512)),
  revision: v.pipe(v.number(), v.integer(), v.minValue(0)),
  value: v.optional(v.string()),
};
export const secretSchema = v.object({ kind: v.literal('secret'), ...entry });
const entriesSchema = v.object({
  entries: v.array(v.object(entry)),
  told: v.optional(v.array(v.unknown()), []),
});
const revisedSchema = v.pipe(v.string(), v.parseJson(), v.object({ revision: entry.revision }));

/** What a new follower and its leader tell each other; the leader must not be waited for longer, milliseconds. */
const joinMs = 2_000;

export class ReplicatedSecrets implements ListedSecretStore {
  /** Another window stored or deleted what this key names. */
  readonly onDidChange: Event<string>;
  readonly #deps: Deps;
  readonly #changes: Emitter<string>;
  readonly #entries = new Map<string, Entry>();
  /** Keys this window has seen in its own store: one that is gone from there was deleted. */
  readonly #seen = new Set<string>();
  #joined: Promise<unknown> = Promise.resolve();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#changes = new Emitter((error) => {
      deps.log.error('a listener of the shared secrets failed', { reason: String(error) });
    });
    this.onDidChange = this.#changes.event;
    // Of windows that cannot be linked this is all there is to hear.
    deps.store.onDidChange?.((key) => {
      if (isReplicated(key)) this.#changes.fire(key);
    });
    deps.link.onDidChangeRole((role) => {
      if (role === 'follower') this.#joined = this.#join();
    });
    if (deps.link.role === 'follower') this.#joined = this.#join();
  }

  keys(): Promise<readonly string[]> {
    return this.#deps.store.keys();
  }

  async get(key: string): Promise<string | undefined> {
    if (!isReplicated(key)) return this.#deps.store.get(key);
    const role = await this.#deps.link.settled();
    await this.#joined;
    const known = this.#entries.get(key);
    // The key the leader has, which may not be the one stored here.
    if (role === 'follower' && key.startsWith(leaders) && known !== undefined) return known.value;
    return (await this.#newest(key)).value;
  }

  async store(key: string, value: string): Promise<void> {
    if (!isReplicated(key)) return this.#deps.store.store(key, value);
    const revised = { revision: this.#next(key), value };
    const text = withRevision(revised.value, revised.revision);
    this.#publish(key, { ...revised, value: text });
    await this.#deps.store.store(key, text);
    this.#seen.add(key);
  }

  async delete(key: string): Promise<void> {
    if (isReplicated(key)) {
      this.#publish(key, { revision: this.#next(key) });
      this.#seen.delete(key);
    }
    await this.#deps.store.delete(key);
  }

  /** For the other windows and their memory only. */
  share(name: string, value: string | undefined): void {
    const key = sharedOnly + name;
    this.#publish(key, { revision: this.#next(key), value });
  }

  /** Nobody has it any more. */
  unshare(name: string): void {
    if (this.shared(name) !== undefined) this.share(name, undefined);
  }

  shared(name: string): string | undefined {
    return this.#entries.get(sharedOnly + name)?.value;
  }

  /** Takes what another window told. */
  told(message: v.InferOutput<typeof secretSchema>): void {
    this.#merge(message);
  }

  /** Answers a window that begins to follow: what it has, if newer, and what all have. */
  joining(params: unknown): readonly (Entry & { key: string })[] {
    const { link, onTold } = this.#deps;
    const { entries, told } = v.parse(entriesSchema, params);
    for (const one of entries) {
      if (this.#merge(one)) link.broadcast({ kind: 'secret', ...one });
    }
    for (const message of told) {
      link.broadcast(message);
      onTold(message);
    }
    return this.#all();
  }

  async #join(): Promise<void> {
    const { link, log } = this.#deps;
    try {
      const signal = AbortSignal.timeout(joinMs);
      const joining = { entries: this.#all(), told: this.#deps.told() };
      const answer = await link.request('join', joining, signal);
      const { entries, told } = v.parse(entriesSchema, answer);
      for (const one of entries) this.#merge(one);
      for (const message of told) this.#deps.onTold(message);
    } catch {
      log.debug('the leading window could not be asked what it holds');
    }
  }

  /** Of what this window was told and what is stored: an unlinked window may have stored it since. */
  async #newest(key: string): Promise<Entry> {
    if (key.startsWith(sharedOnly)) return this.#entries.get(key) ?? { revision: -1 };
    const value = await this.#deps.store.get(key);
    // Only now: another window may have told something newer meanwhile.
    const known = this.#entries.get(key) ?? { revision: -1 };
    if (value === undefined) {
      const isDeleted = this.#seen.delete(key) && known.value !== undefined;
      if (isDeleted) this.#publish(key, { revision: this.#next(key) });
      return this.#entries.get(key) ?? known;
    }
    this.#seen.add(key);
    const stored = { revision: revisionOf(value), value };
    if (stored.revision <= known.revision) return known;
    this.#publish(key, stored);
    return stored;
  }

  #merge({ key, revision, value }: Entry & { key: string }): boolean {
    const known = this.#entries.get(key);
    if (!isReplicated(key) || (known !== undefined && known.revision >= revision)) return false;
    this.#entries.set(key, { revision, value });
    if (value === undefined) void this.#deleteOlder(key, revision);
    this.#changes.fire(key);
    return true;
  }

  /** Where each window has a store of its own, what was deleted in another one is still here. */
  async #deleteOlder(key: string, revision: number): Promise<void> {
    const { store, log } = this.#deps;
    try {
      const value = await store.get(key);
      if (value !== undefined && revisionOf(value) < revision) await store.delete(key);
      this.#seen.delete(key);
    } catch (error) {
      log.warn('what another window deleted could not be deleted here', { reason: String(error) });
    }
  }

  #publish(key: string, { revision, value }: Entry): void {
    this.#entries.set(key, { revision, value });
    this.#deps.link.broadcast({ kind: 'secret', key, revision, value });
  }

  /** Never lower than before, also after all windows were closed: hence the wall clock. */
  #next(key: string): number {
    const before = this.#entries.get(key)?.revision ?? 0;
    return Math.max(before + 1, Math.trunc(this.#deps.clock.now()));
  }

  #all(): readonly (Entry & { key: string })[] {
    return [...this.#entries].map(([key, one]) => ({ key, ...one }));
  }
}

const isReplicated = (key: string): boolean =>
  [...replicated, sharedOnly].some((prefix) => key.startsWith(prefix));

/** Of an entry written by a version that knows no revisions: 0. */
function revisionOf(value: string): number {
  const read = v.safeParse(revisedSchema, value);
  return read.success ? read.output.revision : 0;
}

/** Beside what is there, so that a version that knows no revisions can read it. */
function withRevision(value: string, revision: number): string {
  const object: unknown = JSON.parse(value);
  return JSON.stringify({ ...(object as object), revision });
}
