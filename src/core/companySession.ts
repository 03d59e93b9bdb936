// The sign-in at one identity provider: who it is, proof for the exchanges, the end of it.
// Invariant: the stored session is deleted only when the person signs out or the identity provider
// answers that it is dead; a hiccup of the network deletes nothing.
import { ConnectError } from './errors.ts';
import { Emitter } from './event.ts';
import type { Subject } from './idJag.ts';
import type { CompanySessionState, PersonSnapshot } from './overview.ts';
import type { Clock, Event, Log } from './ports.ts';
import type { Secret } from './secret.ts';
import type { Browser, IdToken, SignInClient } from './signIn.ts';
import type { SessionStore, StoredSession } from './storedSession.ts';

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
  /** Replaced whole by every sign-in and renewal, so that a late answer can tell it is late. */
  #live: StoredSession | undefined;
  #renewal: Promise<StoredSession> | undefined;

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
    this.#become({ kind: 'restoring' });
    try {
      const kept = await this.#deps.store.read();
      this.#live = kept;
      if (kept === undefined) this.#become({ kind: 'signedOut' });
      else this.#become({ kind: 'signedIn', account: kept.account, sinceMs: kept.sinceMs });
    } catch (error) {
      this.#become({ kind: 'signedOut' }, storageUnavailable(error));
    }
  }

  /** @throws user.cancelled, user.timedOut, identityProvider.*, network.* */
  async signIn(browser: Browser, signal: AbortSignal): Promise<void> {
    const before = this.#state;
    this.#become({ kind: 'signingIn' });
    try {
      const client = await this.#deps.client();
      const tokens = await client.signIn(browser, signal);
      const session = { ...tokens, sinceMs: this.#deps.clock.now() };
      this.#live = session;
      const { account, sinceMs } = session;
      this.#become({ kind: 'signedIn', account, sinceMs }, await this.#keep(session));
    } catch (error) {
      const known = ConnectError.from(error);
      this.#become(before, known.code === 'user.cancelled' ? undefined : known);
      throw known;
    }
  }

  /**
   * Proof for an exchange, renewed when it is about to expire or when `refused` names it.
   * @throws identityProvider.sessionEnded after ending the session, network.*, identityProvider.*
   */
  async subject(refused?: Subject): Promise<Subject> {
    const from = this.#live;
    if (from === undefined) throw new ConnectError('identityProvider.sessionEnded');
    const nowMs = this.#deps.clock.now();
    const stale = refused !== undefined && provesWith(from, refused.token);
    if (!stale && hasLife(from.idToken, nowMs)) return subjectOf(from, nowMs);
    const renewed = await this.#renew(from).catch(async (error: unknown) => {
      if (ConnectError.is(error, 'identityProvider.sessionEnded')) await this.end(from);
      throw error;
    });
    return subjectOf(renewed, nowMs);
  }

  /** The identity provider answered that this session is dead. */
  async end(session: StoredSession | undefined = this.#live): Promise<void> {
    if (session === undefined || session !== this.#live) return;
    this.#live = undefined;
    this.#become({ kind: 'ended', account: session.account, atMs: this.#deps.clock.now() });
    await this.#deps.store.delete().catch((error: unknown) => {
      this.#deps.log.error('the ended session could not be deleted', { reason: String(error) });
    });
  }

  /**
   * Signed out here at once. The answer gives back what was held and names the page that ends the
   * browser's session; `failure` when the keyring would not delete.
   */
  async signOut(): Promise<SignedOut> {
    const given = this.#live;
    this.#live = undefined;
    this.#become({ kind: 'signedOut' });
    const failure = await this.#deps.store.delete().then(() => undefined, storageUnavailable);
    const client = given && (await this.#deps.client().catch(() => undefined));
    const refreshToken = given?.refreshToken;
    return {
      revoke: async () =>
        refreshToken !== undefined && client !== undefined ? client.revoke(refreshToken) : false,
      endSessionUrl: given && client?.endSessionUrl(given.account),
      failure,
    };
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

  /** The failure to show when the session will not survive this window; it goes on in memory. */
  async #keep(session: StoredSession): Promise<ConnectError | undefined> {
    try {
      await this.#deps.store.write(session);
      return undefined;
    } catch (error) {
      this.#deps.log.warn('the company session could not be stored', { reason: String(error) });
      return storageUnavailable(error);
    }
  }

  /** One refresh at a time; its outcome is dropped when the session changed meanwhile. */
  #renew(from: StoredSession): Promise<StoredSession> {
    this.#renewal ??= this.#refresh(from).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #refresh(from: StoredSession): Promise<StoredSession> {
    const { store } = this.#deps;
    const client = await this.#deps.client();
    // Another window may have renewed since: its refresh token is the only one that still works.
    const kept = await store.read().catch(() => undefined);
    const current =
      kept?.account.id === from.account.id ? { ...from, ...definedTokens(kept) } : from;
    const renewed = await refreshOnce(client, current).catch(async (error: unknown) => {
      if (!ConnectError.is(error, 'identityProvider.sessionEnded')) throw error;
      const again = await store.read().catch(() => undefined);
      if (again?.account.id !== current.account.id || sameToken(again, current)) throw error;
      return refreshOnce(client, again);
    });
    if (this.#live !== from) throw new ConnectError('user.cancelled');
    this.#live = renewed;
    await this.#keep(renewed);
    return renewed;
  }
}

const storageUnavailable = (cause: unknown): ConnectError =>
  new ConnectError('storage.unavailable', {}, { cause });

const definedTokens = ({ refreshToken }: StoredSession): Partial<StoredSession> =>
  refreshToken === undefined ? {} : { refreshToken };

async function refreshOnce(client: SignInClient, from: StoredSession): Promise<StoredSession> {
  if (from.refreshToken === undefined) throw new ConnectError('identityProvider.sessionEnded');
  const tokens = await client.refresh(from.refreshToken, from.account);
  return { ...from, refreshToken: tokens.refreshToken, idToken: tokens.idToken ?? from.idToken };
}

const sameToken = (one: StoredSession, other: StoredSession): boolean =>
  one.refreshToken !== undefined &&
  other.refreshToken !== undefined &&
  one.refreshToken.equals(other.refreshToken);

const provesWith = (session: StoredSession, token: Secret): boolean =>
  session.idToken?.token.equals(token) === true || session.refreshToken?.equals(token) === true;

const hasLife = (idToken: IdToken | undefined, nowMs: number): boolean =>
  idToken !== undefined && idToken.expiresAtMs - nowMs > renewBeforeMs;

function subjectOf(session: StoredSession, nowMs: number): Subject {
  if (session.idToken !== undefined && session.idToken.expiresAtMs > nowMs) {
    return { token: session.idToken.token, kind: 'idToken' };
  }
  if (session.refreshToken !== undefined) {
    return { token: session.refreshToken, kind: 'refreshToken' };
  }
  throw new ConnectError('identityProvider.signInAgain');
}
