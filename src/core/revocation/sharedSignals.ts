// Security events of an identity provider (Shared Signals), verified and read. Invariant: an event that is
// not signed with a key of the administrator's file, for us, makes nothing happen.
import * as v from 'valibot';
import { ConnectError } from '../errors.ts';
import type { Party } from '../http/http.ts';
import { cleanText } from '../present/plainText.ts';
import type { SharedSignalsProfile } from '../profile/profile.ts';
import { hostOf } from '../url.ts';
import type { Signal, SignalKind } from './signal.ts';
import { verifyNotice, type Claims } from './signedNotice.ts';

export const sharedSignalsParty: Party = {
  unavailable: 'identityProvider.unavailable',
  busy: 'identityProvider.busy',
  unusable: 'organization.signalsInvalid',
};

/** Shared Signals transmitters must know RS256 (CAEP Interoperability Profile 1.0 §2.6). */
const algorithms = ['EdDSA', 'Ed25519', 'ES256', 'PS256', 'RS256'];

/** @see OpenID CAEP 1.0 §3, OpenID RISC 1.0 §2 */
const kinds: Readonly<Record<string, SignalKind>> = {
  'https://schemas.openid.net/secevent/caep/event-type/session-revoked': 'sessionRevoked',
  'https://schemas.openid.net/secevent/caep/event-type/credential-change': 'credentialChange',
  'https://schemas.openid.net/secevent/caep/event-type/token-claims-change': 'tokenClaimsChange',
  'https://schemas.openid.net/secevent/risc/event-type/account-disabled': 'sessionRevoked',
};

/** What is older than this is of no use any more, milliseconds. */
const oldestMs = 7 * 86_400_000;

const reasonSchema = v.union([v.string(), v.record(v.string(), v.string())]);
const eventSchema = v.looseObject({
  event_timestamp: v.optional(v.number()),
  subject: v.optional(v.unknown()),
  reason_admin: v.optional(v.fallback(v.optional(reasonSchema), undefined)),
});
const setSchema = v.looseObject({
  jti: v.pipe(v.string(), v.nonEmpty(), v.maxLength(512)),
  iat: v.number(),
  toe: v.optional(v.number()),
  sub_id: v.optional(v.unknown()),
  events: v.record(v.string(), v.unknown()),
});

/**
 * The signals of one Security Event Token; none for events that mean nothing here.
 * @param id what the transmitter calls it
 * @throws organization.signalsInvalid
 * @see RFC 8417 §2
 */
export async function readSignals(
  { id, set }: { readonly id: string; readonly set: string },
  profile: SharedSignalsProfile,
  nowMs: number,
): Promise<readonly Signal[]> {
  const code = 'organization.signalsInvalid';
  const facts = { host: hostOf(profile.pollEndpoint) };
  const refuse = (reason: string) => new ConnectError(code, { ...facts, reason });
  const expected = { ...profile, type: 'secevent+jwt', algorithms, code, facts } as const;
  const claims = await verifyNotice(set, expected, nowMs);
  const parsed = v.safeParse(setSchema, claims);
  if (!parsed.success) throw refuse('it is no security event');
  const { jti, iat, toe, events, sub_id: subject } = parsed.output;
  if (jti !== id) throw refuse('it came under another name');
  if (iat * 1000 < nowMs - oldestMs) throw refuse('it is too old');
  return Object.entries(events).flatMap(([type, raw]) => {
    const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
    if (kind === undefined) return [];
    const event = v.safeParse(eventSchema, raw);
    if (!event.success) throw refuse('it is no security event');
    const { event_timestamp: at, subject: inside, reason_admin: reason } = event.output;
    const who = subjectOf(subject ?? inside, claims);
    if (who === undefined) throw refuse('it does not say whom it is about');
    // Nothing happened later than it was told, or it would mean sign-ins that are yet to come.
    const atMs = Math.min(inMs(at ?? toe ?? iat), iat * 1000);
    return [{ kind, id: jti, subject: who, atMs, ...reasonOf(reason) }];
  });
}

/** Drafts of CAEP had milliseconds where the standard has seconds. */
const inMs = (time: number): number => (time > 1e11 ? time : time * 1000);

function reasonOf(said: v.InferOutput<typeof reasonSchema> | undefined): { reason?: string } {
  const text = typeof said === 'object' ? (said['en'] ?? Object.values(said)[0]) : said;
  const reason = cleanText(text ?? '');
  return reason === '' ? {} : { reason };
}

const subjectSchema = v.looseObject({
  format: v.optional(v.string()),
  /** What `format` was called before RFC 9493. */
  subject_type: v.optional(v.string()),
  iss: v.optional(v.string()),
  sub: v.optional(v.string()),
  id: v.optional(v.string()),
  email: v.optional(v.string()),
  /** Of a complex subject (Shared Signals Framework 1.0 §3). */
  user: v.optional(v.unknown()),
});

/** @see RFC 9493 §3.2 */
function subjectOf(raw: unknown, claims: Claims): Signal['subject'] | undefined {
  const outer = v.safeParse(subjectSchema, raw);
  const parsed = v.safeParse(subjectSchema, outer.success ? (outer.output.user ?? raw) : raw);
  if (!parsed.success) return undefined;
  const { format, subject_type: type, iss, sub, id, email } = parsed.output;
  switch ((format ?? type)?.replace('-', '_')) {
    case 'iss_sub':
      return iss === undefined || sub === undefined ? undefined : { id: sub, issuer: iss };
    case 'opaque':
      return id === undefined ? undefined : { id, issuer: claims.iss };
    case 'email':
      return email === undefined ? undefined : { email };
    default:
      return undefined;
  }
}
