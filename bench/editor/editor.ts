// A real VS Code with some extensions installed, and its windows: each has an extension host of its own.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';
import { installVsix } from '../../scripts/codeServer.mjs';
import { eventually } from '../../test/support/eventually.ts';
import { createRunFolders } from '../../test/support/runFolders.ts';
import { startVscodeServer } from '../../test/support/vscodeServer.ts';
import { openWorkbench, type Workbench } from '../../test/support/workbench.ts';
import type { Packages } from './packages.ts';

export interface EditorWindow {
  readonly workbench: Workbench;
  /** Asks the harness inside its extension host. */
  ask<T>(question: string): Promise<T>;
  close(): Promise<void>;
}

/** Somebody with a browser, which keeps what VS Code stores for them. */
export interface Person {
  readonly context: BrowserContext;
  open(): Promise<EditorWindow>;
}

export interface Editor {
  /** Nobody who was here before. */
  newPerson(browser: Browser): Promise<Person>;
  close(): Promise<void>;
}

/**
 * VS Code at the end of a network searches all processes of the computer for open ports, every two
 * seconds, in the extension host; one on the desktop does not.
 */
const likeOnTheDesktop = {
  'remote.autoForwardPorts': false,
  'remote.autoForwardPortsSource': 'output',
};

export interface EditorOptions {
  readonly packages: Packages;
  readonly extensions: readonly string[];
  readonly settings?: Readonly<Record<string, unknown>>;
  /** For the harness. */
  readonly environment?: Readonly<Record<string, string>>;
}

export async function startEditor(options: EditorOptions): Promise<Editor> {
  const { packages, extensions, settings = {}, environment = {} } = options;
  const { host } = packages;
  const folders = createRunFolders();
  const windows = path.join(folders.data, 'windows');
  mkdirSync(windows);
  for (const vsix of extensions) installVsix({ host, data: folders.data, vsix });
  const server = await startVscodeServer({
    host,
    folders,
    settings: { ...likeOnTheDesktop, ...settings },
    environment: { BENCH_WINDOWS: windows, ...environment },
  });
  const seen = new Set<string>();

  async function open(context: BrowserContext): Promise<EditorWindow> {
    const workbench = await openWorkbench(await context.newPage(), server.workbench());
    const file = await eventually('the harness answers', () =>
      readdirSync(windows).find((name) => !seen.has(name)),
    );
    seen.add(file);
    const { port } = await eventually(
      'the harness says where',
      () => JSON.parse(readFileSync(path.join(windows, file), 'utf8')) as { port: number },
    );
    const pid = Number.parseInt(file, 10);
    return {
      workbench,
      ask: async <T>(question: string) => {
        const response = await fetch(`http://127.0.0.1:${port}${question}`);
        if (!response.ok) throw new Error(`${question}: ${await response.text()}`);
        return (await response.json()) as T;
      },
      async close() {
        await workbench.page.close();
        await endOf(pid);
      },
    };
  }

  return {
    async newPerson(browser) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
      // SecretStorage outlives a window only where the web server holds half of its key.
      const body = randomBytes(32);
      await context.route('**/mint-key', (route) => route.fulfill({ status: 200, body }));
      return { context, open: () => open(context) };
    },
    async close() {
      await server.stop();
      folders.remove();
    },
  };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The host outlives its page for hours, in case the page comes back. */
async function endOf(pid: number): Promise<void> {
  if (isRunning(pid)) process.kill(pid);
  await eventually('the extension host has ended', () => !isRunning(pid));
}
