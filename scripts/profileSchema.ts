// Writes the JSON Schema of the organization profile into package.json, so that the settings editor
// completes and checks it: npm run schema. test/unit/profileSchema.test.ts fails when it is out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toJsonSchema } from '@valibot/to-json-schema';
import { profileSchema } from '../src/core/profile/profileSchema.ts';

/** As a settings schema: VS Code knows draft-07 and needs no `$schema`. */
export function profileJsonSchema(): Record<string, unknown> {
  const { $schema: _, ...schema } = toJsonSchema(profileSchema, {
    // What only code can check (which hosts may be http) is checked by readProfile.
    errorMode: 'ignore',
    typeMode: 'input',
  });
  return schema;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
    contributes: { configuration: { properties: Record<string, object> } };
  };
  const { properties } = manifest.contributes.configuration;
  properties['enterpriseMcp.profile'] = {
    ...properties['enterpriseMcp.profile'],
    ...profileJsonSchema(),
    // An empty object means "no profile", so nothing is required of it.
    required: [],
  };
  writeFileSync('package.json', `${JSON.stringify(manifest, undefined, 2)}\n`);
}
