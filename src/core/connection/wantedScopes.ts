// What one connection asks the company for, and how that may grow: by what its server says a call needs,
// a few times, never twice in vain (M10). Invariant: a server cannot make us ask without end.
import { ConnectError } from '../errors.ts';
import type { ServerProfile } from '../profile/profile.ts';

/** Widenings asked for between two connects. */
const maxWidenings = 3;
/** Those that got no answer counted. */
const maxTries = 10;
/** A server may not make us ask for more than this. */
const maxScopes = 64;
const maxLength = 128;

/** @see RFC 6749 §3.3 */
const isScope = (scope: string): boolean =>
  scope.length <= maxLength && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope);

export class WantedScopes {
  readonly #server: Pick<ServerProfile, 'scopes' | 'writeScopes'>;
  /** What the profile asks for at once. */
  readonly #first: readonly string[];
  #current: readonly string[];
  #most: readonly string[];
  /** Every union asked for so far, so that none is asked for twice. */
  readonly #asked = new Set<string>();
  #widenings = 0;
  #tries = 0;

  constructor(server: Pick<ServerProfile, 'scopes' | 'writeScopes' | 'writeAtOnce'>) {
    const { scopes, writeScopes, writeAtOnce } = server;
    this.#server = server;
    this.#first = unionOf(scopes, writeAtOnce ? writeScopes : []);
    this.#current = this.#most = this.#first;
    this.#asked.add(keyOf(this.#first));
  }

  /** What the next grant is asked for. */
  get current(): readonly string[] {
    return this.#current;
  }

  /** What there has been; whatever of it is not granted now was taken back. */
  get most(): readonly string[] {
    return this.#most;
  }

  get isWidened(): boolean {
    return this.#current !== this.#first;
  }

  /** What a call needs whose challenge names `challenged`, or names nothing. */
  needed(challenged: readonly string[] | undefined): readonly string[] {
    // A refresh token of the server's own would outlive the company's decisions (M9).
    return (challenged ?? this.#server.writeScopes)
      .filter((scope) => isScope(scope) && scope !== 'offline_access')
      .slice(0, maxScopes);
  }

  /** Whether all of `needed` has been asked for already: asking again would change nothing. */
  covers(needed: readonly string[]): boolean {
    return needed.every((scope) => this.#current.includes(scope));
  }

  /**
   * Everything asked for so far and `needed`, to be asked for now.
   * @throws server.insufficientScope when that has been asked for, or too much has
   */
  widened(needed: readonly string[]): readonly string[] {
    const union = unionOf(this.#current, needed);
    const isTooMuch =
      this.#widenings >= maxWidenings || this.#tries++ >= maxTries || union.length > maxScopes;
    if (isTooMuch || this.#asked.has(keyOf(union))) throw insufficient(needed);
    return union;
  }

  /** `union` got an answer: what was granted of it is asked for from now on. */
  answered(union: readonly string[], granted: readonly string[]): void {
    this.#widenings++;
    this.#asked.add(keyOf(union));
    const more = union.filter((scope) => granted.includes(scope));
    if (this.covers(more)) return;
    this.#current = unionOf(this.#current, more);
    this.#most = unionOf(this.#most, more);
  }

  /** Back to what the profile asks for: the company does not allow the rest any more. */
  narrow(): void {
    this.#current = this.#first;
  }
}

const unionOf = (...lists: readonly (readonly string[])[]): readonly string[] => [
  ...new Set(lists.flat()),
];

const keyOf = (scopes: readonly string[]): string => [...scopes].sort().join(' ');

const insufficient = (needed: readonly string[]): ConnectError =>
  new ConnectError('server.insufficientScope', { scopes: needed.join(' ').slice(0, 200) });
