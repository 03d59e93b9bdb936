// What a reviewer tried on the gateway of other clients: keys at the wrong moment, and kernels that do not answer.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Gateway } from '../../../src/gateway/gateway.ts';
import { createKeyRing } from '../../../src/gateway/keyRing.ts';
import { createOpening } from '../../../src/gateway/opening.ts';
import { PeerUsers } from '../../../src/gateway/peerUser.ts';
import { hashOf } from '../../../src/core/harness/clientKeys.ts';
import { systemClock } from '../../../src/node/systemClock.ts';
import { serveOtherClients, type ClientServing } from '../../../src/gateway/clientServing.ts';
import type { NewClient, OtherClients } from '../../../src/core/harness/otherClients.ts';
import { person } from '../../support/acmeOverview.ts';
import { eventually } from '../../support/eventually.ts';
import { FakeWindow, quiet, Shared } from '../harness/clientsRig.ts';
import { createRig, json, result, server, toolsCall, type Rig } from './rig.ts';

const isLinux = process.platform === 'linux';

describe('review: a key that is taken back while its request is looked at', () => {
  let rig: Rig;
  let gateway: Gateway;
  let port: number;
  let hashes: Map<string, string>;
  let looks: number;
  let onLook: () => void;

  beforeEach(async () => {
    rig = await createRig(
      server({ 'tools/call': (seen, response) => json(response, result(seen, {})) }),
    );
    hashes = new Map([['codex', await hashOf('secret')]]);
    looks = 0;
    onLook = () => undefined;
    const ring = () => {
      looks++;
      onLook();
      return hashes;
    };
    gateway = new Gateway({
      upstreams: rig.access.upstreams,
      fetch: (input, init) => fetch(input, init),
      clock: systemClock,
      log: quiet,
      platform: process.platform,
      environment: process.env,
      transport: 'tcp',
      ports: [0],
      keys: createKeyRing(ring, () => undefined),
      limits: { refusalMs: 20, lingerMs: 20 },
    });
    const address = await gateway.listen();
    assert.ok(address.kind === 'tcp');
    ({ port } = address);
  });
  afterEach(async () => {
    await gateway.dispose();
    await rig.dispose();
  });

  const ask = () =>
    fetch(`http://127.0.0.1:${port}/mcp/tickets`, {
      method: 'POST',
      headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', ...toolsCall(1) }),
    });

  it('opens nothing', async function () {
    if (!isLinux) this.skip();
    assert.equal((await ask()).status, 200);
    const { length } = rig.seen;
    const before = looks;
    // Right after the head was found right: by then the kernel is asked whose connection it is.
    onLook = () => {
      setImmediate(() => {
        hashes.clear();
        gateway.endClient('codex');
      });
    };
    const status = await ask().then(
      (answer) => answer.status,
      () => 'cut off',
    );
    assert.ok(looks > before);
    assert.ok(status === 404 || status === 'cut off', String(status));
    assert.equal(rig.seen.length, length, 'the server was not asked');
  });
});

describe('review: what is under way when a key ends', () => {
  let rig: Rig;
  let window: FakeWindow;
  let clients: OtherClients;
  let serving: ClientServing;
  let cut: string[];

  beforeEach(async () => {
    cut = [];
    rig = await createRig(
      server({
        initialize: (seen, response) =>
          json(response, result(seen, { protocolVersion: '2025-11-25', capabilities: {} }), {
            'mcp-session-id': 'upstream-session',
          }),
        // Never answered.
        'tools/call': ({ rpc }, response) => response.once('close', () => cut.push(rpc)),
      }),
    );
    window = new FakeWindow(new Shared(), { clock: systemClock });
    clients = window.open();
    serving = serveOtherClients(window.deps.connections, clients, {
      upstreams: rig.access.upstreams,
      fetch: (input, init) => fetch(input, init),
      clock: systemClock,
      log: quiet,
      platform: process.platform,
      environment: process.env,
      limits: { lingerMs: 20, refusalMs: 20, holdMs: 60 },
    });
  });
  afterEach(async () => {
    clients.dispose();
    await serving.dispose();
    await rig.dispose();
  });

  const post = ({ key, port }: NewClient, body: object, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}/mcp/tickets`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key.reveal()}`,
        'content-type': 'application/json',
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...body }),
    });
  const begin = async () => {
    const made = await clients.create('Codex CLI');
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x' } };
    const answer = await post(made, { id: 'i', method: 'initialize', params });
    await answer.text();
    const session = { 'mcp-session-id': answer.headers.get('mcp-session-id') ?? '' };
    await post(made, { method: 'notifications/initialized' }, session);
    const call = post(made, toolsCall(7), session).then(
      (one) => one.text(),
      () => 'cut off',
    );
    await eventually('the server is asked', () => rig.seen.some(({ rpc }) => rpc === 'tools/call'));
    return { made, session, call };
  };

  const ends: readonly [string, (made: NewClient) => unknown][] = [
    ['it is revoked', (made) => clients.revoke(made.entry.id)],
    [
      'another person signs in',
      () => {
        const account = { id: 'sub-bob', label: 'bob' };
        window.becomes({ people: [person({ kind: 'signedIn', account, sinceMs: 1 })] });
      },
    ],
    [
      'the organization forbids it',
      () => {
        window.becomes({ harnesses: { agentHost: true, otherClients: false } });
      },
    ],
  ];
  for (const [why, end] of ends) {
    it(`a call ends, here and at the server, when ${why}`, async () => {
      const { made, session, call } = await begin();
      await end(made);
      assert.equal(await call, 'cut off');
      await eventually('the server hears it', () => cut.includes('tools/call'));
      const again = await post(made, toolsCall(8), session).then(
        ({ status }) => status,
        () => 404,
      );
      assert.equal(again, 404);
      assert.equal(rig.seen.filter(({ rpc }) => rpc === 'tools/call').length, 1);
    });
  }
});

describe('review: agent-host sessions that the organization forbids again', () => {
  it('have a key that opens nothing any more, wherever it was stored', async () => {
    const rig = await createRig(server({ 'tools/call': (seen, to) => json(to, result(seen, {})) }));
    const way: { transport: 'tcp' | 'socket' } = { transport: 'tcp' };
    const wanting = new FakeWindow(new Shared()).deps.connections;
    const needs = {
      upstreams: rig.access.upstreams,
      fetch: (...given: Parameters<typeof fetch>) => fetch(...given),
      clock: systemClock,
      log: quiet,
      platform: process.platform,
      environment: process.env,
      limits: { lingerMs: 20, refusalMs: 20 },
      transport: () => way.transport,
    };
    const opening = createOpening(wanting, needs, () => undefined);
    opening.look();
    const first = await eventually('it listens', () => opening.listening);
    const stored = first.key();
    assert.ok(first.address?.kind === 'tcp');
    const url = `http://127.0.0.1:${first.address.port}/mcp/tickets`;
    const ask = () =>
      fetch(url, {
        method: 'POST',
        headers: { ...stored, 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', ...toolsCall(1) }),
      }).then(
        ({ status }) => status,
        () => 'nobody',
      );
    assert.equal(await ask(), 200);
    way.transport = 'socket';
    opening.look();
    const answer = await ask();
    assert.ok(answer === 404 || answer === 'nobody', String(answer));
    const next = await eventually('another listens', () => opening.listening);
    assert.notEqual(next.address?.kind, 'tcp');
    assert.notDeepEqual(next.key(), stored);
    assert.equal(rig.seen.length, 1);
    await opening.dispose();
    await rig.dispose();
  });
});

describe('review: what the kernel says, or does not', () => {
  const ends = { remotePort: 0xc001, localPort: 0x72e8 };
  const row = (user: number) => ` 0: 0100007F:C001 0100007F:72E8 01 0:0 00:0 0 ${user} 0 4711 1`;
  const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));

  for (const code of ['EMFILE', 'ENFILE', 'EACCES']) {
    it(`${code} opens nothing: whoever has a key could bring that about`, async () => {
      assert.equal(await new PeerUsers(1000, failing(code)).isOurs(ends), false);
    });
  }

  it('no table at all leaves it to the key', async () => {
    assert.equal(await new PeerUsers(1000, failing('ENOENT')).isOurs(ends), true);
  });

  it('a system without IPv6 has one table', async () => {
    const read = (file: string) =>
      file.endsWith('6') ? failing('ENOENT')() : Promise.resolve(row(1001));
    assert.equal(await new PeerUsers(1000, read).isOurs(ends), false);
  });

  it('a row that was read twice is one row; one of somebody else decides', async () => {
    const of = (...users: number[]) =>
      new PeerUsers(1000, (file) =>
        Promise.resolve(file.endsWith('6') ? '' : users.map(row).join('\n')),
      ).isOurs(ends);
    assert.deepEqual([await of(1000, 1000), await of(1000, 1001)], [true, false]);
  });

  it('the columns are those of this kernel', async function () {
    if (!isLinux) this.skip();
    const [head = ''] = (await readFile('/proc/net/tcp', 'utf8')).split('\n');
    const names = head.trim().split(/\s+/);
    // Two of them share a column with the one before: tx_queue with rx_queue, tr with tm->when.
    assert.equal(names.indexOf('uid') - 2, 7);
    assert.equal(names.indexOf('inode') - 2, 9);
  });
});
