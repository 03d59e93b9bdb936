// bench/RESULTS.md, written from whatever has been measured so far: each bench keeps its results as data and
// says how they read.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import type { ConnectResults } from './connect/results.ts';
import { connectSection } from './connect/section.ts';
import type { EditorResults } from './editor/results.ts';
import { editorSection } from './editor/section.ts';
import type { GatewayResults } from './gateway/results.ts';
import { gatewaySection } from './gateway/section.ts';

/** As the rest of the repository is formatted. */
export async function write(file: string, text: string): Promise<void> {
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
}

/** Undefined until there are some. */
const resultsIn = (file: string): unknown =>
  existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;

export async function writeReport(): Promise<void> {
  const connect = resultsIn('bench/connect/results.json') as ConnectResults | undefined;
  const gateway = resultsIn('bench/gateway/results.json') as GatewayResults | undefined;
  const editor = resultsIn('bench/editor/results.json') as EditorResults | undefined;
  const sections = [
    connect && connectSection(connect),
    gateway && gatewaySection(gateway),
    editor && editorSection(editor),
  ];
  const text = [head, ...sections].filter((section) => section !== undefined).join('\n');
  await write('bench/RESULTS.md', text);
}

const head = `# Measured

Written by \`npm run bench\`, which runs all of what follows; each section says what runs it alone, when it ran and on what.
Absolute times are that machine's, and it had other work; the ratios travel, for all contestants take turns in the same run.
What 10,000 people ask of an identity provider: [fleet/RESULTS.md](fleet/RESULTS.md).
`;
