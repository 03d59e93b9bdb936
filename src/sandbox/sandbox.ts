// Entry of the sandbox: a whole company on this computer, reachable from nowhere else.
import { fstatSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openCompany } from './company.ts';
import { summarize } from './description.ts';
import type { Setup } from './setup.ts';

const usage =
  'sandbox [--port N (0: any free, default 4400)] [--latency MS] [--setup FILE] [--json]';

const { values } = parsed();

function parsed() {
  try {
    return parseArgs({
      options: {
        port: { type: 'string', default: '4400' },
        latency: { type: 'string', default: '0' },
        setup: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    console.error(`${usage}\n${error instanceof Error ? error.message : String(error)}`);
    process.exit(2);
  }
}

function wholeNumber(text: string, most: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  if (value <= most) return value;
  console.error(`${usage}\n"${text}" is not a number from 0 to ${most}`);
  process.exit(2);
}

function setupFrom(file: string): Setup {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Setup;
  } catch (error) {
    console.error(`${usage}\n"${file}": ${String(error)}`);
    process.exit(2);
  }
}

const company = await openCompany({
  port: wholeNumber(values.port, 65_000),
  latencyMs: wholeNumber(values.latency, 60_000),
  ...(values.setup === undefined ? {} : { setup: setupFrom(values.setup) }),
}).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error, '(--port 0 takes free ports)');
  process.exit(1);
});

const stop = () => {
  void company.close().finally(() => process.exit(0));
};
process.once('SIGINT', stop).once('SIGTERM', stop);
// A test that dies leaves nobody to stop us: its end of the pipe closes with it.
if (values.json && isPipe(0)) process.stdin.once('end', stop).once('error', stop).resume();

console.log(values.json ? JSON.stringify(company.description) : summarize(company.description));

function isPipe(descriptor: number): boolean {
  try {
    const status = fstatSync(descriptor);
    return status.isFIFO() || status.isSocket();
  } catch {
    return false;
  }
}
