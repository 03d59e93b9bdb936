// The organization profile: which identity providers, which servers, what limits. The schema here is
// also the JSON Schema of the setting (scripts/profileSchema.mjs). Invariant: one bad entry costs only
// itself; nothing is guessed.
import * as v from 'valibot';
import {
  clientAuthenticationMethods,
  type ClientAuthenticationMethod,
} from './clientRegistration.ts';
import type { ProfileProblem } from './overview.ts';
import { Secret } from './secret.ts';
import { isSecureUrl } from './url.ts';

export type ProfileSource = 'managed' | 'settings';

export interface IdentityProviderProfile {
  readonly id: string;
  readonly label: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientAuthentication: ClientAuthenticationMethod;
  readonly clientSecret: Secret | undefined;
  readonly scopes: readonly string[];
  /** Requests in flight at once at this identity provider. */
  readonly maxRequests: number;
}

export interface ServerProfile {
  readonly id: string;
  readonly label: string;
  readonly url: string;
  readonly identityProvider: string;
  /** Issuer identifier of the resource authorization server, byte for byte. */
  readonly authorizationServer: string;
  readonly clientId: string;
  readonly clientAuthentication: ClientAuthenticationMethod;
  readonly clientSecret: Secret | undefined;
  readonly scopes: readonly string[];
}

export interface CheckIntervalLimits {
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

export interface OrganizationProfile {
  readonly organization: string;
  readonly source: ProfileSource;
  readonly identityProviders: readonly IdentityProviderProfile[];
  readonly servers: readonly ServerProfile[];
  /** Minutes. */
  readonly checkInterval: CheckIntervalLimits;
}

const described = <T extends v.GenericSchema>(schema: T, description: string) =>
  v.pipe(schema, v.description(description));
const text = v.pipe(
  v.string('must be text'),
  v.nonEmpty('must not be empty'),
  v.maxLength(200, 'must be at most 200 characters'),
);
const id = v.pipe(v.string('must be text'), v.regex(/^[a-z0-9-]{1,64}$/, 'must be a-z, 0-9 and -'));
const secureUrl = v.pipe(
  v.string('must be text'),
  v.check(isSecureUrl, 'must be an https URL (http only for this computer)'),
  v.check((url) => !url.includes('#'), 'must have no fragment'),
);
const issuer = v.pipe(
  secureUrl,
  v.check((url) => !url.includes('?'), 'must have no query'),
);
const scope = v.pipe(
  v.string('must be text'),
  v.regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be one scope without spaces'),
);
const scopes = v.pipe(v.array(scope, 'must be a list'), v.maxLength(64, 'must be at most 64'));
const minutes = (low: number, high: number) =>
  v.pipe(
    v.number('must be a number'),
    v.integer('must be whole minutes'),
    v.minValue(low, `must be at least ${low}`),
    v.maxValue(high, `must be at most ${high}`),
  );
const clientEntries = {
  clientId: described(text, 'Client id registered there for this extension.'),
  clientAuthentication: v.optional(
    described(
      v.picklist(
        clientAuthenticationMethods,
        'must be none, client_secret_basic or client_secret_post',
      ),
      'How the client proves who it is. Secrets come from "Enterprise MCP: Store Client Secret…" or the administrator\'s file, never from settings.',
    ),
    'none',
  ),
  clientSecret: v.optional(
    described(text, "Only in the administrator's managed file; refused in settings."),
  ),
};

export const identityProviderSchema = v.strictObject({
  id: described(id, 'Short name that servers refer to.'),
  label: described(text, 'Name people read.'),
  issuer: described(issuer, 'Issuer identifier, exactly as its metadata says it.'),
  ...clientEntries,
  scopes: v.optional(described(scopes, 'Scopes of the company sign-in.'), [
    'openid',
    'profile',
    'email',
    'offline_access',
  ]),
  maxRequests: v.optional(
    described(
      v.pipe(
        v.number('must be a number'),
        v.integer('must be whole'),
        v.minValue(1, 'must be at least 1'),
        v.maxValue(32, 'must be at most 32'),
      ),
      'Requests in flight at once at this identity provider.',
    ),
    4,
  ),
});

export const serverSchema = v.strictObject({
  id: described(id, 'Short name, part of the local address.'),
  label: described(text, 'Name people and VS Code read; keep it stable.'),
  url: described(secureUrl, 'URL of the MCP server.'),
  identityProvider: described(id, 'Id of the identity provider that decides about this server.'),
  authorizationServer: described(
    issuer,
    "Issuer identifier of the server's authorization server; any other is refused.",
  ),
  ...clientEntries,
  scopes: v.optional(described(scopes, 'Scopes to ask for.'), []),
});

const checkIntervalSchema = v.pipe(
  v.strictObject({
    default: v.optional(described(minutes(1, 60), 'Minutes between checks.'), 15),
    min: v.optional(described(minutes(1, 60), 'Least a person may set.'), 1),
    max: v.optional(described(minutes(1, 60), 'Most a person may set.'), 60),
  }),
  v.check(
    (limits) => limits.min <= limits.default && limits.default <= limits.max,
    'must have min <= default <= max',
  ),
);

const limitsSchema = v.strictObject({
  checkIntervalMinutes: v.optional(
    described(checkIntervalSchema, 'How often the company is asked whether access still stands.'),
    {},
  ),
});

export const profileSchema = v.strictObject({
  organization: described(text, 'Name of the company, as people say it.'),
  identityProviders: described(v.array(identityProviderSchema), 'Who signs people in.'),
  servers: described(v.array(serverSchema), 'MCP servers the company offers.'),
  limits: v.optional(described(limitsSchema, 'Bounds for settings of a person.'), {}),
});

/** What there is no profile without; the rest is checked part by part. */
const frameSchema = v.object({
  organization: profileSchema.entries.organization,
  identityProviders: v.array(v.unknown(), 'must be a list'),
  servers: v.array(v.unknown(), 'must be a list'),
  limits: v.optional(v.unknown()),
});

export type ProfileReading =
  | { readonly profile: OrganizationProfile; readonly problems: readonly ProfileProblem[] }
  | { readonly profile: undefined; readonly problems: readonly ProfileProblem[] };

/** The usable part of `raw` and one problem per mistake. */
export function readProfile(raw: unknown, source: ProfileSource): ProfileReading {
  const problems: ProfileProblem[] = [];
  const report = (key: string, reason: string) => {
    problems.push({ code: 'profile.invalid', key, reason });
  };
  const frame = check(frameSchema, raw, '', report);
  if (frame === undefined) return { profile: undefined, problems };
  for (const key of Object.keys(raw as object)) {
    if (!Object.hasOwn(profileSchema.entries, key)) report(key, 'is not a known key');
  }
  const limits =
    check(profileSchema.entries.limits, frame.limits, 'limits', report) ??
    v.parse(limitsSchema, {});

  const identityProviders = unique(
    entries(identityProviderSchema, frame.identityProviders, 'identityProviders', report),
    report,
  )
    .filter((entry) => secretAllowed(entry, source, report))
    .map(({ value }) => ({ ...value, clientSecret: secretOf(value.clientSecret) }));
  const servers = unique(entries(serverSchema, frame.servers, 'servers', report), report)
    .filter((entry) => secretAllowed(entry, source, report))
    .filter(({ key, value }) => {
      const known = identityProviders.some((one) => one.id === value.identityProvider);
      if (!known) report(`${key}.identityProvider`, 'names no usable identity provider');
      return known;
    })
    .map(({ value }) => ({ ...value, clientSecret: secretOf(value.clientSecret) }));
  return {
    profile: {
      organization: frame.organization,
      source,
      identityProviders,
      servers,
      checkInterval: limits.checkIntervalMinutes,
    },
    problems,
  };
}

type Report = (key: string, reason: string) => void;
interface Entry<T> {
  readonly key: string;
  readonly value: T;
}

function check<S extends v.GenericSchema>(
  schema: S,
  raw: unknown,
  at: string,
  report: Report,
): v.InferOutput<S> | undefined {
  const result = v.safeParse(schema, raw);
  if (result.success) return result.output;
  for (const issue of result.issues) {
    const path = (issue.path ?? []).reduce<string>((key, { key: part }) => joined(key, part), at);
    report(path === '' ? 'enterpriseMcp.profile' : path, reasonOf(issue));
  }
  return undefined;
}

const joined = (key: string, part: unknown): string => {
  if (typeof part === 'number') return `${key}[${part}]`;
  return key === '' ? String(part) : `${key}.${String(part)}`;
};

function reasonOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type !== 'strict_object' && issue.type !== 'object') return issue.message;
  if (issue.expected === 'never') return 'is not a known key';
  return issue.received === 'undefined' ? 'is missing' : 'must be an object';
}

function entries<S extends v.GenericSchema>(
  schema: S,
  raw: readonly unknown[],
  list: string,
  report: Report,
): readonly Entry<v.InferOutput<S>>[] {
  return raw.flatMap((one, index) => {
    const key = `${list}[${index}]`;
    const value = check(schema, one, key, report);
    return value === undefined ? [] : [{ key, value }];
  });
}

/** VS Code knows a server by its label, we by its id: both may stand once only. */
function unique<T extends { id: string; label: string }>(
  list: readonly Entry<T>[],
  report: Report,
): readonly Entry<T>[] {
  const seen = new Set<string>();
  return list.filter(({ key, value }) => {
    const marks = [`id ${value.id}`, `label ${value.label.toLowerCase()}`];
    const twice = marks.find((mark) => seen.has(mark));
    if (twice !== undefined) report(`${key}.${twice.split(' ', 1)[0] ?? ''}`, 'stands twice');
    else marks.forEach((mark) => seen.add(mark));
    return twice === undefined;
  });
}

function secretAllowed(
  { key, value }: Entry<{ clientSecret?: string | undefined }>,
  source: ProfileSource,
  report: Report,
): boolean {
  if (value.clientSecret === undefined || source === 'managed') return true;
  report(`${key}.clientSecret`, 'is never read from settings; run "Store Client Secret…" instead');
  return false;
}

const secretOf = (value: string | undefined): Secret | undefined =>
  value === undefined ? undefined : new Secret(value);
