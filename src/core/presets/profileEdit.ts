// Answers become an entry of the profile, and the profile as it was gains that entry. Invariant: nothing
// is written that readProfile would not take, and nothing that stood there is lost.
import type { ClientAuthenticationMethod } from '../client/clientRegistration.ts';
import { ConnectError } from '../errors.ts';
import type { Overview } from '../overview.ts';
import { readProfile, type IdentityProviderProfile } from '../profile/profile.ts';
import type { IdentityProviderPreset, ServerPreset } from './presetSchema.ts';

/** JSON, as a person would write it. */
export type Entry = Readonly<Record<string, unknown>>;
export type List = 'identityProviders' | 'servers';

interface ClientAnswers {
  readonly id: string;
  readonly label: string;
  readonly clientId: string;
  readonly clientAuthentication: ClientAuthenticationMethod;
  /** For a key, where the other side does not take the plain one. */
  readonly algorithm?: string | undefined;
}

export interface IdentityProviderAnswers extends ClientAnswers {
  readonly issuer: string;
  /** It has no page to sign in at, only codes. */
  readonly deviceCodeOnly?: boolean;
}

export interface ServerAnswers extends ClientAnswers {
  readonly url: string;
  readonly identityProvider: string;
  readonly authorizationServer: string;
  readonly scopes: readonly string[];
  /** It publishes none. */
  readonly resource?: string | undefined;
}

export function identityProviderEntry(
  preset: IdentityProviderPreset | undefined,
  answers: IdentityProviderAnswers,
): Entry {
  const { id, label, issuer, deviceCodeOnly = false } = answers;
  return {
    id,
    label,
    issuer,
    ...clientKeys(answers, preset?.entry),
    ...(deviceCodeOnly ? { signIn: 'deviceCode' } : {}),
  };
}

export function serverEntry(preset: ServerPreset | undefined, answers: ServerAnswers): Entry {
  const { id, label, url, identityProvider, authorizationServer, scopes, resource } = answers;
  const base = { id, label, url, identityProvider, authorizationServer };
  return {
    ...base,
    ...(resource === undefined ? {} : { resource }),
    ...clientKeys(answers, preset?.entry),
    // What the person chose, also over what the catalogue prefers.
    ...(scopes.length === 0 && preset?.entry?.scopes === undefined ? {} : { scopes }),
  };
}

/** The quirks of a client assertion are of use to a client with a key only. */
function clientKeys(
  { clientId, clientAuthentication, algorithm }: ClientAnswers,
  preset: (IdentityProviderPreset | ServerPreset)['entry'] = {},
): Entry {
  const { clientAssertion, ...quirks } = preset;
  const assertion = { ...clientAssertion, ...(algorithm === undefined ? {} : { algorithm }) };
  const needed = clientAuthentication === 'private_key_jwt' && Object.keys(assertion).length > 0;
  return {
    clientId,
    clientAuthentication,
    ...(needed ? { clientAssertion: assertion } : {}),
    ...quirks,
  };
}

/** What the profile in the settings has, as far as it can be used. */
export interface ProfileStart {
  readonly organization: string | undefined;
  readonly identityProviders: readonly IdentityProviderProfile[];
  /** Also of entries that cannot be used. */
  readonly taken: Readonly<Record<List, { readonly ids: string[]; readonly labels: string[] }>>;
}

export function profileStart(raw: unknown): ProfileStart {
  const { profile } = readProfile(raw, 'settings');
  return {
    organization: profile?.organization,
    identityProviders: profile?.identityProviders ?? [],
    taken: {
      identityProviders: namesIn(raw, 'identityProviders'),
      servers: namesIn(raw, 'servers'),
    },
  };
}

/** A short name made of the label that nobody has yet. */
export function freeId(label: string, taken: readonly string[]): string {
  const plain = label
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  const base = plain.replace(/^-+|-+$/g, '').slice(0, 56) || 'entry';
  if (!taken.includes(base)) return base;
  const next = taken.findIndex((_, index) => !taken.includes(`${base}-${index + 2}`));
  return `${base}-${next + 2}`;
}

/**
 * The profile with one entry more; every other key as it was.
 * @throws profile.invalid when it would not be taken
 */
export function withEntry(
  raw: unknown,
  list: List,
  entry: Entry,
  organization?: string,
): Readonly<Record<string, unknown>> {
  const before = { identityProviders: [], servers: [], ...(isObject(raw) ? raw : {}) };
  const entries: unknown = before[list];
  if (!Array.isArray(entries)) {
    throw new ConnectError('profile.invalid', { key: list, reason: 'must be a list' });
  }
  const profile = {
    ...(organization === undefined ? {} : { organization }),
    ...before,
    [list]: [...(entries as unknown[]), entry],
  };
  const reading = readProfile(profile, 'settings');
  const at = `${list}[${entries.length}]`;
  const problem = reading.problems.find(({ key }) => key === at || key.startsWith(`${at}.`));
  const blocking = problem ?? (reading.profile === undefined ? reading.problems[0] : undefined);
  if (blocking !== undefined) {
    throw new ConnectError('profile.invalid', { key: blocking.key, reason: blocking.reason });
  }
  return profile;
}

function namesIn(raw: unknown, list: List): { ids: string[]; labels: string[] } {
  const entries: unknown = isObject(raw) ? raw[list] : undefined;
  const all = Array.isArray(entries) ? (entries as unknown[]).filter(isObject) : [];
  const texts = (key: string) =>
    all.map((one) => one[key]).filter((value): value is string => typeof value === 'string');
  return { ids: texts('id'), labels: texts('label') };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws profile.managed where an administrator's file is in force, or is there and cannot be used */
export function requireOwnProfile({ managed, problems }: Overview): void {
  const isBroken = problems.some(({ code }) => code !== 'profile.invalid');
  if (managed || isBroken) throw new ConnectError('profile.managed');
}
