// Every client's file, where that client keeps it, written to disk and found again.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { findShadows } from '../../../src/core/shadow/shadows.ts';
import { shadowWords } from '../../../src/core/shadow/shadowWords.ts';
import { readShadowFiles } from '../../../src/node/shadowFiles.ts';
import { canary, temporaryComputer, tickets } from './shadowRig.ts';

const { url } = tickets;
const headers = { Authorization: `Bearer ${canary}` };
const keyed = { url, headers };
const bridge = { command: 'npx', args: ['-y', 'mcp-remote', url] };
const under = (keys: readonly string[], servers: unknown): string =>
  JSON.stringify(
    keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), servers),
    null,
    2,
  );
const mcpServers = (servers: unknown) => under(['mcpServers'], servers);
const headerKey = { kind: 'staticKey', where: 'header', name: 'Authorization' };
const own = { kind: 'ownOAuth' };

/** path, content, client, name, line, authentication */
type Case = readonly [string, string, string, string | undefined, number, object];

const user = 'home/.config/Code/User';
const cases: readonly Case[] = [
  [`${user}/mcp.json`, under(['servers'], { t: keyed }), 'VS Code', 't', 3, headerKey],
  [
    `${user}/profiles/-1a2b/mcp.json`,
    `// by hand\n${under(['servers'], { t: { type: 'http', url, oauth: { clientId: 'c', enterpriseManaged: true } } })}`,
    'VS Code',
    't',
    4,
    { kind: 'enterpriseManaged' },
  ],
  [`${user}/settings.json`, under(['mcp', 'servers'], { t: { url } }), 'VS Code', 't', 4, own],
  [
    `${user}/profiles/-1a2b/settings.json`,
    under(['mcp.servers'], { t: { url } }),
    'VS Code',
    't',
    3,
    own,
  ],
  ['project/.vscode/mcp.json', under(['servers'], { t: { url } }), 'VS Code', 't', 3, own],
  [
    'project/.vscode/settings.json',
    under(['mcp', 'servers'], { t: bridge }),
    'VS Code',
    't',
    4,
    own,
  ],
  [
    'acme.code-workspace',
    under(['settings', 'mcp', 'servers'], { t: { url } }),
    'VS Code',
    't',
    5,
    own,
  ],
  [
    'home/.config/VSCodium/User/mcp.json',
    under(['servers'], { t: { url } }),
    'VSCodium',
    't',
    3,
    own,
  ],
  [
    `${user}/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json`,
    mcpServers({ t: keyed }),
    'Cline',
    't',
    3,
    headerKey,
  ],
  [
    `${user}/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json`,
    mcpServers({ t: keyed }),
    'Roo Code',
    't',
    3,
    headerKey,
  ],
  ['project/.roo/mcp.json', mcpServers({ t: { url } }), 'Roo Code', 't', 3, own],
  [
    `${user}/globalStorage/kilocode.kilo-code/settings/mcp_settings.json`,
    mcpServers({ t: { url } }),
    'Kilo Code',
    't',
    3,
    own,
  ],
  [
    'home/.cursor/mcp.json',
    mcpServers({ a: { command: 'x' }, t: keyed }),
    'Cursor',
    't',
    6,
    headerKey,
  ],
  ['project/.cursor/mcp.json', mcpServers({ t: { url } }), 'Cursor', 't', 3, own],
  [
    'home/.codeium/windsurf/mcp_config.json',
    mcpServers({ t: { serverUrl: url } }),
    'Windsurf',
    't',
    3,
    own,
  ],
  ['home/.kiro/settings/mcp.json', mcpServers({ t: { url } }), 'Kiro', 't', 3, own],
  [
    'home/.config/zed/settings.json',
    under(['context_servers'], { t: keyed }),
    'Zed',
    't',
    3,
    headerKey,
  ],
  [
    'project/.zed/settings.json',
    under(['context_servers'], { t: { command: { path: 'npx', args: ['mcp-remote', url] } } }),
    'Zed',
    't',
    3,
    own,
  ],
  [
    'home/.config/github-copilot/intellij/mcp.json',
    under(['servers'], { t: { url } }),
    'Copilot for JetBrains',
    't',
    3,
    own,
  ],
  [
    'project/.mcp.json',
    mcpServers({ t: { type: 'http', url, headersHelper: './h' } }),
    'Claude Code and Copilot CLI',
    't',
    3,
    { kind: 'unknown' },
  ],
  [
    'home/.claude.json',
    under(['projects', '/work/a', 'mcpServers'], { t: keyed }),
    'Claude Code',
    't',
    5,
    headerKey,
  ],
  [
    'home/.config/Claude/claude_desktop_config.json',
    mcpServers({ t: bridge }),
    'Claude Desktop',
    't',
    3,
    own,
  ],
  ['home/.copilot/mcp-config.json', mcpServers({ t: { url } }), 'Copilot CLI', 't', 3, own],
  ['home/.gemini/settings.json', mcpServers({ t: { httpUrl: url } }), 'Gemini CLI', 't', 3, own],
  ['home/.config/amp/settings.json', under(['amp.mcpServers'], { t: { url } }), 'Amp', 't', 3, own],
  [
    'home/.config/opencode/opencode.jsonc',
    under(['mcp'], { t: { type: 'remote', url, enabled: false } }),
    'opencode',
    't',
    3,
    own,
  ],
  [
    'project/opencode.json',
    under(['mcp', 'servers'], { t: { type: 'local', command: ['npx', 'mcp-remote', url] } }),
    'opencode',
    't',
    4,
    own,
  ],
  [
    'home/.continue/config.json',
    under(['experimental', 'modelContextProtocolServers'], [{ transport: { type: 'sse', url } }]),
    'Continue',
    undefined,
    4,
    own,
  ],
  ['project/.continue/mcpServers/t.json', mcpServers({ t: { url } }), 'Continue', 't', 3, own],
  [
    'home/.continue/config.yaml',
    `name: mine\nmcpServers:\n  # - url: ${url}\n  - name: t\n    url: ${url}\n    apiKey: ${canary}\n`,
    'Continue',
    undefined,
    5,
    { kind: 'unknown' },
  ],
  [
    'home/.config/goose/config.yaml',
    `extensions:\n  t:\n    uri: "${url}"\n`,
    'Goose',
    undefined,
    3,
    { kind: 'unknown' },
  ],
  [
    'home/.codex/config.toml',
    `model = "m"\n\n[mcp_servers."t.1"] # mine\nurl = "${url}"\nbearer_token_env_var = "ACME_TOKEN"\n`,
    'Codex',
    't.1',
    3,
    { kind: 'staticKey', where: 'variable', name: 'ACME_TOKEN' },
  ],
  [
    'project/.codex/config.toml',
    `[mcp_servers.t]\nurl = "${url}"\n[mcp_servers.t.http_headers]\nX-Api-Key = "${canary}"\n`,
    'Codex',
    't',
    1,
    { kind: 'staticKey', where: 'header', name: 'X-Api-Key' },
  ],
];

describe('shadow files', () => {
  let disk: ReturnType<typeof temporaryComputer>;
  beforeEach(() => {
    disk = temporaryComputer();
  });
  afterEach(() => {
    disk.dispose();
  });

  for (const [path, content, client, name, line, authentication] of cases) {
    it(`are found at ${path}`, async () => {
      const file = disk.write(path, content);
      const { entries, unreadable } = await readShadowFiles(disk.computer);
      assert.deepEqual(unreadable, []);
      const shadows = findShadows(entries, [tickets]);
      assert.equal(shadows.length, 1, JSON.stringify(entries));
      const { kind, entry } = shadows[0]!;
      assert.deepEqual(
        [kind, entry.client, entry.file, entry.name, entry.lines.first],
        ['sameServer', client, file, name, line],
      );
      assert.deepEqual(entry.authentication, authentication);
    });
  }

  it('give no secret away, whatever is made of them', async () => {
    for (const [path, content] of cases) disk.write(path, content);
    const more = {
      env: { command: 'x', args: [url], env: { SECRET_KEY: canary } },
      arg: { command: 'x', args: [url, '--api-key', canary] },
      equals: { command: 'x', args: [url, `--token=${canary}`] },
      line: { command: 'x', args: [url, '--header', `X-Key: ${canary}`] },
      odd: { command: 'x', args: [url, '--header', canary] },
      query: { url: `${url}?api_key=${canary}` },
      user: { url: `https://u:${canary}@mcp.acme.example/tickets` },
      path: { url: `https://mcp.acme.example/s/${canary}/mcp` },
      [canary]: { url, headers: { [canary]: canary } },
    };
    disk.write('home/.codeium/mcp_config.json', mcpServers(more));
    const { entries, unreadable } = await readShadowFiles(disk.computer);
    assert.ok(entries.length >= cases.length + 9);
    const shadows = findShadows(entries, [tickets]);
    const output = JSON.stringify({ entries, unreadable, words: shadows.map(shadowWords) });
    assert.ok(!output.includes(canary) && !output.includes(canary.slice(4)));
    const odd = entries.filter(({ file }) => file.endsWith('.codeium/mcp_config.json'));
    assert.deepEqual(
      odd.map(({ authentication: one }) =>
        one.kind === 'staticKey' ? [one.where, one.name] : one,
      ),
      [
        ['variable', 'SECRET_KEY'],
        ['argument', 'api-key'],
        ['argument', 'token'],
        ['header', 'X-Key'],
        ['argument', undefined],
        ['address', 'api_key'],
        ['address', undefined],
        ['address', undefined],
        ['header', undefined],
      ],
    );
  });

  for (const platform of ['darwin', 'win32'] as const) {
    it(`are found where ${platform} has them`, async () => {
      const other = temporaryComputer(platform);
      try {
        const data =
          platform === 'darwin' ? 'home/Library/Application Support' : 'home/AppData/Roaming';
        other.write(`${data}/Code/User/mcp.json`, under(['servers'], { t: { url } }));
        other.write(`${data}/Claude/claude_desktop_config.json`, mcpServers({ t: bridge }));
        const { entries } = await readShadowFiles(other.computer);
        assert.deepEqual(
          entries.map(({ client }) => client),
          ['VS Code', 'Claude Desktop'],
        );
      } finally {
        other.dispose();
      }
    });
  }

  it('are looked for where the environment says, and from within a profile', async () => {
    const at = (folder: string) => join(disk.root, folder);
    disk.write('codex/config.toml', `[mcp_servers.t]\nurl = "${url}"\n`);
    disk.write('claude/.claude.json', mcpServers({ t: { url } }));
    disk.write('profiled/User/mcp.json', under(['servers'], { t: { url } }));
    const { entries } = await readShadowFiles({
      ...disk.computer,
      environment: { CODEX_HOME: at('codex'), CLAUDE_CONFIG_DIR: at('claude') },
      globalStorage: at('profiled/User/profiles/x/globalStorage/id'),
    });
    assert.deepEqual(entries.map(({ client }) => client).sort(), [
      'Claude Code',
      'Codex',
      'VS Code',
    ]);
  });
});

describe('shadow files written by an enemy', () => {
  let disk: ReturnType<typeof temporaryComputer>;
  beforeEach(() => {
    disk = temporaryComputer();
  });
  afterEach(() => {
    disk.dispose();
  });
  const path = 'home/.cursor/mcp.json';
  const refused: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
    ['too deep', `{"mcpServers":${'['.repeat(500_000)}`, /not JSON/],
    ['binary', Uint8Array.of(0x7b, 0, 0xff, 0xfe, 0x7d), /not text/],
    ['not UTF-8', Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d), /not text/],
    ['huge', ' '.repeat(1_048_577), /larger than 1 MiB/],
    ['cut off', '{"mcpServers": {"t"', /not JSON/],
  ];
  for (const [name, content, reason] of refused) {
    it(`is unreadable and not clean when ${name}`, async () => {
      const file = disk.write(path, content);
      const { unreadable } = await readShadowFiles(disk.computer);
      assert.equal(unreadable.length, 1);
      assert.equal(unreadable[0]!.file, file);
      assert.match(unreadable[0]!.reason, reason);
    });
  }

  it('shows what a broken file still says', async () => {
    disk.write(path, `{"mcpServers": {\n"t": {"url": "${url}"}\n"u": {\n"url": "${url}/"\n`);
    const { entries, unreadable } = await readShadowFiles(disk.computer);
    assert.equal(unreadable.length, 1);
    assert.ok(findShadows(entries, [tickets]).length >= 2);
    assert.ok(entries.every(({ span }) => span === undefined));
  });

  it('reports broken TOML, and the addresses in it', async () => {
    disk.write('home/.codex/config.toml', `[mcp_servers.t\nurl = "${url}"\n`);
    const { entries, unreadable } = await readShadowFiles(disk.computer);
    assert.match(unreadable[0]!.reason, /not TOML/);
    assert.equal(findShadows(entries, [tickets]).length, 1);
  });

  it('is read in spite of a byte order mark and of prototype keys', async () => {
    disk.write(
      path,
      `\uFEFF{"mcpServers": {"__proto__": {"url": "${url}"}, "t": {"__proto__": {"url": "${url}"}}}}`,
    );
    const { entries, unreadable } = await readShadowFiles(disk.computer);
    assert.deepEqual(unreadable, []);
    assert.deepEqual(
      entries.map(({ name }) => name),
      ['__proto__'],
    );
    assert.equal(({} as { url?: unknown }).url, undefined);
  });

  it('may be a circle of links, a folder, a pipe or forbidden, and nothing hangs', async () => {
    const cursor = join(disk.home, '.cursor');
    mkdirSync(cursor, { recursive: true });
    symlinkSync(join(cursor, 'mcp.json'), join(cursor, 'mcp.json'));
    mkdirSync(join(disk.home, '.claude.json'));
    mkdirSync(join(disk.home, '.gemini'));
    execFileSync('mkfifo', [join(disk.home, '.gemini', 'settings.json')]);
    const codex = disk.write('home/.codex/config.toml', 'a = 1');
    chmodSync(codex, 0);
    const { unreadable } = await readShadowFiles(disk.computer);
    const reasons = Object.fromEntries(unreadable.map(({ client, reason }) => [client, reason]));
    assert.deepEqual(
      { ...reasons, Codex: '' },
      {
        Cursor: 'its links lead in a circle',
        'Claude Code': 'it is not a regular file',
        'Gemini CLI': 'it is not a regular file',
        Codex: '',
      },
    );
    if (process.getuid?.() !== 0) assert.equal(reasons['Codex'], 'you may not read it');
  });

  it('is followed through a link once, however many names it has', async () => {
    const real = disk.write('dotfiles/mcp.json', mcpServers({ t: { url } }));
    mkdirSync(join(disk.home, '.cursor'), { recursive: true });
    mkdirSync(join(disk.workspace, '.cursor'), { recursive: true });
    symlinkSync(real, join(disk.home, '.cursor', 'mcp.json'));
    symlinkSync(real, join(disk.workspace, '.cursor', 'mcp.json'));
    const { entries } = await readShadowFiles(disk.computer);
    assert.equal(entries.length, 1);
  });
});
