// A computer in a temporary folder, with the files other programs would have there.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Computer } from '../../../src/node/shadowFolders.ts';

/** Stands for every secret value in every file; must be found nowhere else. */
export const canary = 'ghp_canary7Q9xZ2mK4vB8nL1pR5tW3yH6';

export const tickets = { id: 'tickets', label: 'Tickets', url: 'https://mcp.acme.example/tickets' };
export const wiki = { id: 'wiki', label: 'Wiki', url: 'https://wiki.acme.example/mcp' };

export function temporaryComputer(platform: NodeJS.Platform = 'linux') {
  const root = mkdtempSync(join(tmpdir(), 'shadow-'));
  const home = join(root, 'home');
  const workspace = join(root, 'project');
  const user = {
    linux: join(home, '.config', 'Code', 'User'),
    darwin: join(home, 'Library', 'Application Support', 'Code', 'User'),
    win32: join(home, 'AppData', 'Roaming', 'Code', 'User'),
  }[platform as 'linux'];
  const computer: Computer = {
    home,
    platform,
    environment: {},
    globalStorage: join(user, 'globalStorage', 'enterprise-mcp.enterprise-mcp'),
    workspaceFolders: [workspace],
    workspaceFile: join(root, 'acme.code-workspace'),
  };
  const write = (path: string, content: string | Uint8Array) => {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  };
  const dispose = () => {
    rmSync(root, { recursive: true, force: true });
  };
  return { root, home, workspace, user, computer, write, dispose };
}
