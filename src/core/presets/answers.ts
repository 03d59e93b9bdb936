// What a person enters, checked by the rules of the profile itself, and what both sides know already.
import * as v from 'valibot';
import type { ServerMetadata } from 'openid-client';
import {
  clientAuthenticationMethods,
  signingAlgorithms,
  type ClientAuthenticationMethod,
} from '../client/clientRegistration.ts';
import { identityProviderSchema, profileSchema, serverSchema } from '../profile/profileSchema.ts';
import type { IdentityProviderPreset } from './presetSchema.ts';

const rules = {
  organization: profileSchema.entries.organization,
  issuer: identityProviderSchema.entries.issuer,
  url: serverSchema.entries.url,
  clientId: serverSchema.entries.clientId,
  label: serverSchema.entries.label,
} as const;

/** Why the text cannot stand in the profile; undefined when it can. */
export function problemWith(what: keyof typeof rules, text: string): string | undefined {
  const result = v.safeParse(rules[what], text.trim());
  return result.success ? undefined : `It ${result.issues[0].message}.`;
}

/** VS Code knows a server by its label: it may stand once only. */
export function problemWithLabel(text: string, taken: readonly string[]): string | undefined {
  const label = text.trim().toLowerCase();
  return taken.some((one) => one.toLowerCase() === label)
    ? 'Another one has that name already.'
    : problemWith('label', text);
}

const domain = /^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d{1,5})?$/;

/** The issuer that was entered, or the one of the domain that was; undefined when it is none. */
export function issuerFrom(
  preset: IdentityProviderPreset | undefined,
  text: string,
): string | undefined {
  const entered = text.trim();
  const pattern = preset?.issuer.pattern;
  const issuer = pattern === undefined ? entered : issuerOf(pattern, entered);
  return issuer !== undefined && problemWith('issuer', issuer) === undefined ? issuer : undefined;
}

/** An address copied from the browser names the domain as well. */
function issuerOf(pattern: string, text: string): string | undefined {
  const host = text
    .toLowerCase()
    .replace(/^https:\/\//, '')
    .replace(/\/$/, '');
  return domain.test(host) ? pattern.replace('{domain}', host) : undefined;
}

export interface MethodChoice {
  readonly method: ClientAuthenticationMethod;
  /** Who says that it works: the other side, the catalogue, or nobody. */
  readonly said: 'metadata' | 'catalogue' | 'nobody';
}

/** Ways to authenticate that both sides know, the strongest first. */
export function methodChoices(
  preset: { readonly clientAuthentication?: readonly string[] | undefined } | undefined,
  metadata: ServerMetadata | undefined,
): readonly MethodChoice[] {
  const advertised = oursOf(metadata?.token_endpoint_auth_methods_supported);
  if (advertised.length > 0) return advertised.map((method) => ({ method, said: 'metadata' }));
  const known = oursOf(preset?.clientAuthentication);
  if (known.length > 0) return known.map((method) => ({ method, said: 'catalogue' }));
  return byStrength.map((method) => ({ method, said: 'nobody' }));
}

const byStrength = clientAuthenticationMethods.toSorted((a, b) => strengthOf(b) - strengthOf(a));

function strengthOf(method: ClientAuthenticationMethod): number {
  return { none: 0, client_secret_post: 1, client_secret_basic: 2, private_key_jwt: 3 }[method];
}

const oursOf = (methods: readonly string[] | undefined): readonly ClientAuthenticationMethod[] =>
  byStrength.filter((one) => methods?.includes(one) === true);

/** An algorithm for our key that the other side takes, where it does not take the plain one. */
export function algorithmFor(metadata: ServerMetadata | undefined): string | undefined {
  const theirs = metadata?.token_endpoint_auth_signing_alg_values_supported;
  if (theirs === undefined || theirs.includes('ES256')) return undefined;
  return signingAlgorithms.find((one) => theirs.includes(one));
}

/** Scopes to offer: never one that belongs to the company sign-in. */
export function offeredScopes(
  preferred: readonly string[],
  published: readonly string[],
): readonly { readonly scope: string; readonly picked: boolean }[] {
  const atIdentityProvider = ['offline_access', 'openid'];
  const all = [...new Set([...preferred, ...published])].filter(
    (one) => !atIdentityProvider.includes(one) && v.is(serverSchema.entries.scopes, [one]),
  );
  // What a server publishes is its wish; the person picks what is asked for.
  return all.slice(0, 64).map((scope) => ({ scope, picked: preferred.includes(scope) }));
}
