// Fetches the security events that wait for us, and says which were taken (RFC 8936). Each is acted on once.
import * as v from 'valibot';
import { ConnectError, type Facts } from '../errors.ts';
import { Emitter } from '../event.ts';
import type { GuardedFetch } from '../http/http.ts';
import type { Clock, Disposable, Event, Log } from '../ports.ts';
import type { SharedSignalsProfile } from '../profile/profile.ts';
import { hostOf } from '../url.ts';
import { readSignals } from './sharedSignals.ts';
import type { Signal } from './signal.ts';
import { doubts } from './signedNotice.ts';

const answerSchema = v.looseObject({
  sets: v.optional(v.record(v.string(), v.string()), {}),
  moreAvailable: v.optional(v.boolean(), false),
});

/** Events taken at once. */
const maxEvents = 100;
/** Rounds without a pause, however many more there are said to be. */
const maxRounds = 20;
/** Events remembered, so that none is acted on twice. */
const maxKnown = 10_000;
/** Longest back-off, as a multiple of the plain interval. */
const maxBackOff = 16;

/** What an event that is not believed is called. @see RFC 8935 §2.4 */
const errorCodes: Readonly<Record<string, string>> = {
  [doubts.signature]: 'invalid_key',
  [doubts.issuer]: 'invalid_issuer',
  [doubts.audience]: 'invalid_audience',
};

export interface PollDeps {
  /** Of sharedSignalsParty. */
  readonly fetch: GuardedFetch;
  readonly clock: Clock;
  /** 0 to 1, for jitter. */
  readonly random: () => number;
  readonly log: Log;
}

interface Taken {
  readonly ack: readonly string[];
  readonly setErrs: Readonly<Record<string, { err: string; description: string }>>;
}

const nothing: Taken = { ack: [], setErrs: {} };

export class SharedSignalsPoll {
  /** Of somebody, perhaps of somebody else. */
  readonly onDidSignal: Event<Signal>;
  readonly onDidChange: Event<void>;
  readonly #profile: SharedSignalsProfile;
  readonly #deps: PollDeps;
  readonly #signals: Emitter<Signal>;
  readonly #changes: Emitter<void>;
  readonly #end = new AbortController();
  readonly #known = new Set<string>();
  /** Of the last round, said with the next one. */
  #taken: Taken = nothing;
  #failures = 0;
  #checkedAtMs: number | undefined;
  #problem: ConnectError | undefined;
  #next: Disposable | undefined;
  #polling: Promise<void> | undefined;

  constructor(profile: SharedSignalsProfile, deps: PollDeps) {
    this.#profile = profile;
    this.#deps = deps;
    const onListenerError = (error: unknown) => {
      deps.log.error('a listener of the shared signals failed', { reason: String(error) });
    };
    this.#signals = new Emitter(onListenerError);
    this.#changes = new Emitter(onListenerError);
    this.onDidSignal = this.#signals.event;
    this.onDidChange = this.#changes.event;
  }

  /** When everything that waited was last had, wall clock. */
  get checkedAtMs(): number | undefined {
    return this.#checkedAtMs;
  }

  /** What is wrong with what was sent last. */
  get problem(): ConnectError | undefined {
    return this.#problem;
  }

  /** One look, shared by all who ask meanwhile; the next follows by itself. Never rejects. */
  pollNow(): Promise<void> {
    this.#next?.dispose();
    this.#polling ??= this.#poll().finally(() => {
      this.#polling = undefined;
    });
    return this.#polling;
  }

  dispose(): void {
    this.#end.abort();
    this.#next?.dispose();
  }

  async #poll(): Promise<void> {
    const { random, clock } = this.#deps;
    const plainMs = this.#profile.pollSeconds * 1000;
    const before = this.#problem?.facts.reason;
    try {
      const doubt = await this.#rounds();
      if (this.#end.signal.aborted) return;
      this.#problem = doubt;
      this.#checkedAtMs = clock.now();
      this.#failures = 0;
      this.#plan(plainMs * (0.8 + 0.4 * random()));
    } catch (error) {
      if (this.#end.signal.aborted) return;
      this.#plan(this.#backOffMs(this.#report(error), plainMs));
    }
    if (before !== this.#problem?.facts.reason) this.#changes.fire();
  }

  /** Full jitter, of which the mean is never less than the plain interval; or what was asked for. */
  #backOffMs({ retryAfterSec }: Facts, plainMs: number): number {
    const { random } = this.#deps;
    if (retryAfterSec !== undefined) return retryAfterSec * 1000 + plainMs * random();
    const ceiling = plainMs * Math.min(maxBackOff, 2 ** ++this.#failures);
    return Math.max(plainMs / 4, ceiling * random());
  }

  /** Why the last event that is not believed is not. */
  async #rounds(): Promise<ConnectError | undefined> {
    const seen: { doubt?: ConnectError } = {};
    for (let round = 0; round < maxRounds; round++) {
      const sets = await this.#ask();
      this.#taken = nothing;
      const { taken, doubt } = await this.#take(sets);
      this.#taken = taken;
      if (doubt !== undefined) seen.doubt = doubt;
      // Once more even without more: the last of them must be acknowledged, or they come again.
      if (Object.keys(sets).length === 0) break;
    }
    return seen.doubt;
  }

  async #ask(): Promise<Readonly<Record<string, string>>> {
    const { pollEndpoint, credential } = this.#profile;
    const response = await this.#deps.fetch(pollEndpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(credential === undefined ? {} : { authorization: `Bearer ${credential.reveal()}` }),
      },
      body: JSON.stringify({ maxEvents, returnImmediately: true, ...this.#taken }),
      signal: this.#end.signal,
    });
    const answer: unknown = await response.json().catch(() => undefined);
    const parsed = v.safeParse(answerSchema, answer);
    if (response.status === 200 && parsed.success) return parsed.output.sets;
    const facts = { host: hostOf(pollEndpoint), status: response.status };
    const reason = 'the answer is not one of a poll endpoint';
    throw new ConnectError('organization.signalsInvalid', { ...facts, reason });
  }

  async #take(
    sets: Readonly<Record<string, string>>,
  ): Promise<{ taken: Taken; doubt: ConnectError | undefined }> {
    const ack: string[] = [];
    const setErrs: Record<string, { err: string; description: string }> = {};
    const seen: { doubt?: ConnectError } = {};
    for (const [id, set] of Object.entries(sets).slice(0, maxEvents)) {
      try {
        const signals = await readSignals({ id, set }, this.#profile, this.#deps.clock.now());
        if (this.#end.signal.aborted) break;
        this.#actOn(id, signals);
        ack.push(id);
      } catch (error) {
        seen.doubt = ConnectError.from(error);
        this.#deps.log.warn(`shared signals: ${seen.doubt.code}`, seen.doubt.facts);
        const description = seen.doubt.facts.reason ?? 'it could not be read';
        setErrs[id] = { err: errorCodes[description] ?? 'invalid_request', description };
      }
    }
    return { taken: { ack, setErrs }, doubt: seen.doubt };
  }

  #actOn(id: string, signals: readonly Signal[]): void {
    if (this.#known.has(id)) return;
    this.#known.add(id);
    const [oldest] = this.#known;
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest);
    for (const signal of signals) this.#signals.fire(signal);
  }

  /** An outage says nothing; an endpoint that cannot be understood is shown. */
  #report(thrown: unknown): Facts {
    const error = ConnectError.from(thrown);
    this.#deps.log.warn(`shared signals: ${error.code}`, error.facts);
    if (error.code === 'organization.signalsInvalid') this.#problem = error;
    return error.facts;
  }

  #plan(delayMs: number): void {
    this.#next = this.#deps.clock.schedule(delayMs, () => void this.pollNow());
  }
}
