import { spawn } from 'node:child_process';

/** The system's way of opening an address, where there is a screen. */
function opener() {
  if (process.platform === 'darwin') return ['open'];
  if (process.platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  const screen = process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY;
  return screen ? ['xdg-open'] : undefined;
}

/** Opens `url` in the person's browser; answers false where there is no screen. */
export function openInBrowser(url) {
  const command = opener();
  if (command === undefined) return false;
  const child = spawn(command[0], [...command.slice(1), url], { stdio: 'ignore', detached: true });
  // The address is printed as well.
  child.once('error', () => undefined);
  child.unref();
  return true;
}
