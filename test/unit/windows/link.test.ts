import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readlink, rename, symlink, writeFile } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { ConnectError } from '../../../src/core/errors.ts';
import type { WindowLink } from '../../../src/core/windows/link.ts';
import { SocketLink } from '../../../src/node/windowLink.ts';
import { linkName } from '../../../src/node/windowLinkFolder.ts';
import { pipeSeat } from '../../../src/node/windowLinkSeat.ts';
import { eventually } from '../../support/eventually.ts';
import { makeWindowFolders, silentLog, type WindowFolders } from '../../support/windowFolders.ts';

const uid = process.getuid!();

describe('the link between windows', () => {
  const world = {} as { folders: WindowFolders };
  const folder = () =>
    join(world.folders.runtimeFolder, `emcp-${uid}-${linkName(world.folders.storageFolder)}`);

  beforeEach(async () => {
    world.folders = await makeWindowFolders();
  });
  afterEach(() => world.folders.remove());

  const open = async (count: number): Promise<WindowLink[]> => {
    const links = await Promise.all(Array.from({ length: count }, () => world.folders.open()));
    await Promise.all(links.map((link) => link.settled()));
    return links;
  };
  const roles = (links: readonly WindowLink[]) => links.map(({ role }) => role).sort();
  const leaderOf = (links: readonly WindowLink[]) => links.find(({ role }) => role === 'leader')!;
  const settledRoles = (links: readonly WindowLink[], wanted: readonly string[]) =>
    eventually(`roles ${wanted.join()}`, () => roles(links).join() === wanted.join(), {
      withinMs: 5_000,
      everyMs: 5,
    });

  it('has one leader among windows that open at once', async () => {
    for (let round = 0; round < 5; round++) {
      const links = await open(6);
      await settledRoles(links, [...Array<string>(5).fill('follower'), 'leader']);
      for (const link of links) link.dispose();
    }
  });

  it('carries questions to the leader, and its refusals back as code and facts', async () => {
    const links = await open(3);
    for (const link of links) {
      link.handle((method, params) =>
        method === 'echo'
          ? Promise.resolve({ by: links.indexOf(link), params })
          : Promise.reject(new ConnectError('exchange.denied', { host: 'idp.example' })),
      );
    }
    const leader = links.indexOf(leaderOf(links));
    for (const link of links) {
      assert.deepEqual(await link.request('echo', { a: [1, 'ü'] }), {
        by: leader,
        params: { a: [1, 'ü'] },
      });
      await assert.rejects(link.request('deny', {}), (error: unknown) => {
        assert.ok(ConnectError.is(error, 'exchange.denied'));
        assert.deepEqual(error.facts, { host: 'idp.example' });
        return true;
      });
    }
  });

  it('cancels at the leader what the asker gives up', async () => {
    const links = await open(2);
    const leader = leaderOf(links);
    const seen = {} as { signal?: AbortSignal };
    leader.handle((_method, _params, signal) => {
      seen.signal = signal;
      return new Promise(() => undefined);
    });
    const follower = links.find((link) => link !== leader)!;
    const controller = new AbortController();
    const asked = follower.request('wait', {}, controller.signal);
    await eventually('asked', () => seen.signal, { everyMs: 5 });
    controller.abort();
    await assert.rejects(asked);
    await eventually('cancelled', () => seen.signal?.aborted, { everyMs: 5 });
  });

  it('tells all other windows, whoever tells, and never the one that told', async () => {
    const links = await open(4);
    const heard = links.map((link) => {
      const own: unknown[] = [];
      link.onMessage((message) => own.push(message));
      return own;
    });
    for (const [index, link] of links.entries()) link.broadcast({ from: index });
    await eventually('all heard', () => heard.every(({ length }) => length === 3), { everyMs: 5 });
    for (const [index, own] of heard.entries()) {
      const from = (own as { from: number }[]).map((one) => one.from).sort();
      assert.deepEqual(
        from,
        [0, 1, 2, 3].filter((one) => one !== index),
      );
    }
  });

  it('passes leadership on when the leading window closes, and fails what was asked meanwhile', async () => {
    const links = await open(4);
    const leader = leaderOf(links);
    leader.handle(() => new Promise(() => undefined));
    const rest = links.filter((link) => link !== leader);
    const asked = rest[0]!.request('wait', {}).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const startMs = performance.now();
    leader.dispose();
    assert.ok(ConnectError.is(await asked, 'gateway.closed'));
    assert.notEqual(rest[0]!.role, 'follower', 'a follower of nobody');
    await settledRoles(rest, ['follower', 'follower', 'leader']);
    assert.ok(performance.now() - startMs < 2_000);
  });

  it('goes round what killed windows left behind', async () => {
    const [first] = await open(1);
    first!.dispose();
    await eventually('gone', async () => (await readdir(folder())).length === 0, { everyMs: 5 });
    await symlink('w0123456789abcdef', join(folder(), 'leader'));
    const links = await open(3);
    await settledRoles(links, ['follower', 'follower', 'leader']);
    assert.match(await readlink(join(folder(), 'leader')), /^w[0-9a-f]{16}$/);
    assert.notEqual(await readlink(join(folder(), 'leader')), 'w0123456789abcdef');
  });

  it('steps down when another window has the seat', async () => {
    const [first] = await open(1);
    await rename(join(folder(), 'leader'), join(folder(), 'aside'));
    const others = [await world.folders.open()];
    await Promise.all(others.map((link) => link.settled()));
    await settledRoles([first!, ...others], ['follower', 'leader']);
  });

  for (const [what, squat] of Object.entries({
    'a folder that others may enter': async (path: string) => {
      await mkdir(path);
      await chmod(path, 0o777);
    },
    'a link in the place of the folder': async (path: string) => {
      await mkdir(`${path}-elsewhere`, { mode: 0o700 });
      await symlink(`${path}-elsewhere`, path);
    },
    'a file in the place of the folder': (path: string) => writeFile(path, ''),
  })) {
    it(`is alone where there is ${what}`, async () => {
      await squat(folder());
      const [link] = await open(1);
      assert.equal(link!.role, 'alone');
      await assert.rejects(link!.request('echo', {}), (error: unknown) =>
        ConnectError.is(error, 'gateway.closed'),
      );
    });
  }

  for (const [what, spoil] of Object.entries({
    'that others may read': (path: string) => writeFile(path, Buffer.alloc(32), { mode: 0o644 }),
    'that is cut short': (path: string) => writeFile(path, Buffer.alloc(31), { mode: 0o600 }),
    'that is a link': async (path: string) => {
      await writeFile(`${path}-elsewhere`, Buffer.alloc(32), { mode: 0o600 });
      await symlink(`${path}-elsewhere`, path);
    },
  })) {
    it(`is alone with a key ${what}`, async () => {
      await mkdir(world.folders.storageFolder);
      await spoil(join(world.folders.storageFolder, 'windows.key'));
      const [link] = await open(1);
      assert.equal(link!.role, 'alone');
    });
  }

  it('never meets windows of another storage folder', async () => {
    const [one] = await open(1);
    const storageFolder = join(world.folders.runtimeFolder, 'other');
    const other = await world.folders.open({ storageFolder });
    await other.settled();
    assert.deepEqual([one!.role, other.role], ['leader', 'leader']);
  });

  describe('and a stranger', () => {
    const talk = async (bytes: Buffer | string): Promise<string> => {
      const socket = createConnection(join(folder(), 'leader'));
      const answered: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => answered.push(chunk));
      socket.on('error', () => undefined);
      socket.write(bytes);
      await new Promise((resolve) => socket.once('close', resolve));
      return Buffer.concat(answered).toString();
    };
    const hello = (change: object) =>
      JSON.stringify({
        ...{ kind: 'hello', wire: 1, version: 'x', nonce: '0'.repeat(64) },
        ...change,
      }) + '\n';

    for (const [what, bytes] of Object.entries({
      'that sends garbage': 'GET / HTTP/1.1\r\n\r\n',
      'that sends no text': Buffer.alloc(100, 255).fill(10, 50, 51),
      'that sends more than a greeting can be': `{"a":"${'x'.repeat(8_000)}`,
      'of another wire version': hello({ wire: 2 }),
      'that asks before it is known': '{"kind":"ask","id":1,"method":"mint","params":{}}\n',
      'that says nothing': '',
    })) {
      it(`${what} is cut off and hears nothing`, async () => {
        const [link] = await open(1);
        link!.handle(() => Promise.reject(new Error('asked')));
        assert.equal(await talk(bytes), '');
        assert.equal(link!.others, 0);
      });
    }

    it('with another key hears a proof, gives a wrong one, and is cut off', async () => {
      const [link] = await open(1);
      const answer = await talk(
        hello({}) + JSON.stringify({ kind: 'proof', proof: '0'.repeat(64) }) + '\n',
      );
      assert.equal(answer.trim().split('\n').length, 1);
      assert.equal((JSON.parse(answer) as { kind: string }).kind, 'welcome');
      assert.equal(link!.others, 0);
    });

    it('that plays the proof of the leader back to it is cut off', async () => {
      const [link] = await open(1);
      const socket: Socket = createConnection(join(folder(), 'leader'));
      socket.on('error', () => undefined);
      socket.write(hello({}));
      const welcome = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
      const { proof } = JSON.parse(welcome.toString()) as { proof: string };
      socket.write(JSON.stringify({ kind: 'proof', proof }) + '\n');
      await new Promise((resolve) => socket.once('close', resolve));
      assert.equal(link!.others, 0);
    });

    it('in the place of the leader is told nothing: the window stays alone', async () => {
      const [made] = await open(1);
      made!.dispose();
      await eventually('gone', async () => (await readdir(folder())).length === 0, { everyMs: 5 });
      const told: string[] = [];
      const impostor: Server = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.on('data', (chunk: Buffer) => {
          told.push(chunk.toString());
          const proof = '1'.repeat(64);
          socket.write(hello({ kind: 'welcome', proof }));
        });
      });
      await new Promise<void>((resolve) => {
        impostor.listen(join(folder(), 'leader'), resolve);
      });
      try {
        const [link] = await open(1);
        assert.equal(link!.role, 'alone');
        assert.ok(told.length > 0);
        for (const one of told) assert.equal((JSON.parse(one) as { kind: string }).kind, 'hello');
      } finally {
        await new Promise((resolve) => impostor.close(resolve));
      }
    });
  });

  it('refuses to send more than a frame holds, and the link goes on', async () => {
    const links = await open(2);
    leaderOf(links).handle((method) =>
      Promise.resolve(method === 'big' ? 'x'.repeat(2 * 1024 * 1024) : 'ok'),
    );
    const follower = links.find(({ role }) => role === 'follower')!;
    await assert.rejects(follower.request('big', {}), (error: unknown) =>
      ConnectError.is(error, 'gateway.messageTooLarge'),
    );
    await assert.rejects(follower.request('any', 'x'.repeat(2 * 1024 * 1024)), (error: unknown) =>
      ConnectError.is(error, 'gateway.messageTooLarge'),
    );
    assert.equal(await follower.request('any', {}), 'ok');
  });

  it('on Windows is led by whoever listens at the pipe', async () => {
    // The abstract name space is as a pipe: gone with its process, and taken is taken.
    const path = `\0enterprise-mcp-test-${process.pid}`;
    const means = { key: Buffer.alloc(32, 7), seat: pipeSeat(path) };
    const links = [1, 2, 3].map(() => new SocketLink(means, { version: '0', log: silentLog }));
    try {
      await settledRoles(links, ['follower', 'follower', 'leader']);
      const leader = leaderOf(links);
      leader.dispose();
      await settledRoles(
        links.filter((link) => link !== leader),
        ['follower', 'leader'],
      );
    } finally {
      for (const link of links) link.dispose();
    }
  });
});
