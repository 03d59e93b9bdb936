// Other MCP clients at a gateway of their own: a key each, sessions nobody else can use, a port that stays.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { ConnectError } from '../../../src/core/errors.ts';
import type { NewClient, OtherClients } from '../../../src/core/harness/otherClients.ts';
import { serveOtherClients } from '../../../src/gateway/clientServing.ts';
import { createKeyRing } from '../../../src/gateway/keyRing.ts';
import { systemClock } from '../../../src/node/systemClock.ts';
import { eventually } from '../../support/eventually.ts';
import { connection, signedIn, person } from '../../support/acmeOverview.ts';
import { FakeWindow, quiet, Shared } from '../harness/clientsRig.ts';
import { createRig, eventOf, json, result, server, stream, toolsCall, type Rig } from './rig.ts';

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const toolCalled = (name: string) => ({ name, inputSchema: { type: 'object' } });
const initialize = {
  id: 'i',
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x' } },
};

describe('other clients at the gateway', () => {
  let rig: Rig;
  let shared: Shared;
  let window: FakeWindow;
  let clients: OtherClients;
  const open: { dispose(): unknown }[] = [];

  /** A window of the person, which serves if it can. */
  function openWindow(isFirst = true) {
    const one = new FakeWindow(shared, { isFirst, clock: systemClock });
    const own = one.open();
    const serving = serveOtherClients(one.deps.connections, own, {
      upstreams: rig.access.upstreams,
      fetch: (input, init) => fetch(input, init),
      clock: systemClock,
      log: quiet,
      platform: process.platform,
      environment: process.env,
      limits: { lingerMs: 20, refusalMs: 100, holdMs: 60 },
    });
    open.push(own, serving);
    return { window: one, clients: own, serving };
  }

  beforeEach(async () => {
    rig = await createRig(
      server({
        initialize: (seen, response) =>
          json(
            response,
            result(seen, {
              protocolVersion: '2025-11-25',
              capabilities: { tools: {} },
              serverInfo: { name: 'tickets', version: '1' },
            }),
            { 'mcp-session-id': 'upstream-session' },
          ),
        'tools/list': (seen, response) =>
          json(response, result(seen, { tools: ['read', 'write'].map(toolCalled) })),
        GET: (_, response) => {
          stream(response);
          response.write(eventOf({ jsonrpc: '2.0', method: 'notifications/hello' }));
        },
      }),
    );
    shared = new Shared();
    ({ window, clients } = openWindow());
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.dispose()));
    await rig.dispose();
  });

  const ask = (
    { key, port }: { key: { reveal(): string }; port: number },
    body: object,
    headers: Record<string, string> = {},
  ) =>
    fetch(`http://127.0.0.1:${port}/mcp/tickets`, {
      method: 'POST',
      headers: { ...bearer(key.reveal()), 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', ...body }),
    });
  const begin = async (client: NewClient): Promise<Record<string, string>> => {
    const answer = await ask(client, initialize);
    await answer.text();
    const session = { 'mcp-session-id': answer.headers.get('mcp-session-id')! };
    await ask(client, { method: 'notifications/initialized' }, session);
    return session;
  };
  const listen = (client: NewClient, session: Record<string, string>) =>
    fetch(`http://127.0.0.1:${client.port}/mcp/tickets`, {
      headers: { ...bearer(client.key.reveal()), accept: 'text/event-stream', ...session },
    });

  it('work with the key of their snippet, and their use is noted', async () => {
    const { key, port } = await clients.create('Codex CLI');
    const client = new Client({ name: 'codex', version: '1' });
    const requestInit = { headers: bearer(key.reveal()) };
    const url = new URL(`http://127.0.0.1:${port}/mcp/tickets`);
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
    const { tools } = await client.listTools();
    assert.deepEqual(
      tools.map(({ name }) => name),
      ['read', 'write'],
    );
    assert.ok('content' in (await client.callTool({ name: 'read', arguments: {} })));
    await client.close();
    assert.ok(clients.list[0]?.lastUsedAtMs !== undefined);
    assert.deepEqual(rig.access.calls, [{ tool: 'read', outcome: 'ok' }]);
    const heard = JSON.stringify(rig.seen.map(({ headers }) => headers));
    assert.ok(!heard.includes(key.reveal()), 'no server hears the key');
  });

  it('cannot use each other’s sessions', async () => {
    const one = await clients.create('Codex CLI');
    const two = await clients.create('Claude Code');
    const session = await begin(one);
    rig.seen.length = 0;
    assert.equal((await ask(two, toolsCall(1), session)).status, 404);
    // Nor end it, nor listen to what it is told.
    await fetch(`http://127.0.0.1:${two.port}/mcp/tickets`, {
      method: 'DELETE',
      headers: { ...bearer(two.key.reveal()), ...session },
    });
    const foreign = await listen(two, session);
    const hears = foreign.body!.getReader().read();
    assert.equal((await ask(one, toolsCall(2), session)).status, 200);
    assert.deepEqual(
      rig.seen.map(({ rpc }) => rpc),
      ['tools/call'],
    );
    const heard = await Promise.race([hears, new Promise((go) => setTimeout(go, 100))]);
    assert.equal(heard, undefined);
    await foreign.body?.cancel().catch(() => 0);
  });

  it('are cut off at once when their key is revoked, and the others go on', async () => {
    const one = await clients.create('Codex CLI');
    const two = await clients.create('Claude Code');
    const [ofOne, ofTwo] = [await begin(one), await begin(two)];
    const cut = await listen(one, ofOne);
    const kept = await listen(two, ofTwo);
    const [reading, other] = [cut.body!.getReader(), kept.body!.getReader()];
    await Promise.all([reading.read(), other.read()]);
    await clients.revoke(one.entry.id);
    await assert.rejects(async () => {
      while (!(await reading.read()).done);
    });
    await eventually('its session is ended at the server', () =>
      rig.seen.some(({ method }) => method === 'DELETE'),
    );
    assert.equal(rig.seen.filter(({ method }) => method === 'DELETE').length, 1);
    const refused = await ask(one, toolsCall(1), ofOne);
    assert.deepEqual([refused.status, await refused.text()], [404, '']);
    assert.equal((await ask(two, toolsCall(2), ofTwo)).status, 200);
    const more = await Promise.race([other.read(), Promise.resolve('silent')]);
    assert.equal(more, 'silent', 'the stream of the other is open');
    await other.cancel();
  });

  it('are refused like anybody with a wrong key, slowly, and once for each connection', async () => {
    const { key, port } = await clients.create('Codex CLI');
    const wrong = [`${key.reveal()}x`, key.reveal().slice(1), '', [...clients.hashes.values()][0]!];
    for (const guess of wrong) {
      const sinceMs = performance.now();
      const answer = await ask({ port, key: { reveal: () => guess } }, toolsCall(1));
      assert.deepEqual([answer.status, await answer.text()], [404, '']);
      assert.equal(answer.headers.get('connection'), 'close');
      assert.ok(performance.now() - sinceMs >= 95);
    }
    const origin = await ask({ key, port }, toolsCall(1), { origin: 'http://127.0.0.1' });
    assert.equal(origin.status, 403);
    // What opens the window's own gateway opens nothing here.
    const own = Object.values(rig.gateway.key())[0]!.slice('Bearer '.length);
    assert.equal((await ask({ port, key: { reveal: () => own } }, toolsCall(1))).status, 404);
    assert.equal(clients.list[0]?.lastUsedAtMs, undefined);
    assert.equal(rig.seen.length, 0);
  });

  it('have no address while nobody has a key, and none while nothing is open', async () => {
    const made = await clients.create('Codex CLI');
    await clients.revoke(made.entry.id);
    await eventually('nobody listens', () => refused(made.port));
    const again = await clients.create('Codex CLI');
    assert.equal((await ask(again, initialize)).status, 200);
    const bob = { ...signedIn, account: { id: 'sub-bob', label: 'bob' } };
    window.becomes({ people: [person(bob)] });
    assert.equal((await ask(again, initialize).catch(() => ({ status: 404 }))).status, 404);
    await eventually('nobody listens for another account', () => refused(again.port));
    window.becomes({ people: [person()], connections: [connection({ kind: 'signedOut' })] });
    await assert.rejects(fetch(`http://127.0.0.1:${again.port}/`));
  });

  it('read why a connection closed, and reach the server again once it is open', async () => {
    const made = await clients.create('Codex CLI');
    const session = await begin(made);
    rig.access.close(new ConnectError('exchange.denied'));
    assert.match(await (await ask(made, toolsCall(1), session)).text(), /exchange\.denied/);
    rig.access.open();
    assert.match(await (await ask(made, toolsCall(2), session)).text(), /done/);
  });

  it('find the next window that leads at the same port, with the same key', async () => {
    const made = await clients.create('Codex CLI');
    const next = openWindow(false);
    await eventually('it knows the key', () => next.clients.hashes.size === 1);
    assert.equal((await ask(made, initialize)).status, 200);
    await open[1]!.dispose();
    await eventually('the first is gone', () => refused(made.port));
    next.window.leads();
    const status = () =>
      ask(made, initialize).then(
        (one) => one.status,
        () => 0,
      );
    await eventually('the next serves', async () => (await status()) === 200);
    assert.equal(next.clients.taken, undefined);
  });

  it('are told that another program has their port, which gets nothing from us', async () => {
    const made = await clients.create('Codex CLI');
    await open[1]!.dispose();
    const heard: unknown[] = [];
    const stranger = createServer((socket) => {
      heard.push('came');
      socket.destroy();
    });
    await eventually('the port is free', () => refused(made.port));
    await listenAt(stranger, made.port);
    const next = openWindow();
    await eventually('the window says so', () => next.clients.taken === made.port);
    assert.equal(next.clients.port, made.port, 'a client is never sent elsewhere');
    await assert.rejects(next.clients.create('Claude Code'), { code: 'gateway.notListening' });
    assert.equal(next.clients.list.length, 1);
    assert.deepEqual(heard, []);
    stranger.close();
  });
});

describe('the ring of keys', () => {
  const hash = '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae';

  it('knows whose key it is, and takes nothing else', () => {
    const used: string[] = [];
    const hashes = new Map([
      ['other', 'f'.repeat(64)],
      ['codex', hash],
    ]);
    const ring = createKeyRing(
      () => hashes,
      (id) => used.push(id),
    );
    assert.deepEqual([ring.matches('Bearer foo'), ring.clientOf?.('Bearer foo')], [true, 'codex']);
    for (const given of ['', 'foo', 'bearer foo', 'Bearer  foo', 'Bearer', `Bearer ${hash}`]) {
      assert.deepEqual([ring.matches(given), ring.clientOf?.(given)], [false, undefined], given);
    }
    assert.deepEqual(used, ['codex']);
    hashes.delete('codex');
    assert.equal(ring.matches('Bearer foo'), false);
  });
});

const refused = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/`).then(
    () => false,
    () => true,
  );

async function listenAt(one: Server, port: number): Promise<void> {
  one.listen(port, '127.0.0.1');
  await once(one, 'listening');
}
