// Which entries lead to a server of the company, and how each gets in.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readClientFile } from '../../../src/core/shadow/clientFileReading.ts';
import { looksSecret, namesSecret } from '../../../src/core/shadow/secretShape.ts';
import { findShadows, type FileEntry } from '../../../src/core/shadow/shadows.ts';
import { canary, tickets, wiki } from './shadowRig.ts';

const json = { format: 'json', servers: [['mcpServers']] } as const;
const entriesOf = (servers: unknown): readonly FileEntry[] =>
  readClientFile(JSON.stringify({ mcpServers: servers }), json).servers.map((server) => ({
    ...server,
    client: 'Cursor',
    file: '/home/me/.cursor/mcp.json',
    format: 'json',
    managed: false,
    digest: '',
  }));
const kindsOf = (entry: unknown) =>
  findShadows(entriesOf({ t: entry }), [tickets, wiki]).map(({ kind, servers }) => [
    kind,
    ...servers.map(({ id }) => id),
  ]);
const authenticationOf = (entry: unknown) => entriesOf({ t: entry })[0]?.authentication;

describe('shadows', () => {
  for (const url of [
    'https://mcp.acme.example/tickets',
    'https://mcp.acme.example:443/tickets/',
    'http://mcp.acme.example/tickets',
    'http://mcp.acme.example:80/tickets',
    'HTTPS://MCP.ACME.Example./tickets//?x=1#y',
    'https://mcp.acme.example/./tickets',
  ]) {
    it(`are at the same server: ${url}`, () => {
      assert.deepEqual(kindsOf({ url }), [['sameServer', 'tickets']]);
    });
  }

  for (const [url, expected] of [
    ['https://mcp.acme.example/other', [['sameHost', 'tickets']]],
    ['https://mcp.acme.example:8443/tickets', []],
    ['https://mcp.acme.example.evil.example/tickets', []],
    ['https://evil.example/https://mcp.acme.example/tickets', []],
    ['ftp://mcp.acme.example/tickets', []],
    ['${input:url}', []],
  ] as const) {
    it(`tell ${url} from it`, () => {
      assert.deepEqual(kindsOf({ url }), expected);
    });
  }

  it('hide in commands, their arguments and their variables', () => {
    for (const entry of [
      { command: 'npx', args: ['-y', 'mcp-remote@latest', wiki.url] },
      { command: 'npx', args: ['supergateway', `--streamableHttp=${wiki.url}`] },
      { command: `npx mcp-remote ${wiki.url}` },
      { command: ['npx', 'mcp-remote', wiki.url] },
      { command: 'docker', args: ['run', 'bridge'], env: { MCP_SERVER_URL: wiki.url } },
    ]) {
      assert.deepEqual(kindsOf(entry), [['sameServer', 'wiki']], JSON.stringify(entry));
      assert.equal(entriesOf({ t: entry })[0]?.viaCommand, true);
    }
  });

  it('come before those that only share a host', () => {
    const entries = entriesOf({
      a: { url: 'https://wiki.acme.example/x' },
      b: { url: tickets.url },
    });
    assert.deepEqual(
      findShadows(entries, [tickets, wiki]).map(({ kind }) => kind),
      ['sameServer', 'sameHost'],
    );
  });

  it('are told apart by how they get in', () => {
    const { url } = tickets;
    const key = (where: string, name: string | undefined) => ({ kind: 'staticKey', where, name });
    const expected: readonly (readonly [unknown, object])[] = [
      [{ url }, { kind: 'ownOAuth' }],
      [{ url, headers: {} }, { kind: 'ownOAuth' }],
      [{ url, headers: { 'X-Team': 'blue' } }, { kind: 'ownOAuth' }],
      [{ url, oauth: { clientId: 'x' } }, { kind: 'ownOAuth' }],
      [{ url, oauth: false }, { kind: 'unknown' }],
      [{ url, oauth: { enterpriseManaged: true } }, { kind: 'enterpriseManaged' }],
      [{ url, headers: { Authorization: 'Bearer ${input:t}' } }, key('header', 'Authorization')],
      [{ url, headers: { 'X-Odd': canary } }, key('header', 'X-Odd')],
      [{ url, apiKey: 'abc' }, key('setting', 'apiKey')],
      [{ url, env_http_headers: { 'X-Api-Key': 'V' } }, key('header', 'X-Api-Key')],
      [{ url, requestOptions: { headers: { Cookie: 'a=b' } } }, key('header', 'Cookie')],
      [{ command: 'b', args: ['-H', 'Authorization:${A}', url] }, key('header', 'Authorization')],
      [{ command: 'b', args: [url, '--oauth2Bearer', 'x1'] }, key('argument', 'oauth2Bearer')],
      [{ command: 'b', args: [url, '--auth-timeout', '60'] }, { kind: 'unknown' }],
      [{ command: 'b', args: [url, canary] }, key('argument', undefined)],
      [{ command: 'b', args: [url], env: { PAT: '' } }, { kind: 'unknown' }],
      [{ command: 'mcp-remote', args: [url] }, { kind: 'ownOAuth' }],
    ];
    for (const [entry, authentication] of expected) {
      assert.deepEqual(authenticationOf(entry), authentication, JSON.stringify(entry));
    }
  });

  it('know a secret by its name or its look', () => {
    for (const name of ['X-API-Key', 'githubToken', 'MY_PASSWORD', 'apikey']) {
      assert.ok(namesSecret(name), name);
    }
    for (const name of ['TOKEN_LIMIT', 'monkey', 'KEY_FILE', ''])
      assert.ok(!namesSecret(name), name);
    for (const value of [canary, 'Bearer abcdefg', 'sk-1234567890', 'a8Kd93jfLq02mXz7PwRt51']) {
      assert.ok(looksSecret(value), value);
    }
    for (const value of [
      'https://mcp.acme.example/a1',
      '123e4567-e89b-42d3-a456-426614174000',
      'the-quick-brown-fox-server',
      'tickets',
    ]) {
      assert.ok(!looksSecret(value), value);
    }
  });

  it('never throw, whatever a file says', () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 6 }),
        fc.constantFrom('json', 'toml', 'text'),
        (text, format) => {
          readClientFile(text, { format, servers: [['*'], ['*', '*'], []] });
          readClientFile(text.slice(0, -1), { format, servers: [['*']] });
        },
      ),
      { numRuns: 300 },
    );
  });
});
