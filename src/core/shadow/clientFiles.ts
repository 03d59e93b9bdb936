// Where MCP clients keep the servers they connect to, and where in the file. Paths as the clients document
// them (November 2026); what differs between systems is in the root, not here.

/** Folders a path starts from; node/shadowFolders.ts says where they are on this computer. */
export type Root =
  | 'home'
  | 'config'
  | 'appData'
  | 'editor'
  | 'workspace'
  | 'workspaceFile'
  | 'claude'
  | 'codex'
  | 'copilot'
  | 'machine';

/** `text`: only the addresses in it are looked for, line by line. */
export type Format = 'json' | 'toml' | 'text';

export interface ClientFile {
  readonly client: string;
  readonly root: Root;
  /** Below the root; `*` stands for any part of one name. */
  readonly path: string;
  readonly format: Format;
  /** Keys that lead to the servers; `*` is any key. */
  readonly servers: readonly (readonly string[])[];
  /** Larger files count as unreadable. */
  readonly maxBytes: number;
  /** Written by an administrator and not by the person. */
  readonly managed: boolean;
}

const mebibyte = 1_048_576;
const mcpServers = ['mcpServers'];
const editorSettings = [['mcp', 'servers'], ['mcp.servers'], ['amp.mcpServers']];

type Row = readonly [
  client: string,
  root: Root,
  path: string,
  servers?: readonly (readonly string[])[],
];

const json = ([client, root, path, servers = [mcpServers]]: Row): ClientFile => {
  const format = 'json';
  return { client, root, path, format, servers, maxBytes: mebibyte, managed: root === 'machine' };
};

const text = ([client, root, path]: Row): ClientFile => ({
  ...json([client, root, path, []]),
  format: 'text',
});

const codex = (row: Row): ClientFile => ({ ...json(row), format: 'toml' });

const editors: readonly Row[] = [
  ['VS Code', 'editor', 'mcp.json', [['servers']]],
  ['VS Code', 'editor', 'profiles/*/mcp.json', [['servers']]],
  ['VS Code', 'editor', 'settings.json', editorSettings],
  ['VS Code', 'editor', 'profiles/*/settings.json', editorSettings],
  ['VS Code', 'workspace', '.vscode/mcp.json', [['servers']]],
  ['VS Code', 'workspace', '.vscode/settings.json', editorSettings],
  [
    'VS Code',
    'workspaceFile',
    '',
    [...editorSettings.map((keys) => ['settings', ...keys]), ['mcp', 'servers']],
  ],
  ['Cline', 'editor', 'globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json'],
  ['Roo Code', 'editor', 'globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json'],
  ['Roo Code', 'workspace', '.roo/mcp.json'],
  ['Kilo Code', 'editor', 'globalStorage/kilocode.kilo-code/settings/mcp_settings.json'],
  ['Cursor', 'home', '.cursor/mcp.json'],
  ['Cursor', 'workspace', '.cursor/mcp.json'],
  ['Windsurf', 'home', '.codeium/windsurf/mcp_config.json'],
  ['Windsurf', 'home', '.codeium/mcp_config.json'],
  ['Kiro', 'home', '.kiro/settings/mcp.json'],
  ['Kiro', 'workspace', '.kiro/settings/mcp.json'],
  ['Zed', 'config', 'zed/settings.json', [['context_servers']]],
  ['Zed', 'appData', 'Zed/settings.json', [['context_servers']]],
  ['Zed', 'workspace', '.zed/settings.json', [['context_servers']]],
  ['Copilot for JetBrains', 'config', 'github-copilot/intellij/mcp.json', [['servers']]],
];

const openCode = [['mcp', 'servers'], ['mcp']];
const continueJson = [mcpServers, ['experimental', 'modelContextProtocolServers']];

const assistants: readonly Row[] = [
  ['Claude Code and Copilot CLI', 'workspace', '.mcp.json'],
  ['Claude Code', 'machine', 'managed-mcp.json'],
  ['Claude Desktop', 'appData', 'Claude/claude_desktop_config.json'],
  ['Copilot CLI', 'copilot', 'mcp-config.json'],
  ['Copilot CLI', 'workspace', '.github/mcp.json'],
  ['Gemini CLI', 'home', '.gemini/settings.json'],
  ['Gemini CLI', 'workspace', '.gemini/settings.json'],
  ['Amp', 'config', 'amp/settings.json', [['amp.mcpServers']]],
  ['opencode', 'config', 'opencode/opencode.json', openCode],
  ['opencode', 'config', 'opencode/opencode.jsonc', openCode],
  ['opencode', 'workspace', 'opencode.json', openCode],
  ['opencode', 'workspace', 'opencode.jsonc', openCode],
  ['opencode', 'workspace', '.opencode/opencode.json', openCode],
  ['opencode', 'workspace', '.opencode/opencode.jsonc', openCode],
  ['Continue', 'home', '.continue/config.json', continueJson],
  ['Continue', 'home', '.continue/mcpServers/*.json'],
  ['Continue', 'workspace', '.continue/mcpServers/*.json'],
];

export const clientFiles: readonly ClientFile[] = [
  ...editors.map(json),
  ...assistants.map(json),
  // It also holds the history of every project, and so grows.
  {
    ...json([
      'Claude Code',
      'claude',
      '.claude.json',
      [mcpServers, ['projects', '*', 'mcpServers']],
    ]),
    maxBytes: 8 * mebibyte,
  },
  codex(['Codex', 'codex', 'config.toml', [['mcp_servers']]]),
  codex(['Codex', 'workspace', '.codex/config.toml', [['mcp_servers']]]),
  text(['Continue', 'home', '.continue/config.yaml']),
  text(['Continue', 'home', '.continue/mcpServers/*.yaml']),
  text(['Continue', 'workspace', '.continue/mcpServers/*.yaml']),
  text(['Goose', 'config', 'goose/config.yaml']),
  text(['Goose', 'appData', 'Block/goose/config/config.yaml']),
];
