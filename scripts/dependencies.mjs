// Makes sure node_modules holds what package-lock.json says. Node built-ins only.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { environmentForNpm, npmCommand } from './processes.mjs';

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** What npm noted down at its last installation against what is asked for. */
function holdsWhatIsLocked(root) {
  const noted = path.join(root, 'node_modules/.package-lock.json');
  if (!existsSync(noted)) return false;
  const installed = readJson(noted).packages;
  return Object.entries(readJson(path.join(root, 'package-lock.json')).packages).every(
    ([name, { version, optional, devOptional, peer }]) =>
      name === '' ||
      installed[name]?.version === version ||
      // Packages for other platforms are not there.
      (installed[name] === undefined && (optional || devOptional || peer)),
  );
}

/** Runs `npm ci` when node_modules is missing or was installed for another package-lock.json. */
export async function ensureDependencies({ root, processes }) {
  const lock = readFileSync(path.join(root, 'package-lock.json'));
  const digest = createHash('sha256').update(lock).digest('hex');
  const stamp = path.join(root, 'node_modules/.installed-for');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  if (!holdsWhatIsLocked(root)) {
    console.error('installing dependencies (npm ci)');
    const { command, args, shell } = npmCommand([
      ...['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    ]);
    const { code } = await processes.run(command, args, {
      cwd: root,
      shell,
      env: environmentForNpm(),
      // Standard output belongs to whoever asked: a sandbox prints one line of JSON there.
      stdio: ['ignore', 2, 2],
      timeoutMs: 10 * 60_000,
    });
    if (code !== 0) throw new Error('npm ci did not succeed; see its message above.');
  }
  writeFileSync(stamp, digest);
}
