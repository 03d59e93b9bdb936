// MCP calls and one long stream: direct, through a passthrough, and through the gateway, in turn in one run.
//   npm run bench:gateway -- [--rounds N] [--ms N] [--streams N] [--mib N] [--only TEXT]
// With any of them nothing is written.
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { fleet } from '../../test/support/fleet.ts';
import { startSandbox } from '../../test/support/sandbox.ts';
import { write, writeReport } from '../report.ts';
import { measureCalls } from './calls.ts';
import { buildParts, editorNode, startPart, ways } from './parts.ts';
import type { GatewayResults } from './results.ts';
import { gatewaySection } from './section.ts';
import { measureStreams } from './streams.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '8' },
    ms: { type: 'string', default: '250' },
    streams: { type: 'string', default: '3' },
    mib: { type: 'string', default: '1024' },
    only: { type: 'string', default: '' },
  },
});
const rounds = Number(values.rounds);
const wanted = ways.filter(({ name }) => name.includes(values.only));

await buildParts();
const sandbox = await startSandbox({ setup: fleet({ servers: 20, authorizationServers: 4 }) });
const [server, load] = await Promise.all([startPart('server'), startPart('load')]);
const { url } = server.said as { url: string };
const company = { url, profile: sandbox.line.profile };
const measured = { load, company, ways: wanted };
const results: GatewayResults = {
  measuredAt: new Date().toISOString().slice(0, 10),
  cores: cpus().length,
  node: execFileSync(editorNode(), ['--version'], { encoding: 'utf8' }).trim().slice(1),
  rounds,
  calls: await measureCalls(measured, { rounds, ms: Number(values.ms) }),
  streams: await measureStreams(measured, {
    rounds: Number(values.streams),
    mib: Number(values.mib),
  }),
};
await Promise.all([server.stop(), load.stop(), sandbox.stop()]);
console.log(gatewaySection(results));
if (process.argv.length === 2) {
  await write('bench/gateway/results.json', JSON.stringify(results));
  await writeReport();
}
