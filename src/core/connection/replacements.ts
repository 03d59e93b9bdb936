// How often a server may refuse fresh access before it is believed. Invariant: a server that takes each
// access once cannot make us ask the identity provider without end.
import type { Access } from '../access/accessRequest.ts';
import type { AccessToken } from '../access/accessToken.ts';
import type { Clock } from '../ports.ts';

const withinMs = 60_000;
/** Revoked once or twice in a row is an administrator; more is a server. */
const most = 3;

export class Replacements {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #asked: readonly number[] = [];
  #last: AccessToken | undefined;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Whether to ask for a successor of `refused`; free where there is one in hand, or on its way. */
  mayReplace(held: Access | undefined, refused: AccessToken): boolean {
    if (held !== undefined && !held.token.secret.equals(refused.secret)) return true;
    if (this.#last?.secret.equals(refused.secret) === true) return true;
    this.#last = refused;
    const nowMs = this.#clock.monotonic();
    this.#asked = [...this.#asked.filter((atMs) => nowMs - atMs < withinMs), nowMs];
    return this.#asked.length <= most;
  }
}
