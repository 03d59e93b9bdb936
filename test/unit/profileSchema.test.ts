import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
import { profileJsonSchema } from '../../scripts/profileSchema.ts';

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  contributes: { configuration: { properties: Record<string, Record<string, unknown>> } };
};
const setting = manifest.contributes.configuration.properties['enterpriseMcp.profile'] ?? {};

describe('JSON Schema of the profile setting', () => {
  it('is the one of src/core/profile/profile.ts (npm run schema)', () => {
    const { properties, additionalProperties, type } = profileJsonSchema();
    assert.deepEqual(
      [setting['properties'], setting['additionalProperties'], setting['type']],
      [properties, additionalProperties, type],
    );
  });

  it('belongs to the person, not to a workspace', () => {
    assert.equal(setting['scope'], 'application');
  });

  it('says what each key is', () => {
    const undescribed: string[] = [];
    const visit = (schema: Record<string, unknown>, path: string) => {
      const properties = (schema['properties'] ?? {}) as Record<string, Record<string, unknown>>;
      for (const [key, one] of Object.entries(properties)) {
        if (typeof one['description'] !== 'string') undescribed.push(`${path}${key}`);
        visit(one, `${path}${key}.`);
        visit((one['items'] ?? {}) as Record<string, unknown>, `${path}${key}[].`);
      }
    };
    visit(setting, '');
    assert.deepEqual(undescribed, []);
  });

  it('accepts a good profile and names the place of a bad key', () => {
    const validate = new Ajv({ allErrors: true, strict: false }).compile(setting);
    const server = {
      id: 'tickets',
      label: 'Tickets',
      url: 'https://tickets.example/mcp',
      identityProvider: 'acme',
      authorizationServer: 'https://auth.example',
      clientId: 'vscode',
    };
    const good = { organization: 'Acme', identityProviders: [], servers: [server] };
    assert.ok(validate(good), JSON.stringify(validate.errors));
    assert.ok(validate({}));
    assert.ok(!validate({ ...good, servers: [{ ...server, clientAuthentication: 'magic' }] }));
    assert.equal(validate.errors?.[0]?.instancePath, '/servers/0/clientAuthentication');
  });
});
