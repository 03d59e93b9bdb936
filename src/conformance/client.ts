// Core without an editor, for the MCP conformance suite: the server URL is the last argument, the
// context comes in the environment. Exit code 0 only when the server answered with its tools.
//   node dist/conformance.mjs [--company-sign-in] http://localhost:3000/mcp
//   node dist/conformance.mjs --drill …   (drill.ts)
import { createDiscovery } from '../core/discovery/discovery.ts';
import { ConnectError } from '../core/errors.ts';
import { probe } from '../core/server/probe.ts';
import { systemClock as clock } from '../node/systemClock.ts';
import { accessByCompanySignIn } from './companySignIn.ts';
import { readContext, type Harness } from './context.ts';
import { accessByEnterpriseLegs } from './enterpriseLegs.ts';

if (process.argv.includes('--drill')) {
  const { drillFromCommandLine } = await import('./drill.ts');
  process.exitCode = await drillFromCommandLine(process.argv.slice(2));
} else await connectOnce();

async function connectOnce(): Promise<void> {
  const url = process.argv.at(-1) ?? '';
  const context = readContext(process.env['MCP_CONFORMANCE_CONTEXT']);
  const { signal } = new AbortController();
  const harness: Harness = { discovery: createDiscovery({ fetch, clock }), fetch, clock, signal };
  const access = process.argv.includes('--company-sign-in')
    ? accessByCompanySignIn
    : accessByEnterpriseLegs;
  try {
    const token = await access(url, context, harness);
    const { tools } = await probe({ url, token, clientVersion: '0', signal }, harness);
    process.stdout.write(`tools: ${tools.map(({ name }) => name).join(' ')}\n`);
  } catch (error) {
    const { code, facts, cause } = ConnectError.from(error);
    process.stderr.write(`${code} ${JSON.stringify(facts)}\n`);
    if (code === 'bug') process.stderr.write(`${String(cause)}\n`);
    process.exitCode = 1;
  }
}
