// Signed in → servers connected, ours beside the MCP SDK's own cross-app access client, in turn against the
// same sandbox.
//   npm run bench:connect -- [--runs N] [--servers N] [--latency MS] [--only NAME]
// With a filter nothing is written.
import { parseArgs } from 'node:util';
import { fleet } from '../../test/support/fleet.ts';
import { startSandbox, type Sandbox } from '../../test/support/sandbox.ts';
import { contestants, type Run } from './contestants.ts';
import { resultOf, writeResults, type Result } from './results.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    servers: { type: 'string' },
    latency: { type: 'string' },
    only: { type: 'string' },
  },
});
const { runs, servers: onlyServers, latency: onlyLatency, only = '' } = values;

const fleets = [
  { servers: 1, authorizationServers: 1 },
  { servers: 4, authorizationServers: 4 },
  { servers: 20, authorizationServers: 20 },
  { servers: 20, authorizationServers: 1 },
].filter(({ servers }) => onlyServers === undefined || servers === Number(onlyServers));
const latencies = onlyLatency === undefined ? [0, 50] : [Number(onlyLatency)];
const wanted = Object.entries(contestants).filter(([name]) => name.includes(only));

async function measure(company: (typeof fleets)[number], sandbox: Sandbox): Promise<Result[]> {
  // Nobody's first run pays for loading the code of either side.
  for (const [, run] of wanted) await run(sandbox, 0);
  const results: Result[] = [];
  for (const latencyMs of latencies) {
    const done = wanted.map(([name, run]) => ({ name, run, runs: [] as Run[] }));
    for (let turn = 0; turn < Number(runs); turn++) {
      for (const { run, runs: own } of done) own.push(await run(sandbox, latencyMs));
    }
    results.push(...done.map((one) => resultOf({ ...company, latencyMs }, one.name, one.runs)));
  }
  return results;
}

const results: Result[] = [];
for (const company of fleets) {
  const sandbox = await startSandbox({ setup: fleet(company) });
  const own = await measure(company, sandbox).finally(() => sandbox.stop());
  for (const result of own) console.log(JSON.stringify(result));
  results.push(...own);
}
const isWhole = onlyServers === undefined && onlyLatency === undefined && only === '';
if (isWhole) await writeResults(results);
