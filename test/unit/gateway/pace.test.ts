// Each stream at its own pace: who reads or writes slowly slows the party at the other end of that stream,
// nobody else; and nothing that happens to access meanwhile is seen in it, until access ends.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectError } from '../../../src/core/errors.ts';
import {
  createRig,
  eventOf,
  json,
  messages,
  result,
  server,
  stream,
  tokenCalled,
  toolsCall,
  until,
  type Handle,
  type Rig,
} from './rig.ts';

const mib = 1_048_576;

describe('a stream at the pace of its reader', () => {
  let rig: Rig;
  let override: Record<string, Handle>;

  beforeEach(async () => {
    override = {};
    rig = await createRig(server(override));
  });
  afterEach(() => rig.dispose());

  /** Writes `total` bytes of events as fast as they are taken. */
  function flood(response: ServerResponse, total: number, id: number) {
    const state = { sent: 0, isStalled: false, hash: createHash('sha256') };
    const last = eventOf({ jsonrpc: '2.0', id, result: { content: [] } });
    const go = () => {
      state.isStalled = false;
      while (state.sent < total && !response.destroyed) {
        const data = { n: state.sent, x: 'x'.repeat(60_000) };
        const event = eventOf({ jsonrpc: '2.0', method: 'notifications/x', params: data });
        state.sent += event.length;
        state.hash.update(event);
        if (response.write(event)) continue;
        state.isStalled = true;
        return;
      }
      state.hash.update(last);
      response.end(last);
    };
    stream(response);
    response.on('drain', go);
    go();
    return state;
  }

  it('stalls its own server while another flows, and loses nothing', async () => {
    const floods = new Map<number, ReturnType<typeof flood>>();
    override['tools/call'] = (seen, response) => {
      const { id } = JSON.parse(seen.body) as { id: number };
      floods.set(id, flood(response, 48 * mib, id));
    };
    const slow = await rig.post(toolsCall(1));
    slow.incoming.pause();
    await until(() => floods.get(1)?.isStalled === true);
    await sleep(300);
    const { sent } = floods.get(1)!;
    assert.ok(sent < 32 * mib, `${sent} bytes under way`);

    const fast = await rig.post(toolsCall(2));
    const text = await fast.text();
    assert.equal(
      createHash('sha256').update(text).digest('hex'),
      floods.get(2)?.hash.digest('hex'),
    );
    assert.ok(text.length >= 48 * mib);
    assert.deepEqual([floods.get(1)?.sent, floods.get(1)?.isStalled], [sent, true]);

    slow.incoming.resume();
    const all = await slow.text();
    assert.equal(createHash('sha256').update(all).digest('hex'), floods.get(1)?.hash.digest('hex'));
  });

  it('of a server that does not read holds up only who writes to it', async () => {
    // Takes connections, reads nothing, and so nothing arrives but what the system holds.
    const deaf = createServer((socket) => socket.pause());
    deaf.listen(0, '127.0.0.1');
    await once(deaf, 'listening');
    const { port } = deaf.address() as AddressInfo;
    const fetchFrom: typeof fetch = (input, init) => {
      const { length = 0 } = (init?.body ?? {}) as { length?: number };
      return fetch(length > mib ? `http://127.0.0.1:${port}/` : input, init);
    };
    await rig.dispose();
    rig = await createRig(server(override), { fetch: fetchFrom });
    const large = {
      ...toolsCall(1),
      params: { name: 'read', arguments: { x: 'x'.repeat(4_000_000) } },
    };
    const held = rig.post(large).then((answer) => answer.text());
    const isHeld = await Promise.race([held.then(() => false), sleep(200).then(() => true)]);
    assert.ok(isHeld);
    for (let id = 2; id < 20; id++) {
      const [answer] = messages(await (await rig.post(toolsCall(id))).text());
      assert.deepEqual(answer?.id, id);
    }
    rig.access.close(new ConnectError('exchange.denied'));
    assert.match(await held, /exchange.denied/);
    deaf.close();
  });
});

describe('a stream under way', () => {
  let rig: Rig;
  let override: Record<string, Handle>;
  const open: ServerResponse[] = [];

  beforeEach(async () => {
    override = {};
    open.length = 0;
    rig = await createRig(server(override));
    for (const what of ['GET', 'tools/call']) {
      override[what] = (_seen, response) => {
        stream(response);
        open.push(response);
      };
    }
  });
  afterEach(() => rig.dispose());

  it('does not notice that access is renewed; the next request has the new one', async () => {
    const session = await rig.begin();
    const [listener, call] = [await rig.listen(session), await rig.post(toolsCall(1), session)];
    await until(() => open.length === 2);
    const say = (n: number) => {
      for (const response of open)
        response.write(eventOf({ jsonrpc: '2.0', method: 'notifications/x', params: { n } }));
    };
    say(1);
    override['ping'] = (seen, response) => {
      if (seen.headers.authorization === 'Bearer token-1') response.writeHead(401).end();
      else json(response, result(seen, {}));
    };
    await (await rig.post({ id: 2, method: 'ping' }, session)).text();
    assert.equal(rig.access.replaced, 1);
    say(2);
    // And renewed by itself, before it runs out.
    rig.access.token = tokenCalled('token-3');
    rig.access.touch();
    say(3);
    const isAnswer = eventOf({ jsonrpc: '2.0', id: 1, result: { content: [] } });
    open.find((response) => response.req.method === 'POST')?.end(isAnswer);
    assert.deepEqual(
      messages(await call.text()).map(({ method, id }) => method ?? id),
      ['notifications/x', 'notifications/x', 'notifications/x', 1],
    );
    await listener.until((text) => messages(text).length === 3);
    assert.equal(
      open.filter((response) => response.destroyed && !response.writableFinished).length,
      0,
    );
    const tokens = rig.seen.map(({ rpc, method, headers }) => [
      rpc || method,
      headers.authorization,
    ]);
    assert.deepEqual(
      tokens.filter(([what]) => ['GET', 'tools/call', 'ping'].includes(String(what))),
      [
        ['GET', 'Bearer token-1'],
        ['tools/call', 'Bearer token-1'],
        ['ping', 'Bearer token-1'],
        ['ping', 'Bearer token-2'],
      ],
    );
    listener.destroy();
  });

  it('is cut at both ends the moment access is removed', async () => {
    const session = await rig.begin();
    const [listener, call] = [await rig.listen(session), await rig.post(toolsCall(1), session)];
    await until(() => open.length === 2);
    const ended = open.map((response) => once(response, 'close'));
    const at = performance.now();
    rig.access.close(new ConnectError('exchange.denied'));
    assert.match(await call.text(), /tickets says exchange.denied/);
    await Promise.all(ended);
    assert.ok(performance.now() - at < 1_000);
    await listener.until((text) => text.includes('tools/list_changed'));
    listener.destroy();
  });
});
