// Where the gateway listens: T3 (another user, another process), T4 (whoever sits down in its place).
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Emitter } from '../../../src/core/event.ts';
import type { Overview } from '../../../src/core/overview.ts';
import { Gateway, type GatewayDeps } from '../../../src/gateway/gateway.ts';
import { namedPorts, type GatewayAddress } from '../../../src/gateway/listener.ts';
import { startOnDemand } from '../../../src/gateway/onDemand.ts';
import { createOpening } from '../../../src/gateway/opening.ts';
import { systemClock } from '../../../src/node/systemClock.ts';
import { exchange, hostOf, statuses } from './rawRequest.ts';
import { FakeAccess, until } from './rig.ts';
import { firstFree, squatAt, type OtherWindow } from './squatter.ts';

const nobody = 65_534;
const socket = () => 'socket' as const;
const isRoot = process.getuid?.() === 0;
const asRoot = isRoot ? '' : ' (needs root: skipped)';

interface Said {
  readonly message: string;
  readonly facts?: object;
}

describe('the place where the gateway listens', () => {
  let folder: string;
  let said: Said[];
  const open: Gateway[] = [];
  const servers: Server[] = [];
  const children: ChildProcess[] = [];
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'gateway-place-')));
    chmodSync(folder, 0o755);
    said = [];
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
    await Promise.all(open.splice(0).map((gateway) => gateway.dispose()));
    rmSync(folder, { recursive: true, force: true });
  });

  const deps = (more: Partial<GatewayDeps> = {}): GatewayDeps => {
    const note = (message: string, facts?: object) => {
      said.push({ message, ...(facts === undefined ? {} : { facts }) });
    };
    return {
      upstreams: new FakeAccess('http://127.0.0.1:1/mcp').upstreams,
      fetch: () => Promise.reject(new TypeError('nobody is asked')),
      clock: systemClock,
      log: { debug: note, info: note, warn: note, error: note },
      platform: process.platform,
      environment: { XDG_RUNTIME_DIR: folder },
      limits: { lingerMs: 10, refusalMs: 5, watchMs: 20 },
      ...more,
    };
  };
  const listen = async (more: Partial<GatewayDeps> = {}) => {
    const gateway = new Gateway(deps(more));
    open.push(gateway);
    return { gateway, address: await gateway.listen() };
  };
  const pathOf = (address: GatewayAddress | undefined): string => {
    assert.ok(address?.kind === 'socket');
    return address.path;
  };
  const reasons = () => said.map(({ facts }) => (facts as { reason?: string } | undefined)?.reason);
  const squat = async (where: Parameters<typeof squatAt>[0]) => {
    const { server, heard } = await squatAt(where);
    servers.push(server);
    return heard;
  };
  const answers = async (address: GatewayAddress, key: Readonly<Record<string, string>>) => {
    const [line] = Object.entries(key).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `OPTIONS /mcp/tickets HTTP/1.1\r\nHost: ${hostOf(address)}\r\n${line ?? ''}\r\n`;
    return statuses(await exchange(address, head));
  };

  it(`T3 another user: EACCES at the socket, 404 without a body at the port${asRoot}`, async function () {
    if (!isRoot) this.skip();
    const socket = await listen();
    const port = await listen({ transport: 'tcp' });
    assert.ok(port.address.kind === 'tcp');
    const script = `
      const { request } = require('node:http');
      const fs = require('node:fs');
      const ask = (where, host) => new Promise((resolve) => request({ ...where, path: '/mcp/tickets', headers: { host } }, (response) => {
        let text = '';
        response.on('data', (data) => (text += data)).on('end', () => resolve(response.statusCode + text));
      }).on('error', (error) => resolve(error.code)).end());
      const attempt = (act) => { try { act(); return 'done'; } catch (error) { return error.code; } };
      const [path, folder, port] = process.argv.slice(1);
      (async () => console.log(JSON.stringify({
        socket: await ask({ socketPath: path }, 'localhost'),
        port: await ask({ host: '127.0.0.1', port: Number(port) }, '127.0.0.1:' + port),
        look: attempt(() => fs.readdirSync(folder)),
        remove: attempt(() => fs.unlinkSync(path)),
        move: attempt(() => fs.renameSync(folder, folder + '-moved')),
        add: attempt(() => fs.writeFileSync(folder + '/x', '')),
        read: attempt(() => fs.readFileSync('/proc/${process.pid}/environ')),
      })))();`;
    const path = pathOf(socket.address);
    const child = spawn(
      process.execPath,
      ['-e', script, path, dirname(path), String(port.address.port)],
      { uid: nobody, gid: nobody, cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] },
    );
    children.push(child);
    let text = '';
    child.stdout.on('data', (chunk) => (text += String(chunk)));
    await once(child, 'close');
    assert.deepEqual(JSON.parse(text), {
      socket: 'EACCES',
      port: '404',
      look: 'EACCES',
      remove: 'EACCES',
      move: 'EACCES',
      add: 'EACCES',
      read: 'EACCES',
    });
  });

  it('T3 other processes: no port, no environment, command line or file that has the key', async function () {
    if (process.platform !== 'linux') this.skip();
    const ports = () =>
      ['/proc/self/net/tcp', '/proc/self/net/tcp6'].flatMap((file) =>
        readFileSync(file, 'utf8')
          .split('\n')
          .map((line) => line.trim().split(/\s+/))
          .filter(([, , , state]) => state === '0A')
          .map((fields) => `socket:[${fields[9] ?? ''}]`),
      );
    const ours = () => {
      const listening = new Set(ports());
      return readdirSync('/proc/self/fd').filter((fd) => {
        try {
          return listening.has(readlinkSync(`/proc/self/fd/${fd}`));
        } catch {
          return false;
        }
      }).length;
    };
    const before = ours();
    const { gateway, address } = await listen();
    assert.equal(ours(), before);
    const tcp = await listen({ transport: 'tcp' });
    assert.equal(ours(), before + 1);
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => 0, 60000)']);
    children.push(child);
    const places = [process.pid, child.pid!].flatMap((pid) =>
      ['environ', 'cmdline', 'maps'].map((name) => readFileSync(`/proc/${pid}/${name}`, 'latin1')),
    );
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    assert.deepEqual(
      files.sort(),
      [address, tcp.address].flatMap((at) =>
        at.kind === 'socket'
          ? [at.path.split('/').at(-2)!, at.path.split('/').slice(-2).join('/')]
          : [],
      ),
    );
    for (const one of [gateway, tcp.gateway]) {
      const secret = Object.values(one.key())[0]!.replace('Bearer ', '');
      for (const place of [...places, JSON.stringify(said), JSON.stringify(one.address)])
        assert.ok(!place.includes(secret));
    }
  });

  it('T4 a socket file of before, or of somebody else, is never used', async () => {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, 'windowProcess.ts'), 'socket'],
      { env: { ...process.env, XDG_RUNTIME_DIR: folder }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    children.push(child);
    const before = JSON.parse(String((await once(child.stdout, 'data'))[0])) as OtherWindow;
    child.kill('SIGKILL');
    await once(child, 'exit');
    const stale = pathOf(before.address);
    assert.ok(lstatSync(stale).isSocket());
    // Whoever took it over hears nothing of the next window, and learns no key that is still good.
    rmSync(stale);
    const heard = await squat({ path: stale });
    const { gateway, address } = await listen();
    assert.notEqual(dirname(pathOf(address)), dirname(stale));
    assert.deepEqual(await answers(address, gateway.key()), [405]);
    assert.deepEqual(await answers(address, before.key), [404]);
    assert.equal(heard.length, 0);
  });

  it('T4 a squatter at the port before the start, or after a crash, hears nothing', async () => {
    const free = await firstFree();
    const early = await squat({ host: '127.0.0.1', port: free });
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, 'windowProcess.ts'), 'tcp'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    children.push(child);
    const before = JSON.parse(String((await once(child.stdout, 'data'))[0])) as OtherWindow;
    assert.ok(before.address.kind === 'tcp' && before.address.port !== free);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const late = await squat({ host: '127.0.0.1', port: before.address.port });
    const { gateway, address } = await listen({ transport: 'tcp' });
    assert.ok(address.kind === 'tcp');
    assert.ok(![free, before.address.port].includes(address.port));
    assert.notDeepEqual(gateway.key(), before.key);
    assert.deepEqual(await answers(address, before.key), [404]);
    assert.deepEqual(await answers(address, gateway.key()), [405]);
    assert.deepEqual([early.length, late.length], [0, 0]);
  });

  it('T4 the port is the same from run to run, of a few that an allow-list can name; the key is not', async () => {
    const runs = [];
    for (let run = 0; run < 3; run++) {
      const { gateway, address } = await listen({ transport: 'tcp' });
      assert.ok(address.kind === 'tcp');
      runs.push({ port: address.port, key: JSON.stringify(gateway.key()) });
      await gateway.dispose();
    }
    assert.equal(new Set(runs.map(({ key }) => key)).size, 3);
    for (const { port } of runs) assert.ok(namedPorts.includes(port), String(port));
    // Other programs on this computer may take one between two runs.
    assert.ok(new Set(runs.map(({ port }) => port)).size < 3);
    // Nobody is registered there, and no system gives them out by itself.
    assert.ok(namedPorts.every((port) => port > 29_169 && port < 29_999));
  });

  const unsafe: Record<string, (place: string) => void> = {
    'of another user': (place) => {
      chownSync(place, nobody, nobody);
    },
    'below one of another user': (place) => {
      chownSync(dirname(place), nobody, nobody);
    },
    'that others may write to': (place) => {
      chmodSync(place, 0o777);
    },
    'that the group may write to': (place) => {
      chmodSync(place, 0o770);
    },
    'below one that others may write to': (place) => {
      chmodSync(dirname(place), 0o777);
    },
  };
  for (const [name, spoil] of Object.entries(unsafe)) {
    it(`T4 a folder ${name} is not used, and the log says so${asRoot}`, async function () {
      if (!isRoot) this.skip();
      const place = join(folder, 'above', 'run');
      mkdirSync(place, { recursive: true });
      spoil(place);
      const { address } = await listen({ environment: { XDG_RUNTIME_DIR: place } });
      assert.ok(!pathOf(address).startsWith(folder));
      assert.deepEqual(reasons(), ['others may replace the folder']);
      assert.deepEqual(readdirSync(place), []);
    });
  }

  it('T4 a link is followed once: where it leads later does not matter', async () => {
    const [real, evil, link] = ['real', 'evil', 'link'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    mkdirSync(real);
    mkdirSync(evil);
    symlinkSync(real, link);
    const { address } = await listen({ environment: { XDG_RUNTIME_DIR: link } });
    const path = pathOf(address);
    assert.ok(path.startsWith(`${real}/`), path);
    rmSync(link);
    symlinkSync(evil, link);
    assert.ok(existsSync(path));
    assert.deepEqual(readdirSync(evil), []);
  });

  it('T4 a path that is too long, or cannot be written in an address: the next place, named in the log', async () => {
    for (const name of ['x'.repeat(90), 'a b', 'ü']) {
      const place = join(folder, name);
      mkdirSync(place);
      said = [];
      const { address } = await listen({ environment: { XDG_RUNTIME_DIR: place } });
      assert.ok(!pathOf(address).startsWith(folder));
      assert.deepEqual(said, [
        {
          message: 'the gateway could not use a private socket',
          facts: { reason: 'the path of the folder is unusable' },
        },
      ]);
    }
  });

  const losses: Record<string, (path: string) => void> = {
    'swept away': (path) => {
      rmSync(dirname(path), { recursive: true });
    },
    'moved away': (path) => {
      renameSync(dirname(path), `${dirname(path)}-moved`);
      mkdirSync(dirname(path), { mode: 0o700 });
    },
    'another file': (path) => {
      rmSync(path);
      writeFileSync(path, '');
      chmodSync(path, 0o600);
    },
    'opened to others': (path) => {
      chmodSync(path, 0o666);
    },
    'in a folder opened to others': (path) => {
      chmodSync(dirname(path), 0o711);
    },
  };
  for (const [name, lose] of Object.entries(losses)) {
    it(`T4 a socket that is ${name} is lost: withdrawn at once, and another with another key`, async () => {
      const { window, path, key } = await openWindow();
      lose(path);
      await until(() => window.published.length > 1);
      assert.equal(window.published[1], undefined);
      await until(() => window.published.length > 2);
      const next = pathOf(window.published[2]);
      assert.notEqual(dirname(next), dirname(path));
      assert.notDeepEqual(window.gateway.key(), key);
      assert.ok(said.some(({ message }) => message === 'the address of the gateway was lost'));
      await window.gateway.dispose();
      assert.ok(!existsSync(next));
    });
  }

  it('T4 whoever makes a socket of the same name after ours was swept away hears nothing', async () => {
    const { window, path, key } = await openWindow();
    rmSync(dirname(path), { recursive: true });
    mkdirSync(dirname(path), { mode: 0o700 });
    const heard = await squat({ path });
    chmodSync(path, 0o600);
    if (isRoot) chownSync(path, nobody, nobody);
    await until(() => window.published.length > 2);
    const next = window.gateway.address()!;
    assert.notEqual(pathOf(next), path);
    assert.deepEqual(await answers(next, window.gateway.key()), [405]);
    assert.deepEqual(await answers(next, key), [404]);
    assert.equal(heard.length, 0);
    await window.gateway.dispose();
  });

  it('T4 no listener before the first open connection, none after the last, and a new key for the next', async () => {
    const { window, path, key } = await openWindow({ idle: true });
    assert.ok(existsSync(path));
    window.isOpen(false);
    await until(() => !existsSync(dirname(path)));
    assert.equal(window.gateway.address(), undefined);
    assert.deepEqual(window.gateway.key(), {});
    assert.deepEqual(readdirSync(folder), []);
    window.isOpen(true);
    await until(() => window.gateway.address() !== undefined);
    assert.notDeepEqual(window.gateway.key(), key);
    await window.gateway.dispose();
    assert.deepEqual(readdirSync(folder), []);
  });

  it('T4 a connection that closes for a moment keeps its listener', async () => {
    const { window, path, key } = await openWindow({ idle: true });
    window.isOpen(false);
    window.isOpen(true);
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.equal(pathOf(window.gateway.address()), path);
    assert.deepEqual(window.gateway.key(), key);
    await window.gateway.dispose();
  });

  /** A window whose connections open and close, and the addresses it published, one after the other. */
  async function openWindow({ idle = false } = {}) {
    const changes = new Emitter<void>(assert.ifError);
    const state = { kind: 'connecting' };
    const connections = {
      onDidChange: changes.event,
      overview: () => ({ connections: [{ state }] }) as unknown as Overview,
    };
    // Ten seconds of patience after the last connection pass at once.
    const schedule: typeof systemClock.schedule = (ms, task) =>
      systemClock.schedule(idle && ms === 10_000 ? 30 : ms, task);
    const own = { ...deps({ clock: { ...systemClock, schedule } }), transport: socket };
    const gateway = startOnDemand(connections, own.log, (onDidChange) =>
      Promise.resolve(createOpening(connections, own, onDidChange)),
    );
    const published: (GatewayAddress | undefined)[] = [];
    gateway.onDidListen(() => published.push(gateway.address()));
    const isOpen = (now: boolean) => {
      state.kind = now ? 'connected' : 'signedOut';
      changes.fire();
    };
    changes.fire();
    assert.deepEqual([gateway.address(), readdirSync(folder)], [undefined, []]);
    isOpen(true);
    await until(() => published.length === 1);
    const window = { gateway, published, isOpen };
    return { window, path: pathOf(published[0]), key: gateway.key() };
  }
});
