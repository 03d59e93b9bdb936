// The sign-in at one identity provider: who it is, proof for the exchanges, the end of it.
// Invariant: the stored session is deleted only when the person signs out or the identity provider
// answers that it is dead; a hiccup of the network deletes nothing.
import { ConnectError } from './errors.ts';
import { Emitter } from './event.ts';
import type { Subject } from './idJag.ts';
import type { Account, CompanySessionState, PersonSnapshot } from './overview.ts';
import type { Clock, Event, Log } from './ports.ts';
import type { Secret } from './secret.ts';
import type { Browser, SignInClient } from './signIn.ts';
import { hasLife, provesWith, sameToken, subjectOf } from './storedSession.ts';
import type { SessionStore, StoredSession } from './storedSession.ts';

/** One sign-in, from its beginning to its end; a late answer can tell by it that it is late. */
interface Held {
  /** Replaced whole by a renewal. */
  session: StoredSession;
  /** It has been in the store, so a store without it says something. */
  isStored: boolean;
  renewal: Promise<StoredSession> | undefined;
}

/** Proof with less life left than this is renewed before an exchange, milliseconds. */
const renewBeforeMs = 60_000;

interface SessionDeps {
  readonly id: string;
  readonly label: string;
  readonly client: () => Promise<SignInClient>;
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
  #held: Held | undefined;
  #ended: { account: Account; atMs: number } | undefined;
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
    const { id, label } = this.#deps;
    const failure = this.#failure === undefined ? {} : { failure: this.#failure };
    return { identityProvider: id, label, session: this.#state, ...failure };
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
      this.#held ??= { session: kept, isStored: true, renewal: undefined };
    }
    if (own === this.#begun) this.#become(this.#settled(), failure);
  }

  /** @throws user.cancelled, user.timedOut, identityProvider.*, network.* */
  async signIn(browser: Browser, signal: AbortSignal): Promise<void> {
    const own = ++this.#begun;
    this.#become({ kind: 'signingIn' });
    try {
      const client = await this.#deps.client();
      const tokens = await client.signIn(browser, signal);
      if (signal.aborted || own !== this.#begun) {
        this.#giveBack(client, tokens.refreshToken);
        throw new ConnectError('user.cancelled');
      }
      const before = this.#held;
      const session = { ...tokens, sinceMs: this.#deps.clock.now() };
      const held: Held = { session, isStored: false, renewal: undefined };
      this.#held = held;
      this.#ended = undefined;
      this.#giveBack(client, before?.session.refreshToken);
      // Before anything is waited for: connections of another account must close now.
      this.#become(this.#settled());
      const failure = await this.#keep(held);
      if (own === this.#begun && failure !== undefined) this.#become(this.#settled(), failure);
    } catch (error) {
      const known = ConnectError.from(error);
      const shown = known.code === 'user.cancelled' ? undefined : known;
      if (own === this.#begun) this.#become(this.#settled(), shown);
      throw known;
    }
  }

  /**
   * Proof for an exchange, renewed when it is about to expire or when `refused` names it.
   * @throws identityProvider.sessionEnded after ending the session, identityProvider.signInAgain,
   *   user.signedOut, network.*, identityProvider.*
   */
  async subject(refused?: Subject): Promise<Subject> {
    const held = this.#held;
    if (held === undefined) {
      const code = this.#ended === undefined ? 'user.signedOut' : 'identityProvider.sessionEnded';
      throw new ConnectError(code);
    }
    const { session } = held;
    const nowMs = this.#deps.clock.now();
    const isStale = refused !== undefined && provesWith(session, refused.token);
    // Without a refresh token the ID token is good to its very end, and then the person signs in again.
    const enoughMs = session.refreshToken === undefined ? 0 : renewBeforeMs;
    if (!isStale && hasLife(session.idToken, nowMs + enoughMs)) return subjectOf(session, nowMs);
    if (session.refreshToken === undefined) {
      throw new ConnectError('identityProvider.signInAgain');
    }
    const renewed = await this.#renew(held).catch(async (error: unknown) => {
      if (ConnectError.is(error, 'identityProvider.sessionEnded')) await this.#end(held);
      throw error;
    });
    return subjectOf(renewed, nowMs);
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
    const client = given && (await this.#deps.client().catch(() => undefined));
    const refreshToken = given?.refreshToken;
    return {
      revoke: async () =>
        refreshToken !== undefined && client !== undefined ? client.revoke(refreshToken) : false,
      endSessionUrl: given && client?.endSessionUrl(given.account),
      failure,
    };
  }

  /** Lets go of everything in memory; what is under way comes to nothing. The store stays as it is. */
  abandon(): void {
    this.#begun++;
    this.#left++;
    this.#held = undefined;
  }

  /** The identity provider answered that this session is dead. */
  async #end(held: Held): Promise<void> {
    if (held !== this.#held) return;
    this.#held = undefined;
    this.#ended = { account: held.session.account, atMs: this.#deps.clock.now() };
    this.#become(this.#settled());
    await this.#inOrder(() => this.#deps.store.delete()).catch((error: unknown) => {
      this.#deps.log.error('the ended session could not be deleted', { reason: String(error) });
    });
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
  #keep(held: Held): Promise<ConnectError | undefined> {
    return this.#inOrder(async () => {
      if (held !== this.#held) return undefined;
      try {
        await this.#deps.store.write(held.session);
        held.isStored = true;
        return undefined;
      } catch (error) {
        this.#deps.log.warn('the company session could not be stored', { reason: String(error) });
        return storageUnavailable(error);
      }
    });
  }

  #giveBack(client: SignInClient, refreshToken: Secret | undefined): void {
    if (refreshToken === undefined) return;
    client.revoke(refreshToken).catch((error: unknown) => {
      const facts = ConnectError.is(error) ? error.facts : {};
      this.#deps.log.warn('a company sign-in could not be given back', facts);
    });
  }

  #renew(held: Held): Promise<StoredSession> {
    held.renewal ??= this.#refresh(held).finally(() => {
      held.renewal = undefined;
    });
    return held.renewal;
  }

  async #refresh(held: Held): Promise<StoredSession> {
    const client = await this.#deps.client();
    await this.#takeOver(held);
    const used = held.session;
    try {
      return await this.#refreshOnce(client, held);
    } catch (error) {
      if (!ConnectError.is(error, 'identityProvider.sessionEnded')) throw error;
      await this.#takeOver(held);
      if (sameToken(held.session, used)) throw error;
      return this.#refreshOnce(client, held);
    }
  }

  /**
   * Another window may have renewed since: its refresh token is the only one that still works. It may
   * have signed out as well: then this one is.
   */
  async #takeOver(held: Held): Promise<void> {
    if (!held.isStored) return;
    const kept = await this.#deps.store.read().catch(storageUnavailable);
    if (kept instanceof ConnectError) return;
    if (kept === undefined) {
      if (held === this.#held) {
        this.abandon();
        this.#become(this.#settled());
      }
      throw new ConnectError('user.signedOut');
    }
    const { account, refreshToken } = kept;
    if (account.id !== held.session.account.id || refreshToken === undefined) return;
    held.session = { ...held.session, refreshToken };
  }

  async #refreshOnce(client: SignInClient, held: Held): Promise<StoredSession> {
    const { refreshToken, account } = held.session;
    if (refreshToken === undefined) throw new ConnectError('identityProvider.signInAgain');
    const idToken = await client.refresh(refreshToken, account, async (rotated) => {
      held.session = { ...held.session, refreshToken: rotated };
      await this.#keep(held);
    });
    if (held !== this.#held) {
      // Signed out meanwhile: what came too late goes back.
      if (!sameToken(held.session, { refreshToken })) {
        this.#giveBack(client, held.session.refreshToken);
      }
      throw new ConnectError('user.cancelled');
    }
    if (idToken !== undefined) held.session = { ...held.session, idToken };
    return held.session;
  }
}

const storageUnavailable = (cause: unknown): ConnectError =>
  new ConnectError('storage.unavailable', {}, { cause });
