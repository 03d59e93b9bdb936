// The sign-in at one identity provider: who it is, proof for the exchanges, the end of it.
// Invariant: the stored session is deleted only when the person signs out or the identity provider
// answers that it is dead; a hiccup of the network deletes nothing.
import { refusalOf } from './accountBoundary.ts';
import { ConnectError } from '../errors.ts';
import { Emitter } from '../event.ts';
import type { Passage } from '../http/circuit.ts';
import { HeldSession, type HeldSessionOwner } from './heldSession.ts';
import type { Prove } from '../access/idJag.ts';
import type { Account, CompanySessionState, PersonSnapshot, SessionDetector } from '../overview.ts';
import type { Clock, Event, Log } from '../ports.ts';
import type { IdentityProviderProfile } from '../profile/profile.ts';
import type { Secret } from '../secret.ts';
import type { CompanyTokens, SignInClient, SignInWay } from './signIn.ts';
import { namingFailedStepUp, type StepUp } from './stepUp.ts';
import {
  deleteOwn,
  isReplaced,
  storageUnavailable,
  type SessionStore,
  type StoredSession,
} from './storedSession.ts';

interface SessionDeps extends Pick<
  IdentityProviderProfile,
  'id' | 'label' | 'signIn' | 'accounts' | 'subjectToken'
> {
  readonly client: (passage?: Passage) => Promise<SignInClient>;
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SessionChange {
  readonly previous: CompanySessionState;
  readonly current: CompanySessionState;
}

export interface SignedOut {
  /** RFC 7009 at the identity provider; false where there is nothing to revoke or no way to. */
  readonly revoke: () => Promise<boolean>;
  readonly endSessionUrl: string | undefined;
  readonly failure: ConnectError | undefined;
}

export class CompanySession {
  readonly onDidChange: Event<SessionChange>;
  readonly #deps: SessionDeps;
  readonly #changes: Emitter<SessionChange>;
  #state: CompanySessionState = { kind: 'signedOut' };
  #failure: PersonSnapshot['failure'];
  #held: HeldSession | undefined;
  /** Of a window that is closing; its last renewal must not be lost. */
  #leaving: HeldSession | undefined;
  /** The last sign-in or renewal was of another account than it had to be. */
  #wasOtherAccount = false;
  #ended: { account: Account; atMs: number; detector: SessionDetector } | undefined;
  /** Counts what a person began: an older sign-in or look-up must not have the last word. */
  #begun = 0;
  /** Counts the times everything was let go of: what was read before must not come back. */
  #left = 0;
  /** Writes to the store, one after the other, so that a deletion stays one. */
  #storing: Promise<unknown> = Promise.resolve();

  constructor(deps: SessionDeps) {
    this.#deps = deps;
    this.#changes = new Emitter((error) => {
      deps.log.error('a listener of the company session failed', { reason: String(error) });
    });
    this.onDidChange = this.#changes.event;
  }

  person(): PersonSnapshot {
    const { id, label, signIn } = this.#deps;
    const failure = this.#failure === undefined ? {} : { failure: this.#failure };
    const way = signIn === 'deviceCode' ? ({ withCode: true } as const) : {};
    return { identityProvider: id, label, session: this.#state, ...way, ...failure };
  }

  /** Looks for a session kept from an earlier window; never throws, a dead keyring is shown. */
  async restore(): Promise<void> {
    if (this.#state.kind !== 'signedOut') return;
    const own = ++this.#begun;
    const left = this.#left;
    this.#become({ kind: 'restoring' });
    const kept = await this.#deps.store.read().catch(storageUnavailable);
    const failure = kept instanceof ConnectError ? kept : undefined;
    // Kept also while a sign-in is open: given up, it leaves the person signed in as before.
    if (!(kept instanceof ConnectError) && kept !== undefined && left === this.#left) {
      this.#held ??= new HeldSession(kept, this.#owner, { isStored: true });
      const refusal = this.#refusalOf(this.#held.session);
      if (refusal !== undefined) return this.#end(this.#held, refusal);
    }
    if (own === this.#begun) this.#become(this.#settled(), failure);
  }

  /** Another window signed in, renewed or signed out: what is kept now is what counts. Never throws. */
  async follow(): Promise<void> {
    const own = this.#begun;
    const held = this.#held;
    // What this window has not yet written is newer than what it would read.
    await this.#storing;
    const kept = await this.#deps.store.read().catch(() => 'unavailable' as const);
    if (kept === 'unavailable' || own !== this.#begun || held !== this.#held) return;
    if (kept === undefined) {
      if (held === undefined) return;
      this.abandon();
    } else {
      const isSameAccount = held?.session.account.id === kept.account.id;
      if (isSameAccount && held.session.sinceMs === kept.sinceMs) {
        held.follow(kept.refreshToken);
        return;
      }
      if (this.#refusalOf(kept) !== undefined) return;
      // The same person's is taken in place: a renewal under way may already rest on it.
      if (isSameAccount) held.session = kept;
      else this.#held = new HeldSession(kept, this.#owner, { isStored: true });
      this.#ended = undefined;
    }
    // A sign-in that is open here says itself how it ends.
    if (this.#state.kind !== 'signingIn') this.#become(this.#settled());
  }

  /**
   * A sign-in that carries a step-up must be of the account that is signed in.
   * @throws user.cancelled, user.timedOut, identityProvider.*, network.*
   */
  async signIn(way: SignInWay, signal: AbortSignal, stepUp?: StepUp): Promise<void> {
    const own = ++this.#begun;
    this.#become({ kind: 'signingIn' });
    try {
      const client = await this.#deps.client({ urgent: true });
      const wish = { stepUp, selectAccount: this.#wasOtherAccount };
      const tokens = await client.signIn(way, signal, wish);
      const isLate = signal.aborted || own !== this.#begun;
      const refusal = isLate ? new ConnectError('user.cancelled') : this.#mismatch(tokens, stepUp);
      if (refusal !== undefined) {
        this.#giveBack(client, tokens);
        throw refusal;
      }
      const before = this.#held;
      const held = new HeldSession(this.#sessionOf(tokens), this.#owner, {
        isStored: false,
        stepUp,
      });
      this.#held = held;
      this.#ended = undefined;
      this.#wasOtherAccount = false;
      if (before !== undefined) this.#giveBack(client, before.session);
      // Before anything is waited for: connections of another account must close now.
      this.#become(this.#settled());
      const failure = await this.#keep(held);
      if (own === this.#begun && failure !== undefined) this.#become(this.#settled(), failure);
    } catch (error) {
      const known = this.#noting(ConnectError.from(error));
      const shown = known.code === 'user.cancelled' ? undefined : known;
      if (own === this.#begun) this.#become(this.#settled(), shown);
      throw known;
    }
  }

  /** @see Prove */
  readonly prove: Prove = async (ask) => {
    const held = this.#required;
    return held.proof.prove(ask).catch((error: unknown) => {
      throw this.#judge(this.#noting(ConnectError.from(error)), held);
    });
  };

  /** `error`, or `exchange.stepUpFailed` where the sign-in in force has carried what a server asks for. */
  judge(error: unknown): ConnectError {
    const known = ConnectError.from(error);
    const held = this.#held;
    if (held === undefined || known.code !== 'server.stepUpRequired') return known;
    return this.#judge(known, held);
  }

  /**
   * Signed out here at once. The answer gives back what was held and names the page that ends the
   * browser's session; `failure` when the keyring would not delete.
   */
  async signOut(): Promise<SignedOut> {
    const given = this.#held?.session;
    this.abandon();
    this.#ended = undefined;
    this.#become({ kind: 'signedOut' });
    const deleted = this.#inOrder(() => this.#deps.store.delete());
    const failure = await deleted.then(() => undefined, storageUnavailable);
    const client = given && (await this.#deps.client({ urgent: true }).catch(() => undefined));
    const refreshToken = given?.refreshToken;
    return {
      revoke: async () =>
        refreshToken !== undefined && client !== undefined ? client.revoke(refreshToken) : false,
      endSessionUrl: given && client?.endSessionUrl(given.account),
      failure,
    };
  }

  /** What proofs rest on now, also while a new sign-in is open. */
  get inForce(): { readonly accountId: string; readonly sinceMs: number } | undefined {
    const { account, sinceMs } = this.#held?.session ?? {};
    return account && sinceMs !== undefined ? { accountId: account.id, sinceMs } : undefined;
  }

  /** @throws user.signedOut, identityProvider.sessionEnded */
  requireAccountId(): string {
    return this.#required.session.account.id;
  }

  heldSecrets(): readonly Secret[] {
    return this.#held?.secrets ?? [];
  }

  /** Ends it for what the organization made known; nothing of it is kept. */
  async revoked(detector: SessionDetector): Promise<void> {
    const held = this.#held;
    if (held === undefined) return;
    const { account, refreshToken } = held.session;
    await this.#end(held, new ConnectError('identityProvider.sessionEnded'), detector);
    // The window that ended it gives it back.
    if (refreshToken === undefined || detector === 'otherWindow') return;
    const client = await this.#deps.client().catch(() => undefined);
    if (client !== undefined) this.#giveBack(client, { account, refreshToken });
  }

  /** Lets go of everything in memory; what is under way comes to nothing. The store stays as it is. */
  abandon(): void {
    this.#begun++;
    this.#left++;
    this.#held = undefined;
  }

  /**
   * The window closes, the sign-in goes on elsewhere: what is being renewed is still kept.
   * @returns when nothing is under way any more
   */
  async leave(): Promise<void> {
    const held = this.#held;
    this.abandon();
    this.#leaving = held;
    await held?.turns.alone(() => Promise.resolve());
    await this.#storing;
  }

  get #required(): HeldSession {
    if (this.#held !== undefined) return this.#held;
    const code = this.#ended === undefined ? 'user.signedOut' : 'identityProvider.sessionEnded';
    throw new ConnectError(code);
  }

  get #owner(): HeldSessionOwner {
    return {
      ...this.#deps,
      holds: (held) => this.#isKept(held),
      keep: (held) => this.#keep(held),
      end: (held, reason) => this.#end(held, reason),
      signedOutElsewhere: (held) => {
        if (held !== this.#held) return;
        this.abandon();
        this.#become(this.#settled());
      },
      giveBack: (client, session) => {
        this.#giveBack(client, session);
      },
    };
  }

  #sessionOf(tokens: CompanyTokens): StoredSession {
    const { membership } = tokens.idToken;
    return { ...tokens, membership, sinceMs: this.#deps.clock.now() };
  }

  /** Why these tokens are not taken. */
  #mismatch(tokens: CompanyTokens, stepUp: StepUp | undefined): ConnectError | undefined {
    const known = this.#held?.session.account;
    const isOther = stepUp !== undefined && known !== undefined && known.id !== tokens.account.id;
    if (!isOther) return this.#refusalOf(this.#sessionOf(tokens));
    const facts = { expected: known.label, actual: tokens.account.label };
    return new ConnectError('identityProvider.accountMismatch', facts);
  }

  #refusalOf({ account, membership }: StoredSession): ConnectError | undefined {
    return refusalOf(this.#deps.accounts, account, membership);
  }

  #noting(error: ConnectError): ConnectError {
    this.#wasOtherAccount ||= isOtherAccount(error);
    return error;
  }

  #judge(error: ConnectError, { session, stepUp }: HeldSession): ConnectError {
    return namingFailedStepUp(error, stepUp, this.#deps.clock.now() - session.sinceMs);
  }

  /** The identity provider answered that this session is dead, or it is of an account that may not be. */
  async #end(
    held: HeldSession,
    reason: ConnectError,
    detector: SessionDetector = 'session',
  ): Promise<void> {
    if (held !== this.#held) return;
    const { account } = held.session;
    this.#held = undefined;
    this.#ended = { account, atMs: this.#deps.clock.now(), detector };
    const isRefused = isOtherAccount(this.#noting(reason));
    this.#become(this.#settled(), isRefused ? reason : undefined);
    await this.#inOrder(() => deleteOwn(this.#deps.store, held.session)).catch((error: unknown) => {
      this.#deps.log.error('the ended session could not be deleted', { reason: String(error) });
    });
    const client = isRefused ? await this.#deps.client().catch(() => undefined) : undefined;
    if (client !== undefined) this.#giveBack(client, held.session);
  }

  /** What holds when nothing is under way. */
  #settled(): CompanySessionState {
    if (this.#held !== undefined) {
      const { account, sinceMs } = this.#held.session;
      return { kind: 'signedIn', account, sinceMs };
    }
    return this.#ended === undefined ? { kind: 'signedOut' } : { kind: 'ended', ...this.#ended };
  }

  #become(next: CompanySessionState, error?: ConnectError): void {
    const previous = this.#state;
    this.#state = Object.freeze(next);
    this.#failure = error && {
      code: error.code,
      facts: error.facts,
      atMs: this.#deps.clock.now(),
    };
    this.#changes.fire({ previous, current: this.#state });
  }

  #inOrder<T>(task: () => Promise<T>): Promise<T> {
    const next = this.#storing.then(task);
    this.#storing = next.catch(() => undefined);
    return next;
  }

  /** The failure to show when the session will not survive this window; it goes on in memory. */
  #keep(held: HeldSession): Promise<ConnectError | undefined> {
    return this.#inOrder(async () => {
      if (!this.#isKept(held)) return undefined;
      try {
        if (held.isStored && (await isReplaced(this.#deps.store, held.session))) return undefined;
        await this.#deps.store.write(held.session);
        held.isStored = true;
        return undefined;
      } catch (error) {
        held.isStored = false;
        this.#deps.log.warn('the company session could not be stored', { reason: String(error) });
        return storageUnavailable(error);
      }
    });
  }

  #isKept(held: HeldSession): boolean {
    return held === this.#held || held === this.#leaving;
  }

  /**
   * Never what belongs to the account that is signed in: one browser session is often one grant, and many
   * identity providers end all of it with one of its tokens (RFC 7009 §2.1).
   */
  #giveBack(client: SignInClient, given: Pick<StoredSession, 'account' | 'refreshToken'>): void {
    const { account, refreshToken } = given;
    if (refreshToken === undefined || account.id === this.#held?.session.account.id) return;
    client.revoke(refreshToken).catch((error: unknown) => {
      const facts = ConnectError.is(error) ? error.facts : {};
      this.#deps.log.warn('a company sign-in could not be given back', facts);
    });
  }
}

const isOtherAccount = (error: ConnectError): boolean =>
  ConnectError.is(error, 'identityProvider.accountNotAllowed', 'identityProvider.accountMismatch');
