// When one open connection asks the company again, and how long it may go on without an answer. Holds the
// timers; connection.ts acts. Invariants: what nobody uses is not asked about, but before its next use; what
// has been open for longer than the limit without a yes is closed on the second.
import type { Access } from '../access/accessRequest.ts';
import type { Clock, Disposable } from '../ports.ts';
import { renewalDelayMs, retryDelayMs } from './schedule.ts';

/** All in milliseconds. */
export interface ConfirmationLimits {
  /** How old a yes may be before a server in use is asked about again. */
  readonly checkIntervalMs: number;
  /** How old it may be while nobody can be asked; 0: closed at the first question without an answer. */
  readonly maxStalenessMs: number;
}

interface Deps {
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly limits: () => ConfirmationLimits;
  /** Time to ask again, or to try again. */
  readonly onDue: () => void;
  /** The last yes is too old, or nothing is left to call with. */
  readonly onLimit: () => void;
  /** `nextAtMs` is another than before. */
  readonly onOutlook: () => void;
}

interface Yes {
  readonly at: Access['receivedAt'];
  readonly lifeMs: number;
  /** Drawn once, so that a due time does not move. */
  readonly dueMs: number;
}

export class Confirmation {
  readonly #deps: Deps;
  #yes: Yes | undefined;
  #usedSince = false;
  #streams = 0;
  #failures = 0;
  #due: Disposable | undefined;
  #limit: Disposable | undefined;
  #retryAtMs: number | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** The company said yes when this was received, here or in another window. */
  confirmed({ receivedAt: at, lifeMs }: Pick<Access, 'receivedAt' | 'lifeMs'>): void {
    const { limits, random } = this.#deps;
    this.stop();
    this.#failures = 0;
    this.#usedSince = false;
    this.#yes = { at, lifeMs, dueMs: renewalDelayMs(lifeMs, limits().checkIntervalMs, random()) };
    this.#scheduleDue();
  }

  /** Asked now: there must be an answer before the limit. After it, every use waits for the answer anyway. */
  asking(): void {
    if (this.limitLeftMs > 0) this.#limit ??= this.#schedule(this.limitLeftMs, this.#deps.onLimit);
  }

  /** Nobody could be asked. @returns whether it may stay open meanwhile */
  failed(retryAfterSec: number | undefined): boolean {
    if (this.limitLeftMs <= 0) return false;
    this.asking();
    this.retryLater(retryAfterSec);
    return true;
  }

  /** For a connection that is not open. */
  retryLater(retryAfterSec: number | undefined): void {
    const delayMs = retryDelayMs(this.#failures++, retryAfterSec, this.#deps.random());
    this.#due?.dispose();
    this.#retryAtMs = this.#deps.clock.now() + delayMs;
    this.#due = this.#schedule(delayMs, () => {
      this.#retryAtMs = undefined;
      this.#deps.onDue();
    });
    this.#deps.onOutlook();
  }

  used(): void {
    const wasInUse = this.isInUse;
    this.#usedSince = true;
    if (this.#due === undefined) this.#scheduleDue();
    if (!wasInUse && this.#yes !== undefined) this.#deps.onOutlook();
  }

  /** A stream is a use for as long as it is open. */
  streamOpened(): Disposable {
    this.used();
    this.#streams++;
    this.#deps.onOutlook();
    const state = { open: true };
    return {
      dispose: () => {
        if (!state.open) return;
        state.open = false;
        this.#streams--;
        this.#deps.onOutlook();
      },
    };
  }

  /** Whether to ask before the next use; not while a retry is coming anyway. */
  get isDue(): boolean {
    return this.#retryAtMs === undefined && this.#yes !== undefined && this.#dueLeftMs <= 0;
  }

  /** How old another window's answer may be where one is due: windows come to ask in turn, and not one after the other. */
  get enoughMs(): number {
    return this.#deps.limits().checkIntervalMs / 2;
  }

  get openStreams(): number {
    return this.#streams;
  }

  get isInUse(): boolean {
    return this.#usedSince || this.#streams > 0;
  }

  /** Wall clock; undefined: before the next use. */
  get nextAtMs(): number | undefined {
    if (this.#retryAtMs !== undefined) return this.#retryAtMs;
    if (this.#yes === undefined || !this.isInUse) return undefined;
    return this.#yes.at.wallMs + this.#yes.dueMs;
  }

  /** Until when it stays open without another yes, wall clock. */
  get openUntilMs(): number {
    return this.#deps.clock.now() + Math.max(0, this.limitLeftMs);
  }

  get limitLeftMs(): number {
    if (this.#yes === undefined) return 0;
    const { maxStalenessMs } = this.#deps.limits();
    return Math.min(maxStalenessMs, this.#yes.lifeMs) - this.#ageMs(this.#yes.at);
  }

  /** No timer is left. The last yes is remembered until the next one. */
  stop(): void {
    this.#due?.dispose();
    this.#limit?.dispose();
    this.#due = this.#limit = undefined;
    this.#retryAtMs = undefined;
  }

  /** Closed: how it was used before is of no matter; streams end by themselves. */
  forget(): void {
    this.stop();
    this.#yes = undefined;
    this.#usedSince = false;
  }

  #scheduleDue(): void {
    if (this.#yes === undefined) return;
    this.#due = this.#schedule(this.#dueLeftMs, () => {
      this.#due = undefined;
      if (this.isInUse) this.#deps.onDue();
      else this.#deps.onOutlook();
    });
  }

  get #dueLeftMs(): number {
    return this.#yes === undefined ? 0 : this.#yes.dueMs - this.#ageMs(this.#yes.at);
  }

  /** The clock that says more is right: one of them stands still while the computer sleeps. */
  #ageMs({ monotonicMs, wallMs }: Access['receivedAt']): number {
    const { clock } = this.#deps;
    return Math.max(clock.monotonic() - monotonicMs, clock.now() - wallMs);
  }

  #schedule(delayMs: number, task: () => void): Disposable {
    return this.#deps.clock.schedule(Math.max(0, delayMs), task);
  }
}
