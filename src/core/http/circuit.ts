// One party's way, shut after so many failures, so that an outage is not made worse by everybody who asks
// again. A party that answers is up, whatever it answers.
import { ConnectError, type ErrorCode } from '../errors.ts';
import { Emitter } from '../event.ts';
import type { Clock, Event } from '../ports.ts';

export type CircuitState =
  | { readonly kind: 'closed' }
  /** Nothing is sent before `untilMs`, wall clock. */
  | { readonly kind: 'open'; readonly untilMs: number; readonly code: ErrorCode }
  /** One request finds out whether the party is back. */
  | { readonly kind: 'halfOpen' };

export interface Passage {
  /** Begun by the person just now: sent whatever was learnt before. */
  readonly urgent?: boolean | undefined;
}

interface Deps {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** 0 to 1. */
  readonly random: () => number;
  readonly onListenerError: (error: unknown) => void;
}

interface Outage {
  readonly error: ConnectError;
  /** Times in a row that the way was shut. */
  readonly times: number;
  /** Monotonic. */
  readonly untilMs: number;
}

const failuresToOpen = 5;
const failuresWithinMs = 60_000;
const baseMs = 1_000;
const longestMs = 300_000;
/** What those are told to wait who come while one finds out, seconds. */
const probeSec = 5;

export class Circuit {
  /** The way is open again: whoever waits may ask. */
  readonly onDidRecover: Event<void>;
  readonly #deps: Deps;
  readonly #recoveries: Emitter<void>;
  /** When requests failed since the last answer, monotonic milliseconds. */
  #failures: readonly number[] = [];
  #outage: Outage | undefined;
  /** The request that finds out. */
  #probe: object | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#recoveries = new Emitter(deps.onListenerError);
    this.onDidRecover = this.#recoveries.event;
  }

  get state(): CircuitState {
    if (this.#outage === undefined) return { kind: 'closed' };
    const { error, untilMs } = this.#outage;
    const leftMs = untilMs - this.#deps.clock.monotonic();
    if (leftMs <= 0) return { kind: 'halfOpen' };
    return { kind: 'open', untilMs: this.#deps.clock.now() + leftMs, code: error.code };
  }

  /** @throws what `task` throws; the last outage's error, with the time left, while nothing is sent */
  async run<T>(task: () => Promise<T>, passage: Passage = {}): Promise<T> {
    this.admit(passage);
    const own = {};
    if (this.state.kind === 'halfOpen') this.#probe ??= own;
    try {
      const answer = await task();
      this.#answered();
      return answer;
    } catch (error) {
      if (!ConnectError.is(error)) throw error;
      if (isOutage(error)) this.#failed(error, own === this.#probe);
      // Given up, it has found out nothing.
      else if (error.code !== 'user.cancelled') this.#answered();
      throw error;
    } finally {
      if (this.#probe === own) this.#probe = undefined;
    }
  }

  /** For one that must wait for its turn first. @throws as `run` does before it begins */
  admit({ urgent = false }: Passage = {}): void {
    const outage = this.#outage;
    if (outage === undefined || urgent) return;
    const leftMs = outage.untilMs - this.#deps.clock.monotonic();
    if (leftMs <= 0 && this.#probe === undefined) return;
    const { code, facts } = outage.error;
    const retryAfterSec = leftMs > 0 ? Math.ceil(leftMs / 1000) : probeSec;
    throw new ConnectError(code, { ...facts, retryAfterSec }, { cause: outage.error });
  }

  /** What was learnt may be over: the next request finds out. */
  retryNow(): void {
    if (this.#outage !== undefined) {
      this.#outage = { ...this.#outage, untilMs: this.#deps.clock.monotonic() };
    }
  }

  #answered(): void {
    this.#failures = [];
    if (this.#outage === undefined) return;
    this.#outage = undefined;
    this.#recoveries.fire();
  }

  #failed(error: ConnectError, wasProbe: boolean): void {
    // Sent before the way was shut, or by the person: says nothing new.
    if (this.#outage !== undefined && !wasProbe) return;
    const nowMs = this.#deps.clock.monotonic();
    const recent = this.#failures.filter((atMs) => nowMs - atMs < failuresWithinMs);
    this.#failures = [...recent, nowMs];
    const times = this.#outage?.times ?? 0;
    if (times === 0 && this.#failures.length < failuresToOpen) return;
    this.#outage = { error, times: times + 1, untilMs: nowMs + this.#waitMs(error, times) };
  }

  /** What the party asked for, or full-jitter back-off. */
  #waitMs({ facts }: ConnectError, times: number): number {
    const asked = facts.retryAfterSec ?? 0;
    if (asked > 0) return asked * 1000;
    return Math.min(longestMs, baseMs * 2 ** Math.min(times, 10)) * this.#deps.random();
  }
}

const isOutage = ({ code }: ConnectError): boolean =>
  /^(network\..+|identityProvider\.(unavailable|busy))$/.test(code);
