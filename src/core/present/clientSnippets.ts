// What a person pastes into another MCP client so that it uses the gateway. As the clients document their
// files (November 2026).
export interface SnippetServer {
  readonly id: string;
  /** At the gateway. */
  readonly url: string;
}

export interface KnownClient {
  readonly name: string;
  /** Where the text belongs, as the client names it. */
  readonly file: string;
  readonly language: 'json' | 'toml';
  readonly text: (servers: readonly SnippetServer[], key: string) => string;
}

type Entry = (server: SnippetServer, headers: Headers) => object;
interface Headers {
  readonly Authorization: string;
}

const json =
  (keys: readonly string[], entry: Entry): KnownClient['text'] =>
  (servers, key) => {
    const headers = { Authorization: `Bearer ${key}` };
    const entries = Object.fromEntries(servers.map((one) => [one.id, entry(one, headers)]));
    const whole = keys.reduceRight<object>((inner, name) => ({ [name]: inner }), entries);
    return `${JSON.stringify(whole, null, 2)}\n`;
  };

const toml: KnownClient['text'] = (servers, key) =>
  servers
    .map(({ id, url }) =>
      [
        `[mcp_servers.${JSON.stringify(id)}]`,
        `url = ${JSON.stringify(url)}`,
        `http_headers = { Authorization = ${JSON.stringify(`Bearer ${key}`)} }`,
        '',
      ].join('\n'),
    )
    .join('\n');

const typed: Entry = ({ url }, headers) => ({ type: 'http', url, headers });

/** The last one is for any other client. */
export const knownClients: readonly KnownClient[] = [
  {
    name: 'Claude Code',
    file: '~/.claude.json',
    language: 'json',
    text: json(['mcpServers'], typed),
  },
  {
    name: 'Codex CLI',
    file: '~/.codex/config.toml',
    language: 'toml',
    text: toml,
  },
  {
    name: 'Copilot CLI',
    file: '~/.copilot/mcp-config.json',
    language: 'json',
    text: json(['mcpServers'], (server, headers) => ({ ...typed(server, headers), tools: ['*'] })),
  },
  {
    name: 'Gemini CLI',
    file: '~/.gemini/settings.json',
    language: 'json',
    text: json(['mcpServers'], ({ url }, headers) => ({ httpUrl: url, headers })),
  },
  {
    name: 'opencode',
    file: '~/.config/opencode/opencode.json',
    language: 'json',
    text: json(['mcp'], ({ url }, headers) => ({ type: 'remote', url, headers, oauth: false })),
  },
  {
    name: 'Another client',
    file: 'the file where it lists MCP servers',
    language: 'json',
    text: json(['mcpServers'], typed),
  },
];
