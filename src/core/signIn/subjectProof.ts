// What proves the company sign-in in an exchange: the ID token or the refresh token, as the profile says or
// as the answers teach.
import { ConnectError } from '../errors.ts';
import type { HeldSession } from './heldSession.ts';
import type { Prove, Subject } from '../access/idJag.ts';
import type { Clock } from '../ports.ts';
import type { IdentityProviderProfile } from '../profile/profile.ts';
import type { Secret } from '../secret.ts';
import type { IdToken } from './signIn.ts';

/** An ID token with less life left than this is renewed before an exchange, milliseconds. */
const renewBeforeMs = 60_000;

/** A refresh token is taken when its turn comes: the one before may have replaced it. */
type Choice =
  { readonly kind: 'idToken'; readonly token: Secret } | { readonly kind: 'refreshToken' };

interface Answer {
  readonly rotated: Secret | undefined;
}
type Ask<T> = (subject: Subject) => Promise<T>;

export class SubjectProof {
  readonly #held: HeldSession;
  readonly #asked: IdentityProviderProfile['subjectToken'];
  readonly #clock: Pick<Clock, 'now'>;
  /** The kind that worked last. */
  #learnt: Subject['kind'] | undefined;
  /** Whether an exchange replaces the refresh token it rests on; undefined until an answer shows it. */
  #rotates: boolean | undefined;

  constructor(
    held: HeldSession,
    deps: { subjectToken: IdentityProviderProfile['subjectToken']; clock: Pick<Clock, 'now'> },
  ) {
    this.#held = held;
    this.#asked = deps.subjectToken;
    this.#clock = deps.clock;
  }

  /** @see Prove */
  readonly prove: Prove = async (ask) => {
    const first = await this.#choose();
    // Another window may have signed out, or somebody else in.
    if (first.kind === 'idToken') await this.#held.takeOver();
    try {
      return await this.#ask(first, ask);
    } catch (error) {
      if (!ConnectError.is(error, 'identityProvider.signInAgain')) throw error;
      const second = await this.#another(first, error);
      return await this.#ask(second, ask).catch(async (again: unknown) => {
        const isNews = first.kind === 'idToken' && second.kind === 'refreshToken';
        if (isNews && ConnectError.is(again, 'identityProvider.signInAgain')) {
          // Whether the sign-in is dead, or only not taken like this, the refresh grant says.
          await this.#held.renew();
        }
        throw again;
      });
    }
  };

  async #choose(refused?: Secret): Promise<Choice> {
    const { refreshToken } = this.#held.session;
    const prefers = this.#asked === 'auto' ? this.#learnt : this.#asked;
    if (prefers === 'refreshToken' && refreshToken !== undefined) return { kind: prefers };
    const idToken = await this.#idToken(refused);
    if (idToken !== undefined) return { kind: 'idToken', token: idToken.token };
    if (this.#asked === 'idToken') throw new ConnectError('identityProvider.signInAgain');
    return { kind: 'refreshToken' };
  }

  /** Undefined where a renewal brings none. @throws identityProvider.signInAgain where nothing can renew it */
  async #idToken(refused?: Secret): Promise<IdToken | undefined> {
    const { idToken, refreshToken } = this.#held.session;
    // Without a refresh token the ID token is good to its very end, and then the person signs in again.
    const enoughMs = refreshToken === undefined ? 0 : renewBeforeMs;
    if (this.#isGood(idToken, refused, enoughMs)) return idToken;
    if (refreshToken === undefined) throw new ConnectError('identityProvider.signInAgain');
    const renewed = await this.#held.renew();
    return this.#isGood(renewed.idToken, refused, 0) ? renewed.idToken : undefined;
  }

  #isGood(idToken: IdToken | undefined, refused: Secret | undefined, lifeMs: number): boolean {
    if (idToken === undefined || idToken.expiresAtMs <= this.#clock.now() + lifeMs) return false;
    return refused === undefined || !idToken.token.equals(refused);
  }

  /** What to ask with after "your proof is no good". A dead session says so while renewing. */
  async #another(refused: Choice, error: ConnectError): Promise<Choice> {
    const hasRefreshToken = this.#held.session.refreshToken !== undefined;
    if (refused.kind === 'refreshToken') {
      await this.#held.renew();
      return refused;
    }
    // No ID token has ever worked here, so it may be the kind that is refused (RFC 8693 §2.2.2).
    const mayBeKind = error.facts.oauthError === 'invalid_request' && this.#learnt === undefined;
    if (mayBeKind && this.#asked === 'auto' && hasRefreshToken) return { kind: 'refreshToken' };
    return this.#choose(refused.token);
  }

  async #ask<T extends Answer>(choice: Choice, ask: Ask<T>): Promise<T> {
    const answer = await (choice.kind === 'idToken' ? ask(choice) : this.#askWithRefreshToken(ask));
    this.#learnt = choice.kind;
    return answer;
  }

  /** One at a time until an answer shows that side by side does no harm: reuse looks like a theft. */
  async #askWithRefreshToken<T extends Answer>(ask: Ask<T>): Promise<T> {
    const { turns } = this.#held;
    if (this.#rotates !== false) {
      const done = await turns.alone(async () =>
        this.#rotates === false ? undefined : { answer: await this.#exchange(ask) },
      );
      if (done !== undefined) return done.answer;
    }
    return turns.together(() => this.#exchange(ask));
  }

  async #exchange<T extends Answer>(ask: Ask<T>): Promise<T> {
    const held = this.#held;
    await held.takeOver();
    const used = held.session;
    if (used.refreshToken === undefined) throw new ConnectError('identityProvider.signInAgain');
    const onRotated = (refreshToken: Secret): Promise<void> => {
      this.#rotates = true;
      return held.rotate(refreshToken);
    };
    const answer = await ask({ kind: 'refreshToken', token: used.refreshToken, onRotated }).catch(
      async (error: unknown) => {
        await held.requireHolds(used);
        throw error;
      },
    );
    if (answer.rotated === undefined) this.#rotates ??= false;
    else if (!isHeldBy(held, answer.rotated)) await onRotated(answer.rotated);
    await held.requireHolds(used);
    return answer;
  }
}

const isHeldBy = ({ session }: HeldSession, refreshToken: Secret): boolean =>
  session.refreshToken?.equals(refreshToken) === true;
