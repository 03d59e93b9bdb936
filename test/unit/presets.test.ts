// The catalogue: its files, what they say, and that every one of them becomes a profile that counts.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020.js';
import { presetJsonSchema, presetSchemaFile } from '../../scripts/presetSchema.ts';
import { issuerFrom, methodChoices } from '../../src/core/presets/answers.ts';
import { identityProviderPresets, serverPresets } from '../../src/core/presets/catalogue.ts';
import {
  identityProviderFindings,
  serverFindings,
  type Finding,
} from '../../src/core/presets/findings.ts';
import {
  identityProviderEntry,
  serverEntry,
  withEntry,
} from '../../src/core/presets/profileEdit.ts';
import { ConnectError } from '../../src/core/errors.ts';
import { readProfile } from '../../src/core/profile/profile.ts';

const folder = 'src/core/presets';
const files = ['identityProviders', 'servers'].flatMap((list) =>
  readdirSync(join(folder, list)).map((name) => ({ list, name, path: join(folder, list, name) })),
);
const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const all = [...identityProviderPresets(), ...serverPresets()];
const nothing = { failure: new ConnectError('network.unreachable', { host: 'example' }) };
const find = <T extends { id: string }>(presets: readonly T[], id: string): T =>
  presets.find((one) => one.id === id) ?? assert.fail(`no preset ${id}`);

describe('the catalogue', () => {
  it('has a JSON Schema that is the one of presetSchema.ts (npm run schema)', () => {
    assert.deepEqual(read(presetSchemaFile), JSON.parse(JSON.stringify(presetJsonSchema())));
  });

  it('has only files that the schema takes, and drops none of them', () => {
    const { $schema, ...schema } = read(presetSchemaFile) as Record<string, unknown>;
    assert.match(String($schema), /json-schema\.org/);
    const validate = new Ajv({ strict: false }).compile(schema);
    for (const { list, name, path } of files) {
      const file = read(path) as { id: string; kind: string; $schema: string };
      assert.ok(validate(file), `${path}: ${JSON.stringify(validate.errors)}`);
      assert.equal(`${file.id}.json`, name);
      assert.equal(`${file.kind}s`, list);
      assert.equal(file.$schema, '../preset.schema.json');
    }
    assert.deepEqual(
      all.map(({ id }) => `${id}.json`).sort(),
      files.map(({ name }) => name).sort(),
    );
    assert.ok(!validate({ ...(read(files[0]!.path) as object), status: 'perfect' }));
  });

  it('names the vendors of the launch and the identity providers people ask for', () => {
    assert.deepEqual(
      serverPresets()
        .map(({ id }) => id)
        .sort(),
      'asana atlassian canva figma granola linear posthog slack supabase'.split(' '),
    );
    assert.deepEqual(
      identityProviderPresets()
        .map(({ id }) => id)
        .sort(),
      'auth0 descope entra google keycloak okta ping stytch workos'.split(' '),
    );
  });

  it('says of Entra and Google that they do not issue, since when that is known, and what works', () => {
    for (const id of ['entra', 'google']) {
      const preset = find(identityProviderPresets(), id);
      assert.ok(preset.status === 'doesNotIssue');
      assert.match(preset.asOf, /^2026-1[01]-\d\d$/);
      assert.match(preset.instead, /Okta|Descope/);
    }
  });

  it('lists what works today before what does not', () => {
    for (const list of [identityProviderPresets(), serverPresets()]) {
      const later = list.map((one) => 'instead' in one);
      assert.deepEqual(later, later.toSorted());
      assert.ok(later.includes(true) && later.includes(false));
    }
  });

  it('speaks plainly', () => {
    const words = all.flatMap((one) => [
      one.label,
      ...one.notes,
      ...(one.unverified ?? []),
      ...('instead' in one ? [one.instead] : []),
    ]);
    assert.deepEqual(
      words.filter((text) => /\btokens?\b|ID-JAG|\b401\b|\b403\b/i.test(text)),
      [],
    );
  });
});

describe('every preset', () => {
  const idp = {
    id: 'acme',
    label: 'Acme',
    issuer: 'https://login.acme.example',
    clientId: 'enterprise-mcp',
    clientAuthentication: 'none',
  } as const;
  const profileOf = (raw: unknown) => {
    const { profile, problems } = readProfile(raw, 'settings');
    assert.deepEqual(problems, []);
    return profile ?? assert.fail('no profile');
  };

  for (const preset of identityProviderPresets()) {
    it(`of an identity provider becomes a profile that counts: ${preset.label}`, () => {
      const { example, pattern } = preset.issuer;
      const issuer = issuerFrom(preset, example) ?? assert.fail(example);
      assert.equal(issuer, pattern?.replace('{domain}', example) ?? example);
      for (const { method } of methodChoices(preset, undefined)) {
        const answers = { ...idp, issuer, clientAuthentication: method };
        const entry = identityProviderEntry(preset, answers);
        const { identityProviders } = profileOf(
          withEntry(undefined, 'identityProviders', entry, 'Acme'),
        );
        assert.equal(identityProviders[0]?.issuer, issuer);
        assert.equal(identityProviders[0].clientAuthentication, method);
      }
    });
  }

  for (const preset of serverPresets()) {
    it(`of a server becomes a profile that counts: ${preset.label}`, () => {
      const start = { organization: 'Acme', identityProviders: [idp], servers: [] };
      for (const { method } of methodChoices(preset, undefined)) {
        const entry = serverEntry(preset, {
          id: preset.id,
          label: preset.label,
          url: preset.url,
          identityProvider: 'acme',
          authorizationServer: preset.authorizationServer ?? 'https://found.example',
          clientId: 'ours',
          clientAuthentication: method,
          scopes: preset.entry?.scopes ?? [],
        });
        const { servers } = profileOf(withEntry(start, 'servers', entry));
        assert.equal(servers[0]?.url, preset.url);
        assert.deepEqual(servers[0].scopes, preset.entry?.scopes ?? []);
        assert.deepEqual(servers[0].writeScopes, preset.entry?.writeScopes ?? []);
      }
    });
  }

  it('sets the keys its quirks ask for', () => {
    const entryOf = (id: string, clientAuthentication: 'none' | 'private_key_jwt') =>
      identityProviderEntry(find(identityProviderPresets(), id), { ...idp, clientAuthentication });
    const okta = entryOf('okta', 'private_key_jwt');
    assert.equal(okta['subjectToken'], 'idToken');
    assert.deepEqual(okta['clientAssertion'], { audience: 'tokenEndpoint' });
    assert.equal(entryOf('okta', 'none')['clientAssertion'], undefined);
    const ping = entryOf('ping', 'private_key_jwt');
    assert.equal(ping['subjectToken'], 'refreshToken');
    assert.deepEqual(ping['clientAssertion'], { typ: 'client-authentication+jwt' });
    assert.equal(
      issuerFrom(find(identityProviderPresets(), 'auth0'), 'acme.eu.auth0.com')?.at(-1),
      '/',
    );
  });

  it('tells its notes, with where and when they were seen, as findings', () => {
    const told = (findings: readonly Finding[]) => findings.map(({ label }) => label);
    for (const preset of identityProviderPresets()) {
      const look = { preset, issuer: 'https://login.example', metadata: nothing };
      const labels = told(identityProviderFindings(look));
      for (const note of preset.notes) assert.ok(labels.includes(note), note);
    }
    for (const preset of serverPresets()) {
      const issuer = preset.authorizationServer ?? 'https://found.example';
      const look = { preset, issuer, resource: nothing, authorizationServer: nothing };
      const labels = told(serverFindings(look));
      for (const note of preset.notes) assert.ok(labels.includes(note), note);
    }
  });
});
