// What was measured, as data and as the table people read.
import { cpus } from 'node:os';
import { writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { contestants, type Run } from './contestants.ts';

export interface Case {
  readonly servers: number;
  readonly authorizationServers: number;
  readonly latencyMs: number;
}

export interface Result extends Case {
  readonly contestant: string;
  /** Medians. */
  readonly ms: number;
  readonly requests: number;
  readonly runs: readonly Run[];
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

export const resultOf = (at: Case, contestant: string, runs: readonly Run[]): Result => ({
  ...at,
  contestant,
  ms: Math.round(median(runs.map(({ ms }) => ms))),
  requests: median(runs.map(({ requests }) => requests)),
  runs: runs.map(({ ms, requests }) => ({ ms: Math.round(ms), requests })),
});

/** bench/results.json and bench/RESULTS.md. */
export async function writeResults(results: readonly Result[]): Promise<void> {
  const measuredAt = new Date().toISOString().slice(0, 10);
  const machine = { cores: cpus().length, node: process.versions.node };
  const data = { measuredAt, ...machine, results };
  await write('bench/results.json', JSON.stringify(data));
  const runs = results[0]?.runs.length ?? 0;
  await write(
    'bench/RESULTS.md',
    `# Measured

Written by \`npm run bench\`, ${measuredAt}: ${machine.cores} cores, Node ${machine.node}, loopback, the sandbox in a
process of its own; medians of ${runs} runs, all contestants in turn against the same sandbox. Absolute
times are this machine's; the ratios travel. Every run: [results.json](results.json).

Signed in → every server connected (metadata, grant, redemption, handshake, \`tools/list\`), with a delay
added to every answer. Requests are those about authorization, and handshakes refused for want of it.

${table(results)}

The SDK is \`@modelcontextprotocol/client\` with its cross-app access provider. It does not limit what it
asks of an identity provider at once; this extension keeps to the profile's \`maxRequests\`.
`,
  );
}

/** As the rest of the repository is formatted. */
async function write(file: string, text: string): Promise<void> {
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
}

function table(results: readonly Result[]): string {
  const cell = (texts: readonly (string | number)[]) => `| ${texts.join(' | ')} |`;
  const names = Object.keys(contestants);
  const head = ['servers', 'authorization servers', 'delay', ...names];
  const cases = [...new Set(results.map(caseName))].map((name) =>
    results.filter((result) => caseName(result) === name),
  );
  return [
    cell(head),
    cell(head.map(() => '---')),
    ...cases.map((own) => {
      const reference = own.find(({ contestant }) => contestant === names[0])?.ms ?? Number.NaN;
      const [at] = own;
      return cell([
        at?.servers ?? '',
        at?.authorizationServers ?? '',
        `${at?.latencyMs} ms`,
        ...names.map((name) => {
          const found = own.find(({ contestant }) => contestant === name);
          if (found === undefined) return '';
          const ratio = (found.ms / reference).toFixed(2);
          return `${found.ms} ms (${ratio} x), ${found.requests} requests`;
        }),
      ]);
    }),
  ].join('\n');
}

const caseName = ({ servers, authorizationServers, latencyMs }: Case): string =>
  [servers, authorizationServers, latencyMs].join();
