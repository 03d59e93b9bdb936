// npm run demo: a real VS Code with this extension installed, and a company to try it on.
//   --desktop   a desktop VS Code (downloaded from Microsoft) instead of one in the browser
//   --no-open   do not open a browser
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openInBrowser } from './browserOpener.mjs';
import { installVsix, quietSettings, startCodeServer } from './codeServer.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { startFrontDoor } from './frontDoor.mjs';
import { createProcesses, stopWithThisProcess } from './processes.mjs';
import { startSandbox } from './sandboxProcess.mjs';
import { ensureVscodeHost } from './vscodeHost.mjs';
import { packageVsix } from './vsix.mjs';

const root = path.resolve(import.meta.dirname, '..');
const desktop = process.argv.includes('--desktop');
const mayOpen = !process.argv.includes('--no-open');
const processes = createProcesses();
const data = mkdtempSync(path.join(tmpdir(), 'enterprise-mcp-demo-'));
const workspace = path.join(data, 'acme-project');
process.once('exit', () => {
  rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});
stopWithThisProcess(processes);

function settingsFor(company) {
  return {
    ...quietSettings,
    'security.workspace.trust.enabled': false,
    // Everything there is to try.
    'enterpriseMcp.profile': { ...company.profile, harnesses: { otherClients: true } },
    // So that a removal is seen within a minute.
    'enterpriseMcp.checkIntervalMinutes': 1,
  };
}

async function startInBrowser(company, vsix) {
  const host = await ensureVscodeHost({ root, which: 'newest', processes });
  installVsix({ host, data, vsix });
  const settings = settingsFor(company);
  const { url, password } = await startCodeServer({ host, data, settings, processes });
  const door = await startFrontDoor({ url, password, folder: workspace });
  const opened = mayOpen && openInBrowser(door);
  return [
    opened ? 'VS Code has opened in your browser.' : `Open VS Code:  ${door}`,
    ...(opened ? [`If it has not:  ${door}`] : []),
    `(that link works once; later open ${url} with the password ${password})`,
  ];
}

async function startOnDesktop(company, vsix) {
  const { downloadAndUnzipVSCode } = await import('@vscode/test-electron');
  const executable = await downloadAndUnzipVSCode({
    cachePath: path.join(root, '.vscode-host/desktop'),
  }).catch((error) => {
    throw new Error("Microsoft's download of VS Code cannot be reached from here.", {
      cause: error,
    });
  });
  const folders = ['--user-data-dir', path.join(data, 'user')].concat([
    '--extensions-dir',
    path.join(data, 'extensions'),
  ]);
  const { resolveCliPathFromVSCodeExecutablePath } = await import('@vscode/test-electron');
  const cli = resolveCliPathFromVSCodeExecutablePath(executable);
  mkdirSync(path.join(data, 'user/User'), { recursive: true });
  writeFileSync(path.join(data, 'user/User/settings.json'), JSON.stringify(settingsFor(company)));
  const shell = process.platform === 'win32';
  const { status } = spawnSync(cli, [...folders, '--install-extension', vsix], {
    shell,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('VS Code refused the VSIX.');
  processes.start(executable, [...folders, '--new-window', workspace], { stdio: 'ignore' });
  return ['VS Code has opened.'];
}

try {
  await ensureDependencies({ root, processes });
  const vsix = await packageVsix({ root, processes });
  mkdirSync(workspace);
  writeFileSync(path.join(workspace, 'README.md'), '# A project at Acme\n');
  const company = await startSandbox({ root, processes, port: 4400 });
  const start = desktop ? startOnDesktop : startInBrowser;
  const lines = await start(company, vsix);
  const people = company.people.map(({ username }) => username).join(', ');
  console.log(`
${lines.join('\n')}

1. Click "Sign in to Acme" in the status bar, at the bottom left.
2. Sign in as alice; the password is the same as the name (people: ${people}).
3. Open Enterprise MCP in the activity bar: the servers Acme grants alice are connected.
4. Take one away on the company's admin page:  ${company.admin.page}
   Its row says so within a minute, or at once with Check Access Now in the title of the view.
   With Tickets' right to write taken away only, the tools that write are gone.
5. Run "Enterprise MCP: Connect Another Client…" to use the servers from a command-line agent, too.

Ctrl+C stops everything.
`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof Error && error.cause !== undefined) console.error(error.cause);
  processes.stopAll();
  process.exit(1);
}
