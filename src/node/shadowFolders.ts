// Where the folders are that MCP clients keep their files in, on this computer.
import { dirname, join } from 'node:path';
import type { Root } from '../core/shadow/clientFiles.ts';

export interface Computer {
  readonly home: string;
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The extension's global storage; the editor's User folder is above it. */
  readonly globalStorage: string;
  readonly workspaceFolders: readonly string[];
  /** The `.code-workspace` file, where there is one. */
  readonly workspaceFile: string | undefined;
}

export interface Folder {
  readonly path: string;
  /** The editor it belongs to, where that is not this one. */
  readonly editor?: string;
}

const otherEditors = ['Code', 'Code - Insiders', 'VSCodium', 'Cursor', 'Windsurf', 'Kiro'];

/** All places each root may be at; the same place may be there twice. */
export function shadowFolders(computer: Computer): Readonly<Record<Root, readonly Folder[]>> {
  const { home, environment, workspaceFolders, workspaceFile } = computer;
  const besides = (variable: string, usual: string) =>
    [environment[variable], usual].filter((path) => path !== undefined && path !== '');
  const config = besides('XDG_CONFIG_HOME', join(home, '.config'));
  const appData = appDataFolders(computer, config);
  const folders = (paths: readonly (string | undefined)[]): readonly Folder[] =>
    paths.filter((path) => path !== undefined).map((path) => ({ path }));
  return {
    home: folders([home]),
    config: folders(config),
    appData: folders(appData),
    editor: [
      { path: userFolder(computer.globalStorage) },
      ...appData.flatMap((base) =>
        otherEditors.map((editor) => ({ path: join(base, editor, 'User'), editor })),
      ),
    ],
    workspace: folders(workspaceFolders),
    workspaceFile: folders([workspaceFile]),
    claude: folders(besides('CLAUDE_CONFIG_DIR', home)),
    codex: folders(besides('CODEX_HOME', join(home, '.codex'))),
    copilot: folders(besides('COPILOT_HOME', join(home, '.copilot'))),
    machine: folders([machineFolder(computer)]),
  };
}

function appDataFolders(
  { home, platform, environment }: Computer,
  config: readonly (string | undefined)[],
): readonly string[] {
  if (platform === 'darwin') return [join(home, 'Library', 'Application Support')];
  if (platform === 'win32') return [environment['APPDATA'] ?? join(home, 'AppData', 'Roaming')];
  return config.filter((path) => path !== undefined);
}

/** `<User>/globalStorage/<id>`, or the same inside `<User>/profiles/<profile>`. */
function userFolder(globalStorage: string): string {
  const above = dirname(dirname(globalStorage));
  const profiles = dirname(above);
  return profiles.endsWith('profiles') ? dirname(profiles) : above;
}

/** Where Claude Code looks for its administrator's file. */
function machineFolder({ platform, environment }: Computer): string {
  if (platform === 'darwin') return '/Library/Application Support/ClaudeCode';
  if (platform === 'win32')
    return join(environment['ProgramFiles'] ?? 'C:\\Program Files', 'ClaudeCode');
  return '/etc/claude-code';
}
