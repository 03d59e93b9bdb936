// One VS Code with one browser profile, and suites run inside its extension host one after the other.
import { randomBytes } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { startBridge } from './bridge.ts';
import { launchBrowser } from './browser.ts';
import { createRunFolders } from './runFolders.ts';
import type { Setup, WhichHost } from './setup.ts';
import { startVscodeServer } from './vscodeServer.ts';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface HostSession {
  /** Opens (or reloads) the window and runs the suite in `file`, a bundle below the extension. */
  run(file: string): Promise<Counts>;
  /** Adds a file to the logs of this run. */
  keep(name: string, text: string): void;
  close(outcome: { readonly keep: boolean }): Promise<void>;
}

export interface HostSessionOptions {
  readonly setup: Setup;
  readonly which: WhichHost;
  readonly extension: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly suiteTimeoutMs: number;
}

/** VS Code shows no dialog while a suite runs, but logs each one it would have shown. */
const dialogWanted = /DialogService: Dialog requested/;

interface Driver {
  onLog: (line: string) => void;
  onExit: (code: number, logs: readonly LogFile[]) => void;
}

interface LogFile {
  readonly relativePath: string;
  readonly contents: string;
}

const inLine = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

/** The two functions VS Code's smoke-test driver calls in the page. */
async function exposeDriver(page: Page, driver: Driver): Promise<void> {
  await page.exposeFunction('codeAutomationLog', (type: string, values: unknown) => {
    driver.onLog(`[${type}] ${[values].flat().map(inLine).join(' ')}`);
  });
  await page.exposeFunction('codeAutomationExit', (code: number, logs?: readonly LogFile[]) => {
    driver.onExit(code, logs ?? []);
  });
}

/**
 * SecretStorage of a browser's VS Code outlives a reload only when the web server holds half of its
 * key. code-server's own front end does; here its bare VS Code server runs, so the route stands in.
 */
async function keepSecretsOverReloads(page: Page): Promise<void> {
  const body = randomBytes(32);
  await page.route('**/mint-key', (route) => route.fulfill({ status: 200, body }));
}

/** Starts server, browser and bridge; the caller closes the session in every case. */
export async function startHostSession(options: HostSessionOptions): Promise<HostSession> {
  const { setup, which, extension, suiteTimeoutMs } = options;
  const folders = createRunFolders();
  const browser = await launchBrowser(setup.chromium);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await keepSecretsOverReloads(page);
  const bridge = await startBridge({ context, workbench: page, artifacts: setup.artifacts });
  const report = path.join(folders.data, 'report.txt');
  const stats = path.join(folders.data, 'stats.json');
  const server = await startVscodeServer({
    host: setup.hosts[which],
    folders,
    settings: options.settings,
    environment: {
      ...options.environment,
      TEST_BRIDGE: bridge.url,
      TEST_REPORT: report,
      TEST_STATS: stats,
    },
    smokeTestDriver: true,
  });

  const log = createWriteStream(path.join(folders.data, 'workbench.log'));
  const current = { suite: '' };
  const driver: Driver = {
    onLog(line) {
      log.write(`${line}\n`);
      if (dialogWanted.test(line)) bridge.noteDialog(line);
    },
    onExit: () => undefined,
  };
  await exposeDriver(page, {
    onLog: driver.onLog,
    onExit: (code, logs) => {
      for (const { relativePath, contents } of logs) {
        const file = path.join(folders.data, 'window-logs', current.suite, relativePath);
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, contents);
      }
      driver.onExit(code, logs);
    },
  });

  const remote = (file: string): string => `vscode-remote://${server.authority}${file}`;

  async function run(file: string): Promise<Counts> {
    current.suite = path.basename(file, '.cjs');
    writeFileSync(report, '');
    writeFileSync(stats, '');
    const stopPrinting = printAsItGrows(report);
    const ended = new Promise<number>((resolve) => {
      driver.onExit = resolve;
    });
    const tooLate = new Promise<number>((_, reject) => {
      setTimeout(() => {
        reject(new Error(`the suite did not end within ${suiteTimeoutMs / 1000} s`));
      }, suiteTimeoutMs).unref();
    });
    try {
      await page.goto(
        server.workbench([
          ['extensionDevelopmentPath', remote(extension)],
          ['extensionTestsPath', remote(file)],
          ['skipWelcome', 'true'],
        ]),
      );
      const code = await Promise.race([ended, tooLate]);
      return readCounts(stats, code);
    } finally {
      stopPrinting();
    }
  }

  return {
    run,
    keep: (name, text) => {
      writeFileSync(path.join(folders.data, name), text);
    },
    async close({ keep }) {
      await bridge.close();
      await browser.close();
      await server.stop();
      log.end();
      if (keep) console.log(`  logs of this run: ${folders.data}`);
      else folders.remove();
    },
  };
}

/** The console is shared with all of VS Code, so mocha reports into a file. */
function printAsItGrows(file: string): () => void {
  const state = { printed: 0 };
  const print = (): void => {
    const text = readFileSync(file, 'utf8');
    process.stdout.write(text.slice(state.printed));
    state.printed = text.length;
  };
  const timer = setInterval(print, 200);
  return () => {
    clearInterval(timer);
    print();
  };
}

function readCounts(file: string, code: number): Counts {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (text === '') throw new Error(`the suite ended with ${code} and without a result`);
  return JSON.parse(text) as Counts;
}
