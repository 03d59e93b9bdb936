import assert from 'node:assert/strict';
import Ajv from 'ajv';
import fc from 'fast-check';
import { profileJsonSchema } from '../../../scripts/profileSchema.ts';
import { readProfile } from '../../../src/core/profile/profile.ts';

const id = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
const scope = fc.stringMatching(/^[a-z]{1,8}(:[a-z]{1,8})?$/);
const httpsUrl = fc.webUrl({ validSchemes: ['https'] });
const issuer = fc.webAuthority().map((authority) => `https://${authority.replace(/^.*@/, '')}`);
const label = fc.string({ minLength: 1, maxLength: 40 });

const identityProvider = fc.record(
  {
    id,
    label,
    issuer,
    clientId: label,
    clientAuthentication: fc.constantFrom('none', 'client_secret_basic', 'private_key_jwt'),
    clientAssertion: fc.record(
      { audience: fc.constantFrom('issuer', 'tokenEndpoint') },
      { requiredKeys: [] },
    ),
    scopes: fc.array(scope, { maxLength: 5 }),
    maxRequests: fc.integer({ min: 1, max: 32 }),
    subjectToken: fc.constantFrom('auto', 'idToken', 'refreshToken'),
    signIn: fc.constantFrom('browser', 'deviceCode'),
    accounts: fc.record(
      { emailDomains: fc.array(fc.constantFrom('acme.com', 'Acme.Example')) },
      { requiredKeys: [] },
    ),
    pkceUnadvertised: fc.boolean(),
  },
  { requiredKeys: ['id', 'label', 'issuer', 'clientId'] },
);
const serverAt = (identityProviderId: string) =>
  fc.record(
    {
      id,
      label,
      url: httpsUrl.filter((url) => !url.includes('#')),
      identityProvider: fc.constant(identityProviderId),
      authorizationServer: issuer,
      clientId: label,
      scopes: fc.array(scope, { maxLength: 5 }),
      writeScopes: fc.array(scope, { maxLength: 5 }),
      writeAtOnce: fc.boolean(),
      hideWriteTools: fc.boolean(),
      resourceMatch: fc.constantFrom('prefix', 'exact'),
      dpop: fc.constantFrom('whenAsked', 'always', 'never'),
    },
    { requiredKeys: ['id', 'label', 'url', 'identityProvider', 'authorizationServer', 'clientId'] },
  );
const profile = identityProvider.chain((one) =>
  fc.record({
    organization: label,
    identityProviders: fc.constant([one]),
    servers: fc.uniqueArray(serverAt(one.id), {
      maxLength: 4,
      comparator: (a, b) => a.id === b.id || a.label.toLowerCase() === b.label.toLowerCase(),
    }),
  }),
);

describe('organization profile (properties)', () => {
  it('survives anything', () => {
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom('managed', 'settings'), (raw, source) => {
        const reading = readProfile(raw, source);
        assert.ok(reading.profile !== undefined || reading.problems.length > 0);
      }),
      { numRuns: 500 },
    );
  });

  it('that fits the published schema is read whole', () => {
    const validate = new Ajv({ strict: false }).compile(profileJsonSchema());
    fc.assert(
      fc.property(profile, (raw) => {
        assert.ok(validate(raw), JSON.stringify(validate.errors));
        const reading = readProfile(raw, 'settings');
        assert.deepEqual(reading.problems, []);
        assert.equal(reading.profile?.servers.length, raw.servers.length);
      }),
    );
  });

  it('loses only the bad entry, and names its place', () => {
    fc.assert(
      fc.property(profile, fc.nat(4), fc.jsonValue(), (raw, at, junk) => {
        const place = Math.min(at, raw.servers.length);
        const servers: unknown[] = [...raw.servers];
        servers.splice(place, 0, junk);
        const { profile: read, problems } = readProfile({ ...raw, servers }, 'settings');
        assert.equal(read?.servers.length, raw.servers.length);
        assert.ok(problems.length > 0);
        for (const { key } of problems) assert.ok(key.startsWith(`servers[${place}]`), key);
      }),
    );
  });

  it('never takes a secret or a key from settings', () => {
    fc.assert(
      fc.property(profile, fc.constantFrom('clientSecret', 'clientKey'), (raw, name) => {
        const value = name === 'clientSecret' ? 'canary' : { kty: 'EC', d: 'canary' };
        const identityProviders = raw.identityProviders.map((one) => ({ ...one, [name]: value }));
        const reading = readProfile({ ...raw, identityProviders }, 'settings');
        assert.equal(reading.profile?.identityProviders.length, 0);
        assert.doesNotMatch(JSON.stringify(reading), /canary/);
      }),
    );
  });
});
