// The gateway's part of what people read.
import { markdownTable } from '../table.ts';
import type { CallsResult, GatewayResults, StreamResult } from './results.ts';
import { shareOfFetch, targetsOf } from './targets.ts';

export function gatewaySection(results: GatewayResults): string {
  const { measuredAt, cores, node, rounds, calls, streams } = results;
  return `## The gateway

\`npm run bench:gateway\`, ${measuredAt}: ${cores} cores, Node ${node}, loopback. Client, server and whatever stands
between them are a process each, so ${cores} cores are shared by three; all ways in turn in each of ${rounds} rounds, after
one that does not count. The gateway has a signed-in employee with 20 connected servers behind it and does
per call what it does in the editor; what it fetches by is the global \`fetch\`, as the editor's proxy and
certificates want it. The passthrough is \`http-proxy-3\` with kept-alive connections; \`bare fetch\` is a
proxy of nothing but \`fetch\`: what lies between these two is the price of it.

${targets(results)}

${losses(results)}

Tool calls answered with 1 KiB of JSON. Milliseconds; \`CPU\` is that of the process between, per call.

${callsTable(calls.filter(({ tool }) => tool === 'json'))}

Answered with one event of a stream.

${callsTable(calls.filter(({ tool }) => tool === 'events'))}

First byte of a stream, one after the other.

${callsTable(calls.filter(({ tool }) => tool === 'first'))}

One stream of ${streams[0]?.mib ?? 0} MiB in events of 64 KiB; a process of its own for each of ${streams[0]?.runs.length ?? 0} runs, medians.
Memory is what is resident at most, over what it was before, nothing collected by force: what Node.js reads from a socket
lies about until its engine looks, whoever passes it on, so the passthrough is the floor of it too. What the gateway holds on
to is kept below 8 MiB by \`test/contract/transparent/memory.test.ts\`. Every run: [results.json](gateway/results.json).

${streamsTable(streams)}
`;
}

/** Where we lose, and to what. */
function losses(results: GatewayResults): string {
  const found = shareOfFetch(results);
  const figure = (part: number) => part.toFixed(2);
  return `Of the distance to the passthrough, bare \`fetch\` alone makes up: p50 ${figure(found.p50OfFetch)} times the passthrough’s, the
gateway’s ${figure(found.p50OfGateway)} times that of bare \`fetch\`; speed of a stream ${figure(found.speedOfFetch)} of the passthrough’s, the gateway’s
${figure(found.speedOfGateway)} of that. The gateway uses \`fetch\` because VS Code lends it the
person's proxy and certificates.`;
}

function targets(results: GatewayResults): string {
  const rows = targetsOf(results).map(({ what, most, least, found }) => {
    const isMet = most === undefined ? found >= least : found <= most;
    const bound = most === undefined ? `at least ${least}` : `at most ${most}`;
    return [what, bound, String(Number(found.toFixed(2))), isMet ? 'yes' : '**no**'];
  });
  return markdownTable(['gateway on a socket', 'target', 'measured', 'met'], rows);
}

const callsTable = (calls: readonly CallsResult[]): string =>
  markdownTable(
    ['at once', 'way', 'p50', 'p95', 'p99', 'calls/s', 'CPU'],
    calls.map(({ parallel, way, p50, p95, p99, perSecond, cpuMs }) =>
      [parallel, way, p50, p95, p99, perSecond, cpuMs ?? ''].map(String),
    ),
  );

const streamsTable = (streams: readonly StreamResult[]): string =>
  markdownTable(
    ['way', 'MiB/s', 'memory, MiB', 'memory of each run'],
    streams.map(({ way, mibPerSecond, grownMib, runs }) => [
      way,
      String(mibPerSecond),
      String(grownMib ?? ''),
      runs.flatMap((run) => run.grownMib ?? []).join(', '),
    ]),
  );
