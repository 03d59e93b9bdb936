// code-server as a person uses it, for the demo and the e2e ring: VS Code in the browser, on loopback,
// behind a password of this run, because whoever reaches it can run commands as this person.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const folderArguments = (data) => [
  ...['--config', path.join(data, 'config.yaml')],
  ...['--user-data-dir', path.join(data, 'user')],
  ...['--extensions-dir', path.join(data, 'extensions')],
];

/** Nothing of the run lands in the person's home. */
const isolated = (data) => ({
  ...process.env,
  HOME: data,
  XDG_CONFIG_HOME: data,
  XDG_DATA_HOME: data,
});

/** Installs a VSIX the way a person does on the command line. */
export function installVsix({ host, data, vsix }) {
  const { status, stdout, stderr } = spawnSync(
    host.node,
    [host.codeServer, ...folderArguments(data), '--install-extension', vsix],
    { env: isolated(data), encoding: 'utf8', timeout: 60_000 },
  );
  if (status !== 0) throw new Error(`VS Code refused the VSIX: ${stdout}${stderr}`);
}

function listeningUrl(child, log) {
  return new Promise((resolve, reject) => {
    let seen = '';
    let url;
    const timer = setTimeout(() => {
      reject(new Error(`code-server did not start within 60 s\n${seen}`));
    }, 60_000);
    const read = (chunk) => {
      log.write(chunk);
      if (url !== undefined) return;
      seen += chunk.toString();
      url = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(seen)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`code-server ended with ${String(code)}\n${seen}`));
    });
  });
}

/** Starts code-server on a free loopback port; `processes` stops it. Answers {url, password, child}. */
export async function startCodeServer({
  host,
  data,
  settings,
  processes,
  environment = {},
  logLevel = 'info',
}) {
  mkdirSync(path.join(data, 'user', 'User'), { recursive: true });
  writeFileSync(
    path.join(data, 'user', 'User', 'settings.json'),
    JSON.stringify(settings, null, 2),
  );
  const password = randomBytes(16).toString('hex');
  const child = processes.start(
    host.node,
    [
      ...[host.codeServer, ...folderArguments(data)],
      ...['--bind-addr', '127.0.0.1:0', '--auth', 'password'],
      ...['--disable-telemetry', '--disable-update-check', '--disable-workspace-trust'],
      ...['--disable-getting-started-override', '--log', logLevel],
    ],
    {
      env: { ...isolated(data), ...environment, PASSWORD: password },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const log = createWriteStream(path.join(data, 'server.log'));
  return { url: await listeningUrl(child, log), password, child };
}

/** Offline and quiet, otherwise as a person finds it. */
export const quietSettings = {
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'workbench.enableExperiments': false,
  'workbench.startupEditor': 'none',
};
