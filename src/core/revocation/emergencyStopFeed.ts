// Keeps the emergency stop of the organization in force: what was last believed, over restarts, and a look
// at what is published now, again and again. Invariants: nothing but a newer genuine list ever closes or
// opens anything; an old list is never taken for a new one, not after a restart either.
import * as v from 'valibot';
import { ConnectError } from '../errors.ts';
import { Emitter } from '../event.ts';
import type { GuardedFetch } from '../http/http.ts';
import type { Clock, Disposable, Event, Log, Preferences } from '../ports.ts';
import type { EmergencyStopProfile } from '../profile/profile.ts';
import { hostOf } from '../url.ts';
import { contentOf, fetchStops, readStops, staleReason, type Published } from './emergencyStop.ts';
import type { Stops } from './stops.ts';

export interface FeedDeps {
  /** Of emergencyStopParty. */
  readonly fetch: GuardedFetch;
  readonly clock: Clock;
  /** The list is signed and no secret. */
  readonly preferences: Preferences;
  /** 0 to 1, for jitter. */
  readonly random: () => number;
  readonly log: Log;
}

const keptSchema = v.object({
  sequence: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  jws: v.string(),
});
type Kept = v.InferOutput<typeof keptSchema>;

export class EmergencyStopFeed {
  readonly onDidChange: Event<void>;
  readonly #profile: EmergencyStopProfile;
  readonly #deps: FeedDeps;
  readonly #changes: Emitter<void>;
  readonly #end = new AbortController();
  /** The newest ever believed, whether or not its key is still in the profile. */
  #floor: Kept | undefined;
  #stops: Stops | undefined;
  #etag: string | undefined;
  #checkedAtMs: number | undefined;
  #problem: ConnectError | undefined;
  /** The problem listeners last heard of. */
  #told: string | undefined;
  #next: Disposable | undefined;
  #looking: Promise<void> | undefined;
  #restoring: Promise<void> | undefined;

  constructor(profile: EmergencyStopProfile, deps: FeedDeps) {
    this.#profile = profile;
    this.#deps = deps;
    this.#changes = new Emitter((error) => {
      deps.log.error('a listener of the emergency stop failed', { reason: String(error) });
    });
    this.onDidChange = this.#changes.event;
  }

  /** What is stopped; an expired list stays in force until there is a newer one. */
  get stops(): Stops | undefined {
    return this.#stops;
  }

  /** When it was last known that nothing newer is published, wall clock. */
  get checkedAtMs(): number | undefined {
    return this.#checkedAtMs;
  }

  /** What is wrong with the list that is published, or with its age. */
  get problem(): ConnectError | undefined {
    const isStale = (this.#stops?.expiresAtMs ?? Infinity) <= this.#deps.clock.now();
    return this.#problem ?? (isStale ? this.#invalid(staleReason) : undefined);
  }

  /** Looks now and goes on looking. What was in force before a restart is so again before the first look. */
  async start(): Promise<void> {
    await this.checkNow();
  }

  /** Takes up what was in force before a restart. Never rejects; to be waited for before anything opens. */
  restore(): Promise<void> {
    return (this.#restoring ??= this.#restore());
  }

  /** One look, shared by all who ask meanwhile; the next follows by itself. Never rejects. */
  checkNow(): Promise<void> {
    this.#next?.dispose();
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      this.#plan();
    });
    return this.#looking;
  }

  dispose(): void {
    this.#end.abort();
    this.#next?.dispose();
  }

  /** Another issuer starts its own count: what remains to do after a signing key was stolen. */
  get #storeKey(): string {
    return `emergencyStop ${this.#profile.issuer} ${this.#profile.audience}`;
  }

  async #restore(): Promise<void> {
    const kept = v.safeParse(keptSchema, this.#deps.preferences.get(this.#storeKey));
    if (!kept.success) return;
    this.#floor = kept.output;
    try {
      // It was believed once: a clock that was set back since must not open anything.
      this.#stops = await readStops(kept.output.jws, this.#profile, { nowMs: Infinity });
    } catch (error) {
      // The administrator has replaced the keys meanwhile.
      this.#report(error);
      return;
    }
    this.#changes.fire();
  }

  async #look(): Promise<void> {
    await this.restore();
    const { fetch, clock } = this.#deps;
    const { signal } = this.#end;
    try {
      const asked = { fetch, nowMs: clock.now(), signal, etag: this.#etag };
      const published = await fetchStops(this.#profile, asked);
      if (signal.aborted) return;
      const isNew = published !== undefined && this.#accept(published);
      this.#problem = undefined;
      this.#checkedAtMs = clock.now();
      this.#tell(isNew);
      if (isNew) await this.#keep();
    } catch (error) {
      if (signal.aborted) return;
      this.#report(error);
      this.#tell(false);
    }
  }

  #tell(isNew: boolean): void {
    const reason = this.problem?.facts.reason;
    const isOther = reason !== this.#told;
    this.#told = reason;
    if (isNew || isOther) this.#changes.fire();
  }

  /** Nothing is waited for in here: two answers cannot overtake each other. */
  #accept({ jws, stops, etag }: Published): boolean {
    const floor = this.#floor;
    const isSame = floor?.sequence === stops.sequence && contentOf(jws) === contentOf(floor.jws);
    const isNew = !isSame || this.#stops === undefined;
    if (isNew) {
      if (floor !== undefined && stops.sequence < floor.sequence) {
        throw this.#invalid('it is older than one before');
      }
      if (floor?.sequence === stops.sequence && !isSame) {
        throw this.#invalid('it differs from one of the same number');
      }
      if (stops.expiresAtMs <= this.#deps.clock.now()) throw this.#invalid(staleReason);
      this.#floor = { sequence: stops.sequence, jws };
      this.#stops = stops;
    }
    this.#etag = etag;
    return isNew;
  }

  /** In force first: a full disk must not keep anything open. */
  async #keep(): Promise<void> {
    const { log, preferences } = this.#deps;
    log.warn(`emergency stop: list ${this.#floor?.sequence ?? 0} is in force`);
    try {
      await preferences.set(this.#storeKey, this.#floor);
    } catch (error) {
      log.error('emergency stop: the list could not be kept', { reason: String(error) });
    }
  }

  #invalid(reason: string): ConnectError {
    const facts = { host: hostOf(this.#profile.url), reason };
    return new ConnectError('organization.stopListInvalid', facts);
  }

  /** An outage says nothing; a list that must not be believed is shown. */
  #report(thrown: unknown): void {
    const error = ConnectError.from(thrown);
    this.#deps.log.warn(`emergency stop: ${error.code}`, error.facts);
    if (error.code === 'organization.stopListInvalid') this.#problem = error;
  }

  #plan(): void {
    if (this.#end.signal.aborted) return;
    const { clock, random } = this.#deps;
    const delayMs = this.#profile.pollSeconds * 1000 * (0.8 + 0.4 * random());
    this.#next = clock.schedule(delayMs, () => void this.checkNow());
  }
}
