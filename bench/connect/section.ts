// What people read of it.
import { markdownTable } from '../table.ts';
import type { Case, ConnectResults, Result } from './results.ts';

export function connectSection({ measuredAt, cores, node, results }: ConnectResults): string {
  return `## Signed in → every server connected

\`npm run bench:connect\`, ${measuredAt}: ${cores} cores, Node ${node}, loopback, the sandbox in a
process of its own; medians of ${results[0]?.runs.length ?? 0} runs, all contestants in turn against the same sandbox. Every run:
[results.json](connect/results.json).

Metadata, grant, redemption, handshake and \`tools/list\`, with a delay added to every answer. Requests are those about
authorization, and handshakes refused for want of it.

${table(results)}

The SDK is \`@modelcontextprotocol/client\` with its cross-app access provider. It does not limit what it
asks of an identity provider at once; this extension keeps to the profile's \`maxRequests\`: that is where it loses.
`;
}

function table(results: readonly Result[]): string {
  const names = [...new Set(results.map(({ contestant }) => contestant))];
  const cases = [...new Set(results.map(caseName))].map((name) =>
    results.filter((result) => caseName(result) === name),
  );
  const rows = cases.map((own) => {
    const reference = own.find(({ contestant }) => contestant === names[0])?.ms ?? Number.NaN;
    const [at] = own;
    const times = names.map((name) => {
      const found = own.find(({ contestant }) => contestant === name);
      if (found === undefined) return '';
      const ratio = (found.ms / reference).toFixed(2);
      return `${found.ms} ms (${ratio} x), ${found.requests} requests`;
    });
    return [
      String(at?.servers ?? ''),
      String(at?.authorizationServers ?? ''),
      `${at?.latencyMs ?? ''} ms`,
      ...times,
    ];
  });
  return markdownTable(['servers', 'authorization servers', 'delay', ...names], rows);
}

const caseName = ({ servers, authorizationServers, latencyMs }: Case): string =>
  [servers, authorizationServers, latencyMs].join();
