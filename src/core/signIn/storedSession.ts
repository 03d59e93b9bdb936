// What of a company session survives a reload: the refresh token, or the ID token where the identity
// provider gives no refresh token. One JSON value per identity provider, written whole.
import * as v from 'valibot';
import { ConnectError } from '../errors.ts';
import type { Membership } from './accountBoundary.ts';
import type { Account } from '../overview.ts';
import type { SecretStore } from '../ports.ts';
import { Secret } from '../secret.ts';
import type { IdToken } from './signIn.ts';

export interface StoredSession {
  readonly account: Account;
  /** What the latest ID token that said so says. */
  readonly membership: Membership;
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
  membership: v.optional(
    v.object({
      emailDomain: v.optional(v.string()),
      hostedDomain: v.optional(v.string()),
      tenant: v.optional(v.string()),
    }),
    {},
  ),
  sinceMs: v.number(),
  refreshToken: v.optional(v.string()),
  idToken: v.optional(v.object({ token: v.string(), expiresAtMs: v.number() })),
});

/** In SecretStorage, by id of the identity provider. */
export const sessionKey = (id: string): string => `companySession ${id}`;

/** Sessions of another issuer or client under the same id are not ours and read as absent. */
export function createSessionStore(
  owner: { id: string; issuer: string; clientId: string },
  store: SecretStore,
): SessionStore {
  const key = sessionKey(owner.id);
  const { issuer, clientId } = owner;
  return {
    read: async () => {
      const text = await store.get(key);
      const session = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
      if (!session.success) return undefined;
      const { output } = session;
      if (output.issuer !== issuer || output.clientId !== clientId) return undefined;
      const { account, membership, sinceMs, idToken, refreshToken } = output;
      return {
        account,
        membership,
        sinceMs,
        refreshToken: refreshToken === undefined ? undefined : new Secret(refreshToken),
        idToken: idToken && {
          token: new Secret(idToken.token),
          expiresAtMs: idToken.expiresAtMs,
          membership,
        },
      };
    },
    write: ({ refreshToken, idToken, ...plain }) => {
      const kept =
        refreshToken === undefined
          ? idToken && {
              idToken: { token: idToken.token.reveal(), expiresAtMs: idToken.expiresAtMs },
            }
          : { refreshToken: refreshToken.reveal() };
      const { account, membership, sinceMs } = plain;
      const entry = { issuer, clientId, account, membership, sinceMs, ...kept };
      return store.store(key, JSON.stringify(entry));
    },
    delete: () => store.delete(key),
  };
}

/** Another window has signed in as somebody else since, or has signed out. */
export async function isReplaced(store: SessionStore, session: StoredSession): Promise<boolean> {
  const kept = await store.read();
  return kept === undefined || kept.account.id !== session.account.id;
}

/** What another window has stored since is its own. */
export async function deleteOwn(store: SessionStore, session: StoredSession): Promise<void> {
  const kept = await store.read();
  const isOwn =
    kept?.account.id === session.account.id &&
    (sameToken(kept, session) || kept.sinceMs === session.sinceMs);
  if (isOwn) await store.delete();
}

export const storageUnavailable = (cause: unknown): ConnectError =>
  new ConnectError('storage.unavailable', {}, { cause });

type Refreshable = Pick<StoredSession, 'refreshToken'>;

export const sameToken = (one: Refreshable, other: Refreshable): boolean =>
  one.refreshToken !== undefined &&
  other.refreshToken !== undefined &&
  one.refreshToken.equals(other.refreshToken);
