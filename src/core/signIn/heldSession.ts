// One sign-in, from its beginning to its end: its renewal, and the refresh token that must never be lost.
// Invariant: a new refresh token is in the store before anything else happens to it.
import { refusalOf } from './accountBoundary.ts';
import { ConnectError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { AccountBoundary, IdentityProviderProfile } from '../profile/profile.ts';
import type { Secret } from '../secret.ts';
import type { IdToken, SignInClient } from './signIn.ts';
import type { StepUp } from './stepUp.ts';
import { sameToken, type SessionStore, type StoredSession } from './storedSession.ts';
import { SubjectProof } from './subjectProof.ts';
import { Turns } from '../turns.ts';

/** What a sign-in asks of the company session it belongs to. */
export interface HeldSessionOwner {
  readonly client: () => Promise<SignInClient>;
  readonly store: SessionStore;
  readonly accounts: AccountBoundary;
  readonly subjectToken: IdentityProviderProfile['subjectToken'];
  readonly clock: Clock;
  /** False for a sign-in that was replaced or ended: its late answers come to nothing. */
  readonly holds: (held: HeldSession) => boolean;
  readonly keep: (held: HeldSession) => Promise<unknown>;
  readonly end: (held: HeldSession, reason: ConnectError) => Promise<void>;
  readonly signedOutElsewhere: (held: HeldSession) => void;
  readonly giveBack: (client: SignInClient, session: StoredSession) => void;
}

/** More than could be under way at once. */
const rememberedSpent = 8;

export class HeldSession {
  /** Replaced whole by a renewal. */
  session: StoredSession;
  /** It has been in the store, so a store without it says something. */
  isStored: boolean;
  /** What this sign-in carried. */
  readonly stepUp: StepUp | undefined;
  /** Renewals go alone: two uses of a rotating refresh token at once look like a theft. */
  readonly turns = new Turns();
  readonly proof: SubjectProof;
  readonly #owner: HeldSessionOwner;
  #renewal: Promise<StoredSession> | undefined;
  /** Replaced by this session; worthless, and dangerous to use again. */
  #spent: readonly Secret[] = [];

  constructor(
    session: StoredSession,
    owner: HeldSessionOwner,
    origin: { isStored: boolean; stepUp?: StepUp | undefined },
  ) {
    this.session = session;
    this.#owner = owner;
    this.isStored = origin.isStored;
    this.stepUp = origin.stepUp;
    this.proof = new SubjectProof(this, owner);
  }

  get secrets(): readonly Secret[] {
    const { refreshToken, idToken } = this.session;
    return [refreshToken, idToken?.token].flatMap((one) => one ?? []);
  }

  /**
   * Once for all who ask meanwhile.
   * @throws identityProvider.sessionEnded and identityProvider.accountNotAllowed after ending the
   *   session, identityProvider.signInAgain without a refresh token, user.signedOut, user.cancelled,
   *   network.*, identityProvider.*
   */
  renew(): Promise<StoredSession> {
    this.#renewal ??= this.turns
      .alone(() => this.#refresh())
      .catch(async (error: unknown) => {
        const ends = [
          'identityProvider.sessionEnded',
          'identityProvider.accountNotAllowed',
          'identityProvider.accountMismatch',
        ] as const;
        if (ConnectError.is(error, ...ends)) await this.#owner.end(this, error);
        throw error;
      })
      .finally(() => {
        this.#renewal = undefined;
      });
    return this.#renewal;
  }

  /**
   * Another window may have renewed since: its refresh token is the only one that still works. It may
   * have signed out as well: then this one is.
   * @throws user.signedOut
   */
  async takeOver(): Promise<void> {
    if (!this.isStored) return;
    const kept = await this.#owner.store.read().catch(() => 'unavailable' as const);
    if (kept === 'unavailable') return;
    if (kept === undefined) {
      this.#owner.signedOutElsewhere(this);
      throw new ConnectError('user.signedOut');
    }
    const { account, refreshToken } = kept;
    if (account.id !== this.session.account.id) {
      this.#owner.signedOutElsewhere(this);
      throw new ConnectError('user.signedOut');
    }
    if (refreshToken !== undefined) this.follow(refreshToken);
  }

  /** Goes on with what is kept now; not with one that this session has replaced itself and not yet kept. */
  follow(refreshToken: Secret | undefined): void {
    const isSpent = this.#spent.some((one) => refreshToken?.equals(one) === true);
    if (!isSpent) this.session = { ...this.session, refreshToken };
  }

  /** The identity provider replaced the refresh token; the one before is worthless now. */
  async rotate(refreshToken: Secret): Promise<void> {
    const { refreshToken: spent } = this.session;
    if (spent !== undefined) this.#spent = [...this.#spent.slice(1 - rememberedSpent), spent];
    this.session = { ...this.session, refreshToken };
    await this.#owner.keep(this);
  }

  /**
   * For what came with `used` after everything was let go of: a successor goes back.
   * @throws user.cancelled
   */
  async requireHolds(used: StoredSession): Promise<void> {
    if (this.#owner.holds(this)) return;
    if (!sameToken(this.session, used)) {
      this.#owner.giveBack(await this.#owner.client(), this.session);
    }
    throw new ConnectError('user.cancelled');
  }

  async #refresh(): Promise<StoredSession> {
    const client = await this.#owner.client();
    await this.takeOver();
    const used = this.session;
    try {
      return await this.#refreshOnce(client);
    } catch (error) {
      if (!ConnectError.is(error, 'identityProvider.sessionEnded')) throw error;
      await this.takeOver();
      if (sameToken(this.session, used)) throw error;
      return this.#refreshOnce(client);
    }
  }

  async #refreshOnce(client: SignInClient): Promise<StoredSession> {
    const used = this.session;
    if (used.refreshToken === undefined) throw new ConnectError('identityProvider.signInAgain');
    const idToken = await client
      .refresh(used.refreshToken, used.account, (rotated) => this.rotate(rotated))
      .finally(() => this.requireHolds(used));
    if (idToken !== undefined) this.#take(idToken);
    return this.session;
  }

  #take(idToken: IdToken): void {
    // What a renewed ID token leaves out has not changed (OpenID Connect Core §12.2).
    const { emailDomain, hostedDomain, tenant } = idToken.membership;
    const before = this.session.membership;
    const membership = {
      emailDomain: emailDomain ?? before.emailDomain,
      hostedDomain: hostedDomain ?? before.hostedDomain,
      tenant: tenant ?? before.tenant,
    };
    const refusal = refusalOf(this.#owner.accounts, this.session.account, membership);
    if (refusal !== undefined) throw refusal;
    this.session = { ...this.session, membership, idToken };
  }
}
