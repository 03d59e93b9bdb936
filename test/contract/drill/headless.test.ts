// The drill as an administrator runs it in a pipeline: no editor, a code for the sign-in, a report on stdout.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DrillReport } from '../../../src/core/drill/report.ts';
import { startCompany, type InProcessSandbox } from '../../support/company.ts';
import { HttpBrowser } from '../../support/httpBrowser.ts';

describe('the revocation drill without an editor', function () {
  this.timeout(60_000);
  const world = {} as { sandbox: InProcessSandbox; folder: string; profile: string };
  before(async () => {
    world.sandbox = await startCompany({ identityProvider: { deviceGrant: true } });
    world.folder = mkdtempSync(join(tmpdir(), 'drill-'));
    world.profile = join(world.folder, 'profile.json');
    writeFileSync(world.profile, JSON.stringify(world.sandbox.line.profile));
  });
  after(async () => {
    await world.sandbox.stop();
    rmSync(world.folder, { recursive: true });
  });

  /** Runs it; whoever administers does `trigger` when asked to. */
  async function run(args: readonly string[], trigger: () => Promise<unknown>) {
    const child = spawn(
      process.execPath,
      [
        ...['--import', 'tsx', 'src/conformance/client.ts', '--drill'],
        ...['--profile', world.profile, ...args],
      ],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    const said = { out: '', err: '', entered: false, triggered: false };
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      said.err += chunk.toString();
      const [, page, code] = /Open (\S+) and enter (\S+)\n/.exec(said.err) ?? [];
      if (page !== undefined && code !== undefined && !said.entered) {
        said.entered = true;
        void new HttpBrowser().enterCode(page, code, 'alice');
      }
      if (said.err.includes('then press Enter.') && !said.triggered) {
        said.triggered = true;
        void trigger().then(() => child.stdin.write('\n'));
      }
    });
    const [exitCode] = (await once(child, 'exit')) as [number];
    return { exitCode, ...said };
  }

  it('passes, and says so on stdout and in two files', async () => {
    const prefix = join(world.folder, 'report');
    const { exitCode, out, err } = await run(
      ['--kind', 'refusedByServer', '--servers', 'docs', '--report', prefix],
      async () => {
        await world.sandbox.admin.remove('alice', 'docs');
        await world.sandbox.admin.revokeAccess('alice', 'docs');
      },
    );
    assert.equal(exitCode, 0, err + out);
    const report = JSON.parse(out) as DrillReport;
    assert.equal(report.servers[0]?.verdict, 'PASS');
    assert.equal(report.servers[0].callsAfterTrigger, 0);
    assert.deepEqual(report.witnessed, { browserOpened: 0, registrations: 0 });
    assert.deepEqual(JSON.parse(readFileSync(`${prefix}.json`, 'utf8')), report);
    assert.match(readFileSync(`${prefix}.md`, 'utf8'), /^# Revocation drill: PASS\n/);
  });

  it('says beforehand what it would measure', async () => {
    await world.sandbox.admin.reset();
    const { exitCode, out } = await run(['--dry-run'], () => Promise.resolve());
    assert.equal(exitCode, 0);
    assert.match(out, /\| Tickets \| connected \| closed within 915 s \|/);
  });

  it('names what it does not know', async () => {
    const { exitCode, err } = await run(['--kind', 'earthquake'], () => Promise.resolve());
    assert.equal(exitCode, 2);
    assert.match(err, /--kind must be one of grantRemoved/);
  });
});
