import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The two temporary folders of one VS Code: its own data and the folder it opens. */
export interface RunFolders {
  readonly data: string;
  readonly workspace: string;
  remove(): void;
}

export function createRunFolders(): RunFolders {
  const data = mkdtempSync(path.join(tmpdir(), 'enterprise-mcp-data-'));
  const workspace = mkdtempSync(path.join(tmpdir(), 'enterprise-mcp-folder-'));
  mkdirSync(path.join(data, 'user', 'User'), { recursive: true });
  return {
    data,
    workspace,
    remove() {
      for (const folder of [data, workspace]) {
        rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
      }
    },
  };
}
