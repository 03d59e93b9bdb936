// What of a company session survives a reload: the refresh token, or the ID token where the identity
// provider gives no refresh token. One JSON value per identity provider, written whole.
import * as v from 'valibot';
import { ConnectError } from './errors.ts';
import type { Subject } from './idJag.ts';
import type { Account } from './overview.ts';
import type { SecretStore } from './ports.ts';
import { Secret } from './secret.ts';
import type { IdToken } from './signIn.ts';

export interface StoredSession {
  readonly account: Account;
  readonly sinceMs: number;
  readonly refreshToken: Secret | undefined;
  readonly idToken: IdToken | undefined;
}

export interface SessionStore {
  read(): Promise<StoredSession | undefined>;
  write(session: StoredSession): Promise<void>;
  delete(): Promise<void>;
}

const schema = v.object({
  issuer: v.string(),
  clientId: v.string(),
  account: v.object({ id: v.string(), label: v.string() }),
  sinceMs: v.number(),
  refreshToken: v.optional(v.string()),
  idToken: v.optional(v.object({ token: v.string(), expiresAtMs: v.number() })),
});

/** Sessions of another issuer or client under the same id are not ours and read as absent. */
export function createSessionStore(
  owner: { id: string; issuer: string; clientId: string },
  store: SecretStore,
): SessionStore {
  const key = `companySession ${owner.id}`;
  const { issuer, clientId } = owner;
  return {
    read: async () => {
      const text = await store.get(key);
      const session = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
      if (!session.success) return undefined;
      const { output } = session;
      if (output.issuer !== issuer || output.clientId !== clientId) return undefined;
      const { idToken, refreshToken } = output;
      return {
        account: output.account,
        sinceMs: output.sinceMs,
        refreshToken: refreshToken === undefined ? undefined : new Secret(refreshToken),
        idToken: idToken && { token: new Secret(idToken.token), expiresAtMs: idToken.expiresAtMs },
      };
    },
    write: ({ account, sinceMs, refreshToken, idToken }) => {
      const kept =
        refreshToken === undefined
          ? idToken && {
              idToken: { token: idToken.token.reveal(), expiresAtMs: idToken.expiresAtMs },
            }
          : { refreshToken: refreshToken.reveal() };
      return store.store(key, JSON.stringify({ issuer, clientId, account, sinceMs, ...kept }));
    },
    delete: () => store.delete(key),
  };
}

type Refreshable = Pick<StoredSession, 'refreshToken'>;

export const sameToken = (one: Refreshable, other: Refreshable): boolean =>
  one.refreshToken !== undefined &&
  other.refreshToken !== undefined &&
  one.refreshToken.equals(other.refreshToken);

export const provesWith = (session: StoredSession, token: Secret): boolean =>
  session.idToken?.token.equals(token) === true || session.refreshToken?.equals(token) === true;

export const hasLife = (idToken: IdToken | undefined, atMs: number): boolean =>
  idToken !== undefined && idToken.expiresAtMs > atMs;

/**
 * The proof that has life left: the ID token first.
 * @throws identityProvider.signInAgain
 */
export function subjectOf(session: StoredSession, nowMs: number): Subject {
  if (session.idToken !== undefined && hasLife(session.idToken, nowMs)) {
    return { token: session.idToken.token, kind: 'idToken' };
  }
  if (session.refreshToken !== undefined) {
    return { token: session.refreshToken, kind: 'refreshToken' };
  }
  throw new ConnectError('identityProvider.signInAgain');
}
