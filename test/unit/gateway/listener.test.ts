// Where the gateway listens, and who may reach it there (T3, T4).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ConnectError } from '../../../src/core/errors.ts';
import {
  socketFolders,
  startListening,
  type ListenOptions,
} from '../../../src/gateway/listener.ts';
import { createRig, lastMessage, server } from './rig.ts';

describe('where the gateway listens', () => {
  let folder: string;
  let reasons: ConnectError[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gateway-test-'));
    reasons = [];
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const listen = async (options: Partial<ListenOptions>) => {
    const http = createServer();
    const listening = await startListening(http, {
      transport: 'socket',
      platform: process.platform,
      folders: [folder],
      onFallback: (error) => reasons.push(error),
      ...options,
    });
    return { ...listening, http };
  };

  it('is a 0600 socket in a fresh 0700 folder of a short plain path, both gone at the end', async () => {
    // Whatever the umask of the host is.
    const umask = process.umask(0);
    try {
      const { address, cleanUp, http } = await listen({});
      assert.ok(address.kind === 'socket');
      assert.match(address.path, /^\/[A-Za-z0-9._/-]{1,99}$/);
      assert.equal(dirname(dirname(address.path)), folder);
      const socket = lstatSync(address.path);
      assert.ok(socket.isSocket());
      assert.equal(socket.mode & 0o777, 0o600);
      assert.equal(socket.uid, process.getuid!());
      assert.equal(lstatSync(dirname(address.path)).mode & 0o777, 0o700);
      http.close();
      await cleanUp();
      assert.deepEqual(readdirSync(folder), []);
    } finally {
      process.umask(umask);
    }
  });

  it('cannot be reached by another user', async function () {
    if (process.getuid?.() !== 0) this.skip();
    chmodSync(folder, 0o755);
    const { address, cleanUp, http } = await listen({});
    assert.ok(address.kind === 'socket');
    const script = `require('net').connect(process.argv[1]).on('error', e => console.log(e.code)).on('connect', () => { console.log('connected'); process.exit() })`;
    const said = (uid: number) =>
      String(
        execFileSync(process.execPath, ['-e', script, address.path], { uid, gid: uid, cwd: '/' }),
      ).trim();
    assert.equal(said(65_534), 'EACCES');
    assert.equal(said(0), 'connected');
    http.close();
    http.closeAllConnections();
    await cleanUp();
  });

  it('tries the next folder, then a port of 127.0.0.1, and says why', async () => {
    const long = join(folder, 'x'.repeat(90));
    mkdirSync(long);
    const odd = join(folder, 'a%20b');
    mkdirSync(odd);
    const missing = join(folder, 'missing');
    const next = await listen({ folders: [long, odd, missing, folder] });
    assert.equal(next.address.kind, 'socket');
    assert.deepEqual(
      reasons.map(({ code, facts }) => [code, facts.systemCode ?? facts.reason]),
      [
        ['gateway.notListening', 'the path of the folder is unusable'],
        ['gateway.notListening', 'the path of the folder is unusable'],
        ['gateway.notListening', 'ENOENT'],
      ],
    );
    next.http.close();
    await next.cleanUp();
    const port = await listen({ folders: [missing] });
    assert.ok(port.address.kind === 'tcp' && port.address.port > 0);
    assert.equal((port.http.address() as { address: string }).address, '127.0.0.1');
    port.http.close();
    assert.deepEqual(readdirSync(long), []);
  });

  it('is a port of 127.0.0.1 when asked', async () => {
    const { address, http } = await listen({ transport: 'tcp' });
    assert.equal(address.kind, 'tcp');
    assert.deepEqual(reasons, []);
    assert.deepEqual(readdirSync(folder), []);
    http.close();
  });

  it('is a pipe of an unguessable name on Windows', async () => {
    const before = process.cwd();
    // Elsewhere that name is an ordinary file name.
    process.chdir(folder);
    try {
      const { address, http } = await listen({ platform: 'win32' });
      assert.ok(address.kind === 'pipe');
      assert.match(address.path, /^\\\\\.\\pipe\\enterprise-mcp-[0-9a-f]{32}$/);
      http.close();
    } finally {
      process.chdir(before);
    }
  });

  it('prefers the folder of the running session', () => {
    assert.deepEqual(socketFolders({ XDG_RUNTIME_DIR: '/run/user/7' }), ['/run/user/7', tmpdir()]);
    assert.deepEqual(socketFolders({}), [tmpdir()]);
  });

  it('listens at no port with a socket, and leaves nothing behind', async () => {
    const rig = await createRig(server());
    const { address } = rig;
    assert.ok(address.kind === 'socket');
    const answer = await lastMessage(rig.post({ id: 1, method: 'ping' }));
    await rig.dispose();
    assert.deepEqual([answer.id, answer.result], [1, {}]);
    assert.ok(!existsSync(dirname(address.path)));
    assert.equal(rig.gateway.address, undefined);
  });
});
