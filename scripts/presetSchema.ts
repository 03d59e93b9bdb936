// Writes the JSON Schema of the catalogue's files, so that an editor completes and checks them: npm run
// schema. test/unit/presets.test.ts fails when it is out of date.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toJsonSchema } from '@valibot/to-json-schema';
import { presetSchema } from '../src/core/presets/presetSchema.ts';

export const presetSchemaFile = 'src/core/presets/preset.schema.json';

export const presetJsonSchema = (): object =>
  toJsonSchema(presetSchema, {
    // What only code can check (which hosts may be http) is checked by the catalogue.
    errorMode: 'ignore',
    typeMode: 'input',
  });

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(presetSchemaFile, `${JSON.stringify(presetJsonSchema(), undefined, 2)}\n`);
}
