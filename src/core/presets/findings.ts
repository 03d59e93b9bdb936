// What was found, in words: shown to the person before anything is written. Invariant: another party's
// text is in it only cleaned.
import type { ServerMetadata } from 'openid-client';
import type { ResourceMetadata } from '../discovery/discovery.ts';
import { cleanText } from '../present/plainText.ts';
import { explain } from '../present/sentences.ts';
import { hostOf } from '../url.ts';
import type { LookedUp } from './lookUp.ts';
import type { IdentityProviderPreset, ServerPreset } from './presetSchema.ts';

export interface Finding {
  /** `missing`: will not work like this; `unclear`: nobody knows before it is tried; `there`: up to them. */
  readonly kind: 'found' | 'unclear' | 'missing' | 'there';
  readonly label: string;
  readonly detail: string;
}

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const idJagProfile = 'urn:ietf:params:oauth:grant-profile:id-jag';
const idJagType = 'urn:ietf:params:oauth:token-type:id-jag';
const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';

const found = (label: string, detail: string): Finding => ({ kind: 'found', label, detail });
const unclear = (label: string, detail: string): Finding => ({ kind: 'unclear', label, detail });
const missing = (label: string, detail: string): Finding => ({ kind: 'missing', label, detail });

export interface ServerLook {
  readonly preset: ServerPreset | undefined;
  readonly resource: LookedUp<ResourceMetadata>;
  readonly issuer: string;
  readonly authorizationServer: LookedUp<ServerMetadata>;
}

/** Whether the server takes the company sign-in comes first. */
export function serverFindings(look: ServerLook): readonly Finding[] {
  const { preset, resource, issuer, authorizationServer } = look;
  return [
    'metadata' in authorizationServer
      ? enterpriseFinding(authorizationServer.metadata)
      : nothingLearnt('Company sign-in is unclear', authorizationServer),
    ...resourceFindings(resource, issuer),
    ...presetFindings(preset),
  ];
}

function resourceFindings(
  resource: LookedUp<ResourceMetadata>,
  issuer: string,
): readonly Finding[] {
  if (!('metadata' in resource)) return [nothingLearnt('The server says nothing', resource)];
  const { metadata } = resource;
  const listed = metadata.authorizationServers.includes(issuer);
  const others = metadata.authorizationServers.map((one) => cleanText(one)).join(', ');
  return [
    listed
      ? found('Authorization server', cleanText(issuer))
      : missing('Another authorization server', `The server names ${cleanText(others, 200)}.`),
    found('Resource', cleanText(metadata.resource)),
    scopesFinding(metadata.scopesSupported),
  ];
}

const scopesFinding = (scopes: readonly string[]): Finding =>
  scopes.length === 0
    ? unclear('Scopes', 'None are published; your administrator knows which to ask for.')
    : found(
        scopes.length === 1 ? '1 scope' : `${scopes.length} scopes`,
        cleanText(scopes.join(' '), 200),
      );

function enterpriseFinding(metadata: ServerMetadata): Finding {
  const host = cleanText(hostOf(metadata.issuer));
  const profiles = stringsOf(metadata['authorization_grant_profiles_supported']);
  if (profiles.includes(idJagProfile)) {
    return found('Offers company sign-in', `Announced by ${host}.`);
  }
  return stringsOf(metadata.grant_types_supported).includes(jwtBearer)
    ? unclear('Company sign-in is likely', `${host} takes grants, and does not say of what kind.`)
    : missing('Does not offer company sign-in', `${host} does not announce it.`);
}

export interface IdentityProviderLook {
  readonly preset: IdentityProviderPreset | undefined;
  readonly issuer: string;
  readonly metadata: LookedUp<ServerMetadata>;
}

export function identityProviderFindings(look: IdentityProviderLook): readonly Finding[] {
  const { preset, issuer, metadata } = look;
  const learnt =
    'metadata' in metadata
      ? metadataFindings(metadata.metadata, issuer)
      : [nothingLearnt('The identity provider says nothing', metadata)];
  return [...learnt, ...presetFindings(preset)];
}

function metadataFindings(metadata: ServerMetadata, issuer: string): readonly Finding[] {
  const grantTypes = stringsOf(metadata.grant_types_supported);
  const issues = stringsOf(metadata['identity_chaining_requested_token_types_supported']);
  const pkce = stringsOf(metadata.code_challenge_methods_supported).includes('S256');
  return [
    found('Issuer', cleanText(issuer)),
    issues.includes(idJagType)
      ? found('Issues grants for MCP servers', 'Announced in its metadata.')
      : unclear(
          'Grants for MCP servers are unclear',
          grantTypes.includes(tokenExchange)
            ? 'It can exchange a sign-in, and does not say for what.'
            : 'Its metadata does not announce them; many that issue them do not.',
        ),
    ...(pkce ? [] : [noPkce]),
  ];
}

const noPkce = missing(
  'Does not promise PKCE',
  'Sign-in is refused until your administrator knows better and sets "pkceUnadvertised" in the profile.',
);

function presetFindings(
  preset: IdentityProviderPreset | ServerPreset | undefined,
): readonly Finding[] {
  if (preset === undefined) return [];
  const seen = `${preset.source}, ${preset.asOf}`;
  return [
    ...('instead' in preset ? [missing(`Not today (${preset.asOf})`, preset.instead)] : []),
    ...preset.notes.map((note): Finding => ({ kind: 'there', label: note, detail: seen })),
    ...(preset.unverified ?? []).map((note) => unclear(note, `not verified · ${seen}`)),
  ];
}

function nothingLearnt(
  label: string,
  { failure }: { readonly failure: { code: Code; facts: Facts } },
) {
  return unclear(label, explain(failure.code, { facts: failure.facts }).sentence);
}

type Code = Parameters<typeof explain>[0];
type Facts = NonNullable<Parameters<typeof explain>[1]['facts']>;

const stringsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
