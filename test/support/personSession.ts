// A person with the packed extension in an ordinary VS Code: no test driver. One more extension is there,
// which notes the secrets of the run (recorder/).
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { installVsix, quietSettings, startCodeServer } from '../../scripts/codeServer.mjs';
import { createProcesses, stopWithThisProcess } from '../../scripts/processes.mjs';
import { launchBrowser } from './browser.ts';
import { createRunFolders, type RunFolders } from './runFolders.ts';
import type { Setup } from './setup.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

export interface PersonSession {
  readonly folders: RunFolders;
  readonly context: BrowserContext;
  readonly workbench: Workbench;
  /** Everything the window wrote to its console. */
  readonly console: readonly string[];
  /** File the secrets are noted in, outside of every folder that is searched for them. */
  readonly secretsFile: string;
  /** Another window of VS Code, at a folder of its own. */
  openWindow(folder: string): Promise<Workbench>;
  /** Dialogs VS Code has shown so far, by their text. */
  dialogs(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Notes every dialog, also one that is gone before anybody looks. */
const watchDialogs = `
  window.seenDialogs = [];
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes) {
        const dialog = node instanceof Element && (node.matches('.monaco-dialog-box') ? node : node.querySelector('.monaco-dialog-box'));
        if (dialog) window.seenDialogs.push(dialog.textContent);
      }
  }).observe(document, { childList: true, subtree: true });
`;

async function signInToCodeServer(page: Page, url: string, password: string): Promise<void> {
  await page.goto(`${url}/login`);
  await page.locator('input[name=password]').fill(password);
  await page.locator('input[type=submit]').click();
  await page.waitForURL((to) => to.pathname !== '/login');
}

function packRecorder(root: string, file: string): string {
  execFileSync(
    process.execPath,
    [
      path.join(root, 'node_modules/@vscode/vsce/vsce'),
      ...['package', '--no-dependencies', '--allow-missing-repository', '--skip-license'],
      ...['--allow-star-activation', '--out', file],
    ],
    { cwd: path.join(root, 'test/support/recorder'), stdio: 'pipe' },
  );
  return file;
}

export async function startPersonSession(
  setup: Setup,
  settings: Readonly<Record<string, unknown>>,
): Promise<PersonSession> {
  const folders = createRunFolders();
  const secretsFile = `${folders.data}.secrets`;
  const processes = createProcesses();
  const stopWatching = stopWithThisProcess(processes);
  const host = setup.hosts.newest;
  const recorder = packRecorder(setup.root, `${folders.data}.vsix`);
  for (const vsix of [recorder, setup.vsix]) installVsix({ host, data: folders.data, vsix });
  rmSync(recorder);
  const { url, password, child } = await startCodeServer({
    host,
    data: folders.data,
    settings: {
      ...quietSettings,
      'security.workspace.trust.enabled': false,
      'workbench.secondarySideBar.defaultVisibility': 'hidden',
      ...settings,
    },
    processes,
    environment: { TEST_SECRETS: secretsFile },
    logLevel: 'trace',
  });
  const browser = await launchBrowser(setup.chromium);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url });
  const page = await context.newPage();
  const lines: string[] = [];
  page.on('console', (message) => lines.push(message.text()));
  await signInToCodeServer(page, url, password);
  await page.addInitScript(watchDialogs);
  const openAt = (window: Page, name: string) => {
    const project = path.join(folders.workspace, name);
    mkdirSync(project, { recursive: true });
    return openWorkbench(window, `${url}/?folder=${encodeURIComponent(project)}`);
  };
  const workbench = await openAt(page, 'acme-project');
  return {
    folders,
    context,
    workbench,
    console: lines,
    secretsFile,
    openWindow: async (folder) => openAt(await context.newPage(), folder),
    dialogs: () => page.evaluate<string[]>('window.seenDialogs'),
    async close() {
      await browser.close();
      await processes.stop(child);
      stopWatching();
    },
  };
}
