// The shape of the catalogue's files. Also their JSON Schema (scripts/presetSchema.ts).
import * as v from 'valibot';
import { clientAuthenticationMethods } from '../client/clientRegistration.ts';
import { identityProviderSchema, serverSchema } from '../profile/profileSchema.ts';

const described = <T extends v.GenericSchema>(schema: T, description: string) =>
  v.pipe(schema, v.description(description));
const text = v.pipe(v.string(), v.nonEmpty(), v.maxLength(300));
const { id, label, issuer } = identityProviderSchema.entries;

const common = {
  $schema: v.optional(v.string()),
  id: described(id, 'Name of the file, and of the entry it becomes.'),
  label: described(label, 'Name people read.'),
  asOf: described(
    v.pipe(v.string(), v.regex(/^\d{4}-\d{2}(-\d{2})?$/)),
    'When the facts were last seen, as precisely as that is known.',
  ),
  source: described(text, 'The document the facts are from.'),
  clientAuthentication: v.optional(
    described(
      v.pipe(v.array(v.picklist(clientAuthenticationMethods)), v.minLength(1)),
      'Known ways to authenticate; left out where only the metadata says.',
    ),
  ),
  notes: described(v.array(text), 'What to know, in plain words.'),
  unverified: v.optional(described(v.array(text), 'What was read somewhere and not seen.')),
};
const statusOf = <const T extends readonly [string, ...string[]]>(status: T) =>
  described(
    v.picklist(status),
    'works: seen · unverified: said · announced, doesNotIssue: not today.',
  );
/** Today it does not work: what does, and nothing is added without the person insisting. */
const instead = described(text, 'What works instead.');

const identityProviderEntries = {
  ...common,
  kind: v.literal('identityProvider'),
  issuer: v.strictObject({
    pattern: v.optional(
      described(
        v.pipe(v.string(), v.regex(/^https:\/\/[^{}]*\{domain\}[^{}]*$/)),
        'The issuer, with {domain} for what the person enters; left out: they enter all of it.',
      ),
    ),
    ask: described(text, 'What to enter.'),
    example: text,
  }),
  entry: v.optional(
    described(
      v.partial(
        v.pick(identityProviderSchema, [
          'scopes',
          'maxRequests',
          'refreshGraceSec',
          'subjectToken',
          'clientAssertion',
          'signIn',
          'pkceUnadvertised',
        ]),
      ),
      'Keys of the profile that its ways ask for.',
    ),
  ),
};

export const identityProviderPresetSchema = v.variant('status', [
  v.strictObject({ ...identityProviderEntries, status: statusOf(['works', 'unverified']) }),
  v.strictObject({ ...identityProviderEntries, status: statusOf(['doesNotIssue']), instead }),
]);

const serverEntries = {
  ...common,
  kind: v.literal('server'),
  url: serverSchema.entries.url,
  authorizationServer: v.optional(
    described(issuer, 'Issuer of its authorization server; left out: learnt from its metadata.'),
  ),
  entry: v.optional(
    described(
      v.partial(
        v.pick(serverSchema, [
          'audience',
          'resource',
          'resourceMatch',
          'sendResource',
          'clientAssertion',
          'scopes',
          'writeScopes',
          'writeAtOnce',
          'hideWriteTools',
          'dpop',
        ]),
      ),
      'Keys of the profile that its ways ask for.',
    ),
  ),
};

export const serverPresetSchema = v.variant('status', [
  v.strictObject({ ...serverEntries, status: statusOf(['works', 'unverified']) }),
  v.strictObject({ ...serverEntries, status: statusOf(['announced']), instead }),
]);

export const presetSchema = v.union([identityProviderPresetSchema, serverPresetSchema]);

export type IdentityProviderPreset = v.InferInput<typeof identityProviderPresetSchema>;
export type ServerPreset = v.InferInput<typeof serverPresetSchema>;
