import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { startSandbox, type SandboxLine } from '../../support/sandbox.ts';

describe('sandbox: the process', () => {
  const start = (...flags: string[]): ChildProcess =>
    spawn(process.execPath, ['--import', 'tsx', 'src/sandbox/sandbox.ts', ...flags], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  const text = async (stream: NodeJS.ReadableStream | null): Promise<string> => {
    const chunks: string[] = [];
    for await (const chunk of stream!) chunks.push(String(chunk));
    return chunks.join('');
  };

  it('prints one line of JSON, lives on loopback only and ends with its parent', async function () {
    this.timeout(20_000);
    const child = start('--port', '0', '--json');
    const lines: string[] = [];
    const output = createInterface({ input: child.stdout! }).on('line', (line) => lines.push(line));
    await once(output, 'line');
    const line = JSON.parse(lines[0]!) as SandboxLine;
    for (const url of [
      line.identityProvider.issuer,
      line.admin.page,
      ...line.authorizationServers.map(({ issuer }) => issuer),
      ...line.servers.map(({ url }) => url),
    ]) {
      assert.equal(new URL(url).hostname, '127.0.0.1');
    }
    child.stdin!.end();
    const [code] = (await once(child, 'exit')) as [number];
    assert.deepEqual([code, lines.length], [0, 1]);
  });

  it('says what is wrong with a port', async function () {
    this.timeout(20_000);
    const child = start('--port', 'many');
    const [complaint] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    assert.equal(child.exitCode, 2);
    assert.match(complaint, /"many" is not a number/);
  });

  it('opens the company a file describes, or says what is wrong with the file', async function () {
    this.timeout(20_000);
    const sandbox = await startSandbox({
      setup: {
        authorizationServers: [{ id: 'guard', label: 'Guard', issuerPath: '/t1' }],
        servers: [
          { id: 'a', label: 'A', authorizationServer: 'guard', scopes: ['a'], path: '/v2/mcp' },
          { id: 'b', label: 'B', authorizationServer: 'guard', scopes: ['b'] },
        ],
      },
    });
    const { authorizationServers, servers } = sandbox.line;
    await sandbox.stop();
    assert.deepEqual(
      authorizationServers.map(({ id, issuer }) => [id, new URL(issuer).pathname]),
      [['guard', '/t1']],
    );
    assert.deepEqual(
      servers.map(({ id, url }) => [id, new URL(url).pathname]),
      [
        ['a', '/v2/mcp'],
        ['b', '/mcp'],
      ],
    );
    const child = start('--setup', 'package-lock.yaml');
    const [complaint] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    assert.equal(child.exitCode, 2);
    assert.match(complaint, /"package-lock\.yaml": Error: ENOENT/);
  });

  it('tells a person where to go, and stops on request', async function () {
    this.timeout(20_000);
    const child = start('--port', '0');
    const [first] = (await once(child.stdout!, 'data')) as [Buffer];
    assert.match(String(first), /Administration +http:\/\/127\.0\.0\.1:\d+\//);
    assert.match(String(first), /alice, bob, carol \(the password is the user name\)/);
    assert.match(String(first), /"enterpriseMcp\.profile": \{/);
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number];
    assert.equal(code, 0);
  });
});
