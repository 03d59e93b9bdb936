// The organization profile: which identity providers, which servers, what limits. Invariant: one bad
// entry costs only itself; nothing is guessed.
import * as v from 'valibot';
import type {
  ClientAssertionStyle,
  ClientAuthenticationMethod,
} from '../client/clientRegistration.ts';
import type { ProfileProblem } from '../overview.ts';
import {
  identityProviderSchema,
  profileSchema,
  serverSchema,
  type clientAssertionSchema,
} from './profileSchema.ts';
import { harnessesSchema, limitsSchema } from './rulesSchema.ts';
import { Secret } from '../secret.ts';

export type ProfileSource = 'managed' | 'settings';

/** How we are registered somewhere, and what proves it. */
export interface ClientProfile {
  /** An https URL is a Client ID Metadata Document. */
  readonly clientId: string;
  readonly clientAuthentication: ClientAuthenticationMethod;
  readonly clientSecret: Secret | undefined;
  /** Private JWK, JSON; only from the administrator's file. Without one the key of this device serves. */
  readonly clientKey: Secret | undefined;
  readonly clientAssertion: ClientAssertionStyle;
}

/** Which accounts may sign in; all of it must fit. */
export interface AccountBoundary {
  /** Lower case; none: any. */
  readonly emailDomains: readonly string[];
  /** The `hd` claim. */
  readonly hostedDomain: string | undefined;
  /** The `tid` or `tenant` claim. */
  readonly tenant: string | undefined;
}

export interface IdentityProviderProfile extends ClientProfile {
  readonly id: string;
  readonly label: string;
  readonly issuer: string;
  readonly scopes: readonly string[];
  /** What proves the sign-in in an exchange; `auto` learns it from the answers. */
  readonly subjectToken: 'auto' | 'idToken' | 'refreshToken';
  readonly signIn: 'browser' | 'deviceCode';
  readonly accounts: AccountBoundary;
  /** Sign in although the metadata does not promise PKCE. */
  readonly pkceUnadvertised: boolean;
  /** Requests in flight at once at this identity provider. */
  readonly maxRequests: number;
  /** How long a refresh token is taken again after it was replaced, seconds. */
  readonly refreshGraceSec: number;
  readonly sharedSignals: SharedSignalsProfile | undefined;
}

/** Where something signed is fetched from, and who must have signed it. */
export interface SignedSource {
  readonly issuer: string;
  readonly audience: string;
  /** Public JWKs with a `kid`. */
  readonly keys: readonly Readonly<Record<string, unknown>>[];
  readonly pollSeconds: number;
}

export interface SharedSignalsProfile extends SignedSource {
  readonly pollEndpoint: string;
  /** Bearer credential there. */
  readonly credential: Secret | undefined;
}

export interface EmergencyStopProfile extends SignedSource {
  readonly url: string;
}

export interface ServerProfile extends ClientProfile {
  readonly id: string;
  readonly label: string;
  readonly url: string;
  readonly identityProvider: string;
  /** Issuer identifier of the resource authorization server, byte for byte. */
  readonly authorizationServer: string;
  /** What the identity provider calls that server, where it knows it by another name. */
  readonly audience: string | undefined;
  /** Resource identifier, for a server that publishes no metadata. */
  readonly resource: string | undefined;
  /** `exact`: the published resource must be the URL itself, not one above it. */
  readonly resourceMatch: 'prefix' | 'exact';
  /** False only for an identity provider or authorization server that refuses the parameter. */
  readonly sendResource: boolean;
  /** For reading; what is asked for first. */
  readonly scopes: readonly string[];
  /** For changing things; asked for when the server says that a call needs more. */
  readonly writeScopes: readonly string[];
  /** Ask for `writeScopes` from the start. */
  readonly writeAtOnce: boolean;
  /** Tools that may write are not offered while reading alone is granted. */
  readonly hideWriteTools: boolean;
  /** `whenAsked`: where the server's metadata demands bound tokens. */
  readonly dpop: 'whenAsked' | 'always' | 'never';
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
  /** Access is given up after so long, milliseconds. */
  readonly tokenCapMs: number;
  /** How old the last yes may be while nobody can be asked, milliseconds. */
  readonly maxStalenessMs: number;
  /** Servers, those used last, that connect when VS Code starts. */
  readonly connectAtStart: number;
  readonly emergencyStop: EmergencyStopProfile | undefined;
  /** Agents other than VS Code's own chat that connections are given to. */
  readonly harnesses: { readonly agentHost: boolean; readonly otherClients: boolean };
}

/** What there is no profile without; the rest is checked part by part. */
const frameSchema = v.object({
  organization: profileSchema.entries.organization,
  identityProviders: v.array(v.unknown(), 'must be a list'),
  servers: v.array(v.unknown(), 'must be a list'),
  limits: v.optional(v.unknown()),
  harnesses: v.optional(v.unknown()),
  emergencyStop: v.optional(v.unknown()),
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
  // First: a misspelt key explains the one that is missing.
  for (const key of typeof raw === 'object' && raw !== null ? Object.keys(raw) : []) {
    if (!Object.hasOwn(profileSchema.entries, key)) report(key, 'is not a known key');
  }
  const frame = check(frameSchema, raw, '', report);
  if (frame === undefined) return { profile: undefined, problems };
  const identityProviders = unique(
    entries(identityProviderSchema, frame.identityProviders, 'identityProviders', report),
    report,
  )
    .filter((entry) => secretAllowed(entry, source, report))
    .map((entry) => identityProviderOf(entry, source, report));
  const servers = unique(entries(serverSchema, frame.servers, 'servers', report), report)
    .filter((entry) => secretAllowed(entry, source, report))
    .filter(({ key, value }) => {
      const known = identityProviders.some((one) => one.id === value.identityProvider);
      if (!known) report(`${key}.identityProvider`, 'names no usable identity provider');
      return known;
    })
    .map(({ value }) => serverOf(value));
  return {
    profile: {
      organization: frame.organization,
      source,
      identityProviders,
      servers,
      ...rulesOf(frame, source, report),
    },
    problems,
  };
}

/** What holds for all connections; a rule with a mistake in it is as if it were not there. */
function rulesOf(frame: v.InferOutput<typeof frameSchema>, source: ProfileSource, report: Report) {
  const { entries } = profileSchema;
  const limits = check(entries.limits, frame.limits, 'limits', report) ?? v.parse(limitsSchema, {});
  const harnesses = check(entries.harnesses, frame.harnesses, 'harnesses', report);
  const stop = check(entries.emergencyStop, frame.emergencyStop, 'emergencyStop', report);
  return {
    checkInterval: limits.checkIntervalMinutes,
    tokenCapMs: limits.tokenCapMinutes * 60_000,
    maxStalenessMs: limits.maxStalenessMinutes * 60_000,
    connectAtStart: limits.connectAtStart,
    harnesses: harnesses ?? v.parse(harnessesSchema, {}),
    emergencyStop: managedOnly(stop, source, () => {
      report('emergencyStop', onlyManaged);
    }),
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
  { key, value }: Entry<ClientInput>,
  source: ProfileSource,
  report: Report,
): boolean {
  if (source === 'managed') return true;
  const { clientSecret, clientKey } = value;
  const instead = (command: string) => `is never read from settings; run "${command}…" instead`;
  if (clientSecret !== undefined) report(`${key}.clientSecret`, instead('Store Client Secret'));
  if (clientKey !== undefined) report(`${key}.clientKey`, instead('Create Device Key'));
  return clientSecret === undefined && clientKey === undefined;
}

interface ClientInput {
  readonly clientSecret?: string | undefined;
  readonly clientKey?: object | undefined;
  readonly clientAssertion: v.InferOutput<typeof clientAssertionSchema>;
}

const clientProfile = ({ clientSecret, clientKey, clientAssertion }: ClientInput) => ({
  clientSecret: clientSecret === undefined ? undefined : new Secret(clientSecret),
  clientKey: clientKey === undefined ? undefined : new Secret(JSON.stringify(clientKey)),
  clientAssertion: { ...clientAssertion, typ: clientAssertion.typ },
});

function identityProviderOf(
  { key, value }: Entry<v.InferOutput<typeof identityProviderSchema>>,
  source: ProfileSource,
  report: Report,
): IdentityProviderProfile {
  const { emailDomains, hostedDomain, tenant } = value.accounts;
  const signals = managedOnly(value.sharedSignals, source, () => {
    report(`${key}.sharedSignals`, onlyManaged);
  });
  return {
    ...value,
    ...clientProfile(value),
    accounts: { emailDomains, hostedDomain, tenant },
    sharedSignals: signals && {
      ...signals,
      credential: signals.credential === undefined ? undefined : new Secret(signals.credential),
    },
  };
}

const onlyManaged = "is only taken from the administrator's file";

/** Who may close everything is the administrator's to say. */
function managedOnly<T>(
  value: T | undefined,
  source: ProfileSource,
  refuse: () => void,
): T | undefined {
  if (value === undefined || source === 'managed') return value;
  refuse();
  return undefined;
}

const serverOf = (value: v.InferOutput<typeof serverSchema>): ServerProfile => ({
  ...value,
  ...clientProfile(value),
  audience: value.audience,
  resource: value.resource,
});
