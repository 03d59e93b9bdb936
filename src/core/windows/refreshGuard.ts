// Around every use of a refresh token: one process at a time, with the newest one there is, and never twice
// with one whose first use nobody has heard the end of. Two uses of a rotating refresh token look like a
// theft, and the identity provider ends the whole sign-in (RFC 9700 §4.14).
import * as v from 'valibot';
import type { Prove } from '../access/idJag.ts';
import { ConnectError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { Secret } from '../secret.ts';
import type { IdToken, SignInClient } from '../signIn/signIn.ts';
import type { SessionStore } from '../signIn/storedSession.ts';
import { Turns } from '../turns.ts';
import type { Lock, Notes } from './lock.ts';

export interface RefreshGuardDeps {
  /** Id of the identity provider. */
  readonly name: string;
  readonly lock: Lock;
  readonly notes: Notes;
  readonly store: SessionStore;
  /** Of the account whose sign-in is in use. */
  readonly accountId: () => string | undefined;
  /** How long this identity provider takes a refresh token again that it has replaced, milliseconds. */
  readonly graceMs: number;
  readonly clock: Clock;
  /** Where windows leave the newest ID token for each other, in memory. */
  readonly idTokens: {
    readonly keep: (idToken: IdToken) => void;
    readonly newest: () => IdToken | undefined;
  };
}

/** A use of the refresh token with this mark began; nobody has written down that it ended. */
const intentSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ mark: v.string(), atMs: v.number() }),
);
type Intent = v.InferOutput<typeof intentSchema>;

/** Another window may have been told the successor; it links in this time, milliseconds. */
const successorMs = 1_000;
const lookEveryMs = 100;

/** One hold of the lock; uses that may go side by side share it. */
interface Visit {
  readonly token: Promise<Secret>;
  readonly done: Promise<unknown>;
  readonly leave: () => void;
  uses: number;
  /** The note says of this token what is not so any more. */
  isRotated: boolean;
}

type OnRotated = (successor: Secret) => Promise<void>;
type Send<T> = (token: Secret, rotated: (keep: OnRotated) => OnRotated) => Promise<T>;

export class RefreshGuard {
  readonly #deps: RefreshGuardDeps;
  /** In this process too: after a new sign-in two of them may ask for a while. */
  readonly #turns = new Turns();
  #visit: Visit | undefined;
  /** Whether an exchange replaces the refresh token it rests on; undefined until an answer shows it. */
  #rotates: boolean | undefined;

  constructor(deps: RefreshGuardDeps) {
    this.#deps = deps;
  }

  /** A client whose refreshes are guarded. Where one may not be repeated, the newest ID token does as long as it lives. */
  client(inner: SignInClient): SignInClient {
    return {
      ...inner,
      refresh: async (given, account, onRotated) => {
        try {
          const idToken = await this.#turns.alone(() =>
            this.#use(given, (token, rotated) => inner.refresh(token, account, rotated(onRotated))),
          );
          if (idToken !== undefined) this.#deps.idTokens.keep(idToken);
          return idToken;
        } catch (error) {
          const newest = isUnknownEnd(error) ? this.#deps.idTokens.newest() : undefined;
          if (newest === undefined || newest.expiresAtMs <= this.#deps.clock.now()) throw error;
          return newest;
        }
      },
    };
  }

  /** @see Prove */
  prove(inner: Prove): Prove {
    return (ask) =>
      inner((subject) => {
        const { kind, token: given, onRotated } = subject;
        if (kind === 'idToken') return ask(subject);
        const keep = onRotated ?? (() => Promise.resolve());
        return this.#exchange(given, (token, rotated) =>
          ask({ kind, token, onRotated: rotated(keep) }),
        );
      });
  }

  /** Side by side only where an answer has shown that it does no harm. */
  #exchange<T>(given: Secret, send: Send<T>): Promise<T> {
    const noting: Send<T> = async (token, rotated) => {
      const seen = { isRotated: false };
      const answer = await send(token, (keep) => {
        const kept = rotated(keep);
        return (successor) => {
          seen.isRotated = true;
          return kept(successor);
        };
      });
      this.#rotates = seen.isRotated || this.#rotates === true;
      return answer;
    };
    const use = () => this.#use(given, noting);
    return this.#rotates === false ? this.#turns.together(use) : this.#turns.alone(use);
  }

  async #use<T>(given: Secret, send: Send<T>): Promise<T> {
    const visit = (this.#visit ??= this.#enter(given));
    visit.uses++;
    try {
      const token = await visit.token;
      return await send(token, (keep) => async (successor) => {
        // Of a sign-in that another one has replaced meanwhile nothing is kept.
        if ((await this.#newest(token)).equals(token)) await keep(successor);
        visit.isRotated = true;
      });
    } finally {
      visit.uses--;
      if (visit.uses === 0) {
        if (this.#visit === visit) this.#visit = undefined;
        visit.leave();
        await visit.done.catch(() => undefined);
      }
    }
  }

  #enter(given: Secret): Visit {
    const { lock, name } = this.#deps;
    const left = deferred<undefined>();
    const token = deferred<Secret>();
    const done = lock(`refresh ${name}`, async () => {
      token.resolve(await this.#begin(given));
      await left.promise;
      // Whatever came of it, this process has heard it; what was replaced needs no note.
      if (!visit.isRotated) await this.#note({ mark: '', atMs: 0 });
    });
    done.catch(token.reject);
    const leave = () => {
      left.resolve(undefined);
    };
    const visit = { token: token.promise, done, leave, uses: 0, isRotated: false };
    return visit;
  }

  /** Inside the lock. @throws identityProvider.signInAgain where repeating could end the sign-in for good */
  async #begin(given: Secret): Promise<Secret> {
    const { clock, notes, name } = this.#deps;
    const read = v.safeParse(intentSchema, await notes.read(`intent ${name}`));
    const token = await this.#successor(given, read.success ? read.output.mark : '');
    const mark = await markOf(token);
    const atMs = clock.now();
    const isUnanswered = read.success && read.output.mark === mark;
    if (!isUnanswered) await this.#note({ mark, atMs });
    else if (!this.#isInGrace(atMs - read.output.atMs)) throw unknownEnd();
    return token;
  }

  /** Since the first use, so that repeating it does not make the time longer. */
  #isInGrace(sinceMs: number): boolean {
    return sinceMs >= 0 && sinceMs <= this.#deps.graceMs;
  }

  /** The newest refresh token; waits a little for one that was told to another window, where this one is in doubt. */
  async #successor(given: Secret, doubtful: string): Promise<Secret> {
    const { clock } = this.#deps;
    const untilMs = clock.monotonic() + successorMs;
    for (;;) {
      const token = await this.#newest(given);
      if ((await markOf(token)) !== doubtful || clock.monotonic() >= untilMs) return token;
      await new Promise<void>((resolve) => clock.schedule(lookEveryMs, resolve));
    }
  }

  async #newest(given: Secret): Promise<Secret> {
    const kept = await this.#deps.store.read().catch(() => undefined);
    const isSame = kept !== undefined && kept.account.id === this.#deps.accountId();
    return isSame ? (kept.refreshToken ?? given) : given;
  }

  /** A full disk ends nobody's access: then a kill in just that moment may cost the sign-in. */
  async #note(intent: Intent): Promise<void> {
    const { notes, name } = this.#deps;
    await notes.write(`intent ${name}`, JSON.stringify(intent)).catch(() => undefined);
  }
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

function deferred<T>(): Deferred<T> {
  const made: { -readonly [K in keyof Deferred<T>]?: Deferred<T>[K] } = {};
  const promise = new Promise<T>((resolve, reject) => {
    Object.assign(made, { resolve, reject });
  });
  return { ...(made as Omit<Deferred<T>, 'promise'>), promise };
}

const unknownReason = 'nobody knows how the last renewal of this sign-in ended';

const unknownEnd = () =>
  new ConnectError('identityProvider.signInAgain', { reason: unknownReason });

const isUnknownEnd = (error: unknown): boolean =>
  ConnectError.is(error, 'identityProvider.signInAgain') && error.facts.reason === unknownReason;

/** Tells tokens apart without being one. */
async function markOf(token: Secret): Promise<string> {
  const bytes = new TextEncoder().encode(`refresh token ${token.reveal()}`);
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
}
