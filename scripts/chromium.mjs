// Finds a Chromium or Chrome, or installs one.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

function usualPlaces() {
  if (process.platform === 'darwin')
    return [
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ];
  if (process.platform === 'win32')
    return [process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA]
      .filter((folder) => folder !== undefined)
      .map((folder) => path.join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe'));
  const folders = (process.env.PATH ?? '').split(path.delimiter).concat('/usr/bin');
  return folders.flatMap((folder) => names.map((name) => path.join(folder, name)));
}

/** A file of that name may be a stub that only says where to get the real one. */
function runs(file) {
  if (!existsSync(file)) return false;
  if (process.platform === 'win32') return true;
  return spawnSync(file, ['--version'], { stdio: 'ignore', timeout: 30_000 }).status === 0;
}

async function playwrightsOwn() {
  const { chromium } = await import('playwright-core');
  return chromium.executablePath();
}

async function find() {
  const own = process.env.CHROMIUM;
  if (own !== undefined) {
    if (runs(own)) return own;
    throw new Error('CHROMIUM names no browser that starts.');
  }
  return [...usualPlaces(), await playwrightsOwn()].find(runs);
}

async function installFromDebian(processes) {
  if (process.platform !== 'linux' || process.getuid() !== 0 || !existsSync('/usr/bin/apt-get'))
    return;
  console.log("installing Chromium from the distribution's packages");
  const apt = (...args) =>
    processes.run('/usr/bin/apt-get', args, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'inherit'],
      timeoutMs: 5 * 60_000,
    });
  await apt('update', '-qq');
  await apt('install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core');
}

async function installFromPlaywright(root, processes) {
  console.log("installing Playwright's Chromium");
  const cli = path.join(root, 'node_modules/playwright-core/cli.js');
  await processes.run(process.execPath, [cli, 'install', 'chromium'], { timeoutMs: 5 * 60_000 });
}

/** Answers the path of a browser that starts; node_modules must be there. */
export async function ensureChromium({ root, processes }) {
  const found = await find();
  if (found !== undefined) return found;
  await installFromDebian(processes);
  const installed = await find();
  if (installed !== undefined) return installed;
  await installFromPlaywright(root, processes);
  const last = await find();
  if (last !== undefined) return last;
  throw new Error(
    'No Chromium or Chrome starts here and none could be installed: install one, or name it in CHROMIUM.',
  );
}
