// Memory of the identity provider. Its own adapter, because an administrator must be able to end
// everything a person has, and because nothing may fall out of it while it is still valid.
import type { Adapter, AdapterPayload } from 'oidc-provider';

export interface OidcStorage {
  adapter(model: string): Adapter;
  /** The live session a client was told this `sid` for. */
  sessionBySid(sid: string, clientId: string): AdapterPayload | undefined;
  readonly countSessions: (person: string) => number;
  /** Destroys sessions, grants, codes and tokens of a person. */
  readonly forget: (person: string) => void;
  readonly clear: () => void;
}

interface Item {
  readonly model: string;
  readonly id: string;
  readonly payload: AdapterPayload;
  readonly expiresAtMs: number;
}

export function createOidcStorage(refreshGraceSec = 0): OidcStorage {
  const items = new Map<string, Item>();
  const key = (model: string, id: string) => `${model} ${id}`;

  function live(model: string): AdapterPayload[] {
    const now = Date.now();
    for (const [name, item] of items) if (item.expiresAtMs <= now) items.delete(name);
    return [...items.values()].filter((item) => item.model === model).map(({ payload }) => payload);
  }
  function find(model: string, id: string): AdapterPayload | undefined {
    const { payload, expiresAtMs = 0 } = items.get(key(model, id)) ?? {};
    if (expiresAtMs <= Date.now()) return undefined;
    return model === 'RefreshToken' ? forgiven(payload, refreshGraceSec) : payload;
  }
  const drop = (condemned: (item: Item) => boolean) => {
    for (const [name, item] of items) if (condemned(item)) items.delete(name);
  };

  return {
    adapter: (model) => ({
      upsert(id, payload, expiresIn) {
        const expiresAtMs = expiresIn === undefined ? Infinity : Date.now() + expiresIn * 1000;
        items.set(key(model, id), { model, id, payload, expiresAtMs });
        return Promise.resolve();
      },
      find: (id) => Promise.resolve(find(model, id)),
      findByUid: (uid) => Promise.resolve(live(model).find((one) => one.uid === uid)),
      findByUserCode: (code) => Promise.resolve(live(model).find((one) => one.userCode === code)),
      consume(id) {
        Object.assign(items.get(key(model, id))?.payload ?? {}, { consumed: nowSec() });
        return Promise.resolve();
      },
      destroy(id) {
        items.delete(key(model, id));
        return Promise.resolve();
      },
      revokeByGrantId(grantId) {
        drop((item) => item.model === model && item.payload.grantId === grantId);
        return Promise.resolve();
      },
    }),
    sessionBySid: (sid, clientId) =>
      live('Session').find(({ authorizations }) => authorizations?.[clientId]?.sid === sid),
    countSessions: (person) => live('Session').filter((one) => one.accountId === person).length,
    forget: (person) => {
      drop(({ payload }) => payload.accountId === person);
    },
    clear: () => {
      items.clear();
    },
  };
}

/** A replaced refresh token, as if it had not been, for as long as the grace lasts. */
function forgiven(payload: AdapterPayload | undefined, graceSec: number) {
  const isInGrace = Number(payload?.consumed) + graceSec > Date.now() / 1000;
  return payload !== undefined && isInGrace ? { ...payload, consumed: undefined } : payload;
}

const nowSec = () => Math.floor(Date.now() / 1000);
