// The host ring: the suites in VS Code's real extension host, newest and minimum version, one after the
// other; with --desktop in a desktop VS Code. Started by scripts/test.mjs.
import { parseArgs } from 'node:util';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { runOnDesktop } from '../support/desktop.ts';
import { startHostSession, type Counts } from '../support/hostSession.ts';
import { startSandbox } from '../support/sandbox.ts';
import { readSetup, type Setup, type WhichHost } from '../support/setup.ts';

const suites = ['signedIn', 'reloaded'] as const;

async function runVersion(setup: Setup, which: WhichHost, grep?: string): Promise<Counts[]> {
  console.log(`\n  VS Code ${setup.hosts[which].vscode}`);
  const sandbox = await startSandbox();
  const session = await startHostSession({
    setup,
    which,
    extension: setup.root,
    settings: { 'enterpriseMcp.profile': sandbox.line.profile },
    environment: {
      TEST_SANDBOX: JSON.stringify(sandbox.line),
      ...(grep === undefined ? {} : { TEST_GREP: grep }),
    },
    suiteTimeoutMs: 120_000,
  });
  const counts: Counts[] = [];
  try {
    for (const suite of suites) {
      counts.push(await session.run(path.join(setup.root, 'out/host', `${suite}.cjs`)));
      // The second goes on where the first ended.
      if (counts.some(({ failed }) => failed > 0)) break;
    }
  } catch (error) {
    console.error(error);
    counts.push({ passed: 0, failed: 1, skipped: 0 });
  } finally {
    const keep = counts.some(({ failed }) => failed > 0);
    if (keep) {
      session.keep('ledger.json', JSON.stringify(await sandbox.admin.ledger(0), null, 1));
    }
    await session.close({ keep });
    await sandbox.stop();
  }
  return counts;
}

const { values } = parseArgs({
  options: { grep: { type: 'string', short: 'g' }, only: { type: 'string' } },
});
const setup = readSetup();
const versions = (['newest', 'minimum'] as const).filter(
  (which) => values.only === undefined || values.only === which,
);
const counts: Counts[] = [];
if (setup.desktop) {
  await runOnDesktop({ setup, grep: values.grep }).then(
    (count) => counts.push(count),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      counts.push({ passed: 0, failed: 1, skipped: 0 });
    },
  );
} else for (const which of versions) counts.push(...(await runVersion(setup, which, values.grep)));

const sum = (key: keyof Counts): number => counts.reduce((total, one) => total + one[key], 0);
const total = { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
if (process.env['TEST_STATS'] !== undefined) {
  writeFileSync(process.env['TEST_STATS'], JSON.stringify(total));
}
process.exitCode = total.failed > 0 ? 1 : 0;
