// An organization that signs, the keys its administrator pinned, and a place to publish at.
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import type { Facts } from '../../../src/core/errors.ts';
import { createGuardedFetch, type Party } from '../../../src/core/http/http.ts';
import type { Fetch, Log, Preferences } from '../../../src/core/ports.ts';
import { settle, type FakeClock } from '../../support/fakeClock.ts';

export interface Header {
  readonly typ?: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly jwk?: object;
}

/** One signing key; `pinned` is what a profile holds of it. */
export async function createSigner(alg: 'EdDSA' | 'ES256' | 'RS256', kid = `key-${alg}`) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  return {
    pinned: { ...jwk, kid },
    privateJwk: { ...(await exportJWK(privateKey)), kid },
    jwk,
    publicPem: await exportSPKI(publicKey),
    sign: (claims: JWTPayload, header: Header) =>
      new SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(privateKey),
  };
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
export const unsigned = (claims: object, typ: string, kid: string) =>
  `${part({ alg: 'none', typ, kid })}.${part(claims)}.`;
export const signedWithSecret = (claims: JWTPayload, secret: string, header: Header) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(new TextEncoder().encode(secret));

type Answer = (init: RequestInit) => Response | Promise<Response>;

/** Somewhere to fetch from, through the bounds everything is fetched through. */
export function createPlace(clock: FakeClock, party: Party) {
  const place: { answer: Answer; readonly requests: RequestInit[] } = {
    answer: () => Promise.reject(new TypeError('fetch failed')),
    requests: [],
  };
  const raw: Fetch = (_url, init = {}) => {
    place.requests.push(init);
    return Promise.resolve(place.answer(init));
  };
  const fetch = createGuardedFetch({ fetch: raw, clock }, party);
  return { place, fetch };
}

export function createPreferences() {
  const values = new Map<string, unknown>();
  const state = { fails: false };
  const preferences: Preferences = {
    get: (key) => structuredClone(values.get(key)),
    set: (key, value) => {
      if (state.fails) return Promise.reject(new Error('the disk is full'));
      values.set(key, structuredClone(value));
      return Promise.resolve();
    },
  };
  return { preferences, values, state };
}

export function createLog() {
  const lines: string[] = [];
  const add = (message: string, facts?: Facts) => {
    lines.push(`${message} ${JSON.stringify(facts ?? {})}`);
  };
  const log: Log = { debug: add, info: add, warn: add, error: add };
  return { log, lines };
}

/** Signatures are checked by another thread: waits until what fell due is done and the next look planned. */
export async function planned(clock: FakeClock): Promise<void> {
  do await settle();
  while (clock.pending.length !== 1);
}
