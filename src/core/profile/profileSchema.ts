// The shape of the organization profile. Also the JSON Schema of the setting (scripts/profileSchema.ts).
import * as v from 'valibot';
import { clientAuthenticationMethods, signingAlgorithms } from '../client/clientRegistration.ts';
import { isSecureUrl } from '../url.ts';
import { described, whole, yesOrNo } from './fields.ts';
import { harnessesSchema, limitsSchema } from './rulesSchema.ts';

const text = v.pipe(
  v.string('must be text'),
  v.nonEmpty('must not be empty'),
  v.maxLength(200, 'must be at most 200 characters'),
);
const longText = v.pipe(v.string('must be text'), v.nonEmpty('must not be empty'));
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
const oneOf = <const T extends readonly [string, ...string[]]>(options: T) =>
  v.picklist(options, `must be ${options.slice(0, -1).join(', ')} or ${options.at(-1) ?? ''}`);
const managedOnly = "Only in the administrator's managed file; refused in settings.";
const publicKeys = (types: readonly [string, ...string[]], said: string) =>
  v.pipe(
    v.array(
      v.looseObject(
        {
          kty: described(oneOf(types), said),
          kid: described(text, 'Name of the key, as signatures say it.'),
        },
        'must be a public JWK with a kid',
      ),
      'must be a list',
    ),
    v.minLength(1, 'must not be empty'),
    v.maxLength(8, 'must be at most 8'),
    v.check((keys) => keys.every((key) => !('d' in key)), 'must be public keys'),
  );
/** Where something signed is fetched from, and who must have signed it. */
const signedSource = (keys: ReturnType<typeof publicKeys>) => ({
  issuer: described(text, 'Value the iss claim must have.'),
  audience: described(text, 'Value the aud claim must have.'),
  keys: described(keys, 'Public keys that may sign, as JWKs; no other key is ever looked up.'),
  pollSeconds: v.optional(
    described(
      whole(15, 900, 'whole seconds'),
      'Seconds between two looks, less or more by a fifth.',
    ),
    60,
  ),
});
const emailDomain = v.pipe(
  v.string('must be text'),
  v.regex(/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/, 'must be a domain such as acme.com'),
  v.toLowerCase(),
);
export const clientAssertionSchema = v.strictObject({
  audience: v.optional(
    described(oneOf(['issuer', 'tokenEndpoint']), 'Whom the assertion names as its audience.'),
    'issuer',
  ),
  typ: v.optional(
    described(
      oneOf(['client-authentication+jwt', 'JWT']),
      'Type in the header of the assertion, where the other side insists on one.',
    ),
  ),
  algorithm: v.optional(
    described(oneOf(signingAlgorithms), 'Signature algorithm of the key.'),
    'ES256',
  ),
});
const clientEntries = {
  clientId: described(text, 'Client id registered there for this extension.'),
  clientAuthentication: v.optional(
    described(
      oneOf(clientAuthenticationMethods),
      'How the client proves who it is. Secrets come from "Enterprise MCP: Store Client Secret…" or the administrator\'s file, keys from "Enterprise MCP: Create Device Key…" or that file, neither from settings.',
    ),
    'none',
  ),
  clientSecret: v.optional(
    described(text, "Only in the administrator's managed file; refused in settings."),
  ),
  clientKey: v.optional(
    described(
      v.looseObject(
        { kty: described(text, 'Key type.'), d: described(longText, 'The private part.') },
        'must be a private JWK',
      ),
      "Private key as a JWK, only in the administrator's managed file; refused in settings.",
    ),
  ),
  clientAssertion: v.optional(
    described(clientAssertionSchema, 'What private_key_jwt looks like there.'),
    {},
  ),
};
const accountsSchema = v.strictObject({
  emailDomains: v.optional(
    described(
      v.array(emailDomain, 'must be a list'),
      'Domains of e-mail addresses that may sign in.',
    ),
    [],
  ),
  hostedDomain: v.optional(described(text, 'Value the hd claim must have.')),
  tenant: v.optional(described(text, 'Value the tid or tenant claim must have.')),
});

export const sharedSignalsSchema = v.strictObject({
  pollEndpoint: described(secureUrl, 'Where security events wait to be fetched (RFC 8936).'),
  ...signedSource(publicKeys(['OKP', 'EC', 'RSA'], 'Key type: Ed25519, P-256 or RSA.')),
  credential: v.optional(described(longText, 'Bearer credential for the poll endpoint.')),
});
export const emergencyStopSchema = v.strictObject({
  url: described(secureUrl, 'Where the signed list is published.'),
  ...signedSource(publicKeys(['OKP', 'EC'], 'Key type: Ed25519 or P-256.')),
});

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
  refreshGraceSec: v.optional(
    described(
      v.pipe(
        v.number('must be a number'),
        v.minValue(0, 'must be at least 0'),
        v.maxValue(300, 'must be at most 300'),
      ),
      'How long the identity provider takes a refresh token again after it has replaced it; 0: not at all.',
    ),
    0,
  ),
  subjectToken: v.optional(
    described(
      oneOf(['auto', 'idToken', 'refreshToken']),
      'What proves the sign-in when access to a server is asked for; auto learns it.',
    ),
    'auto',
  ),
  signIn: v.optional(
    described(
      oneOf(['browser', 'deviceCode']),
      'deviceCode: the person types a code at another browser, for computers a browser cannot come back to.',
    ),
    'browser',
  ),
  accounts: v.optional(described(accountsSchema, 'Which accounts may sign in.'), {}),
  pkceUnadvertised: v.optional(
    described(yesOrNo, 'Sign in although the metadata does not promise PKCE (RFC 7636).'),
    false,
  ),
  sharedSignals: v.optional(
    described(sharedSignalsSchema, `Security events of this identity provider. ${managedOnly}`),
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
  audience: v.optional(
    described(text, 'What the identity provider calls that server, where it is not its issuer.'),
  ),
  resource: v.optional(
    described(secureUrl, 'Resource identifier, only for a server that publishes no metadata.'),
  ),
  resourceMatch: v.optional(
    described(
      oneOf(['prefix', 'exact']),
      'exact: the published resource must be the URL itself, not one above it.',
    ),
    'prefix',
  ),
  sendResource: v.optional(
    described(yesOrNo, 'false only where the resource parameter is refused.'),
    true,
  ),
  ...clientEntries,
  scopes: v.optional(
    described(
      scopes,
      'Scopes for reading; asked for first. Without any, the company grants what it likes.',
    ),
    [],
  ),
  writeScopes: v.optional(
    described(scopes, 'Scopes for changing things; asked for when a call needs them.'),
    [],
  ),
  writeAtOnce: v.optional(described(yesOrNo, 'Ask for the write scopes from the start.'), false),
  hideWriteTools: v.optional(
    described(
      yesOrNo,
      'While only reading is granted, leave out the tools that the server does not mark read-only.',
    ),
    true,
  ),
  dpop: v.optional(
    described(
      oneOf(['whenAsked', 'always', 'never']),
      'Whether access is bound to a key of this computer (RFC 9449).',
    ),
    'whenAsked',
  ),
});

export const profileSchema = v.strictObject({
  organization: described(text, 'Name of the company, as people say it.'),
  identityProviders: described(v.array(identityProviderSchema), 'Who signs people in.'),
  servers: described(v.array(serverSchema), 'MCP servers the company offers.'),
  limits: v.optional(described(limitsSchema, 'How long access lasts without another yes.'), {}),
  harnesses: v.optional(
    described(harnessesSchema, 'Other agents that may use the connections.'),
    {},
  ),
  emergencyStop: v.optional(
    described(
      emergencyStopSchema,
      `A signed list that closes servers or ends sign-ins at once. ${managedOnly}`,
    ),
  ),
});
