// The host ring's first suite in a desktop VS Code, on machines that reach Microsoft's download.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron';
import { startBridge } from './bridge.ts';
import { launchBrowser } from './browser.ts';
import type { Counts } from './hostSession.ts';
import { createRunFolders, type RunFolders } from './runFolders.ts';
import { startSandbox } from './sandbox.ts';
import type { Setup } from './setup.ts';

/**
 * A program that hands an address to the bridge, for `workbench.externalBrowser`. macOS opens an address
 * with an application only, so there the person's own browser opens and somebody has to sign in.
 */
function browserFor(folders: RunFolders, bridge: string): string | undefined {
  if (process.platform === 'darwin') return undefined;
  const script = path.join(folders.data, 'browser.mjs');
  writeFileSync(
    script,
    `await fetch(${JSON.stringify(`${bridge}/open`)}, { method: 'POST', body: JSON.stringify({ url: process.argv.at(-1) }) });\n`,
  );
  const windows = process.platform === 'win32';
  const program = path.join(folders.data, windows ? 'browser.cmd' : 'browser.sh');
  writeFileSync(
    program,
    windows
      ? `@"${process.execPath}" "${script}" %1\r\n`
      : `#!/bin/sh\nexec "${process.execPath}" "${script}" "$1"\n`,
  );
  chmodSync(program, 0o700);
  return program;
}

async function download(cachePath: string): Promise<string> {
  try {
    return await downloadAndUnzipVSCode({ cachePath });
  } catch {
    throw new Error("Microsoft's download of VS Code cannot be reached from here.");
  }
}

/** Runs the suite once in the newest stable desktop VS Code. */
export async function runOnDesktop(options: {
  readonly setup: Setup;
  readonly grep: string | undefined;
}): Promise<Counts> {
  const { setup, grep } = options;
  const executable = await download(path.join(setup.root, '.vscode-host/desktop'));
  const folders = createRunFolders();
  const sandbox = await startSandbox();
  const browser = await launchBrowser(setup.chromium);
  const context = await browser.newContext();
  const bridge = await startBridge({ context, artifacts: setup.artifacts });
  const stats = path.join(folders.data, 'stats.json');
  const program = browserFor(folders, bridge.url);
  if (program === undefined) {
    console.log('Sign in whenever your browser asks: as alice, and once as bob.');
  }
  mkdirSync(path.join(folders.data, 'user/User'), { recursive: true });
  writeFileSync(
    path.join(folders.data, 'user/User/settings.json'),
    JSON.stringify({
      'enterpriseMcp.profile': sandbox.line.profile,
      'security.workspace.trust.enabled': false,
      'telemetry.telemetryLevel': 'off',
      'update.mode': 'none',
      ...(program === undefined ? {} : { 'workbench.externalBrowser': program }),
    }),
  );
  try {
    await runTests({
      vscodeExecutablePath: executable,
      extensionDevelopmentPath: setup.root,
      extensionTestsPath: path.join(setup.root, 'out/host/signedIn.cjs'),
      launchArgs: [
        folders.workspace,
        ...['--user-data-dir', path.join(folders.data, 'user')],
        ...['--extensions-dir', path.join(folders.data, 'extensions')],
        '--disable-workspace-trust',
      ],
      extensionTestsEnv: {
        TEST_SANDBOX: JSON.stringify(sandbox.line),
        TEST_BRIDGE: bridge.url,
        TEST_STATS: stats,
        TEST_GREP: grep,
      },
    }).catch((error: unknown) => {
      // The counts say which tests failed.
      console.error(error instanceof Error ? error.message : error);
    });
    return JSON.parse(readFileSync(stats, 'utf8')) as Counts;
  } finally {
    await bridge.close();
    await browser.close();
    await sandbox.stop();
    folders.remove();
  }
}
