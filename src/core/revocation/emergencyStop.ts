// The emergency stop: a signed list, fetched often and cheaply, of what the organization has closed for
// everybody or for one person. Invariant: only a genuine list, still good and newer than the one before, is
// handed out.
import * as v from 'valibot';
import { ConnectError } from '../errors.ts';
import { clockOffsetSec } from '../http/clockSkew.ts';
import { answerFacts, type GuardedFetch, type Party } from '../http/http.ts';
import { hostOf } from '../url.ts';
import type { EmergencyStopProfile } from '../profile/profile.ts';
import { verifyNotice } from './signedNotice.ts';
import type { Stops } from './stops.ts';

/** Down or busy: the list in force stays in force. */
export const emergencyStopParty: Party = {
  unavailable: 'network.unreachable',
  busy: 'network.unreachable',
  unusable: 'organization.stopListInvalid',
  mayBeUnchanged: true,
};

export const staleReason = 'it has expired';

const sequence = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** Before the year 10000: milliseconds in the place of seconds would end every sign-in there will be. */
const seconds = v.pipe(v.number(), v.minValue(0), v.maxValue(253_402_300_799));
const stopsSchema = v.object({
  seq: sequence,
  iat: seconds,
  exp: seconds,
  all: v.optional(v.boolean(), false),
  servers: v.optional(v.array(v.string()), []),
  notBefore: v.optional(v.record(v.string(), seconds), {}),
});

export interface Published {
  readonly jws: string;
  readonly stops: Stops;
  readonly etag: string | undefined;
}

interface Asked {
  readonly fetch: GuardedFetch;
  readonly nowMs: number;
  readonly signal: AbortSignal;
  readonly etag: string | undefined;
}

/**
 * The list that is published now; undefined where it has not changed since `etag`.
 * @throws organization.stopListInvalid for one that must not be believed, network.* when it could not be had
 */
export async function fetchStops(
  profile: EmergencyStopProfile,
  { fetch, nowMs, signal, etag }: Asked,
): Promise<Published | undefined> {
  const headers = {
    accept: 'application/jose',
    // A list kept on the way is of no use.
    'cache-control': 'no-cache',
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
  };
  const response = await fetch(profile.url, { headers, signal });
  if (response.status === 304 && etag !== undefined) return undefined;
  const offset = clockOffsetSec(response.headers.get('date'), nowMs);
  const facts = {
    ...answerFacts(response, profile.url),
    ...(offset === undefined ? {} : { clockOffsetSec: offset }),
  };
  if (response.status !== 200) {
    const reason = 'there is no list at its address';
    throw new ConnectError('organization.stopListInvalid', { ...facts, reason });
  }
  const jws = (await response.text()).trim();
  return {
    jws,
    stops: await readStops(jws, profile, { nowMs, facts }),
    etag: response.headers.get('etag') ?? undefined,
  };
}

/**
 * What a list says that is genuine, be it expired or not.
 * @throws organization.stopListInvalid
 */
export async function readStops(
  jws: string,
  profile: EmergencyStopProfile,
  {
    nowMs,
    facts = { host: hostOf(profile.url) },
  }: { nowMs: number; facts?: ConnectError['facts'] },
): Promise<Stops> {
  const code = 'organization.stopListInvalid';
  const algorithms = ['EdDSA', 'Ed25519', 'ES256'];
  const expected = { ...profile, type: 'emergency-stop+jwt', algorithms, code, facts } as const;
  const parsed = v.safeParse(stopsSchema, await verifyNotice(jws, expected, nowMs));
  if (!parsed.success) {
    throw new ConnectError(code, { ...facts, reason: 'it is not a list of what is stopped' });
  }
  const { seq, iat, exp, all, servers, notBefore } = parsed.output;
  const signedInBeforeMs = Object.fromEntries(
    Object.entries(notBefore).map(([account, sec]) => [account, sec * 1000]),
  );
  const times = { issuedAtMs: iat * 1000, expiresAtMs: exp * 1000 };
  return { sequence: seq, ...times, all, servers, signedInBeforeMs };
}

/** What two lists are compared by: a signature may be made anew over the same words. */
export const contentOf = (jws: string): string => jws.split('.')[1] ?? '';
