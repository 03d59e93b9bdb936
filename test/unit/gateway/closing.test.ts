// The end of access while a client is connected: within a second, in words, and back again (design §6).
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectError } from '../../../src/core/errors.ts';
import {
  createRig,
  eventOf,
  lastMessage,
  messages,
  server,
  stream,
  toolsCall,
  until,
  type Handle,
  type Rig,
} from './rig.ts';

describe('when access ends', () => {
  let rig: Rig;
  let override: Record<string, Handle>;
  /** Requests the server is still holding. */
  let open: Set<string>;
  beforeEach(async () => {
    open = new Set();
    const hold =
      (head: boolean): Handle =>
      ({ rpc, method }, response) => {
        const name = rpc === '' ? method : rpc;
        open.add(name);
        response.on('close', () => open.delete(name));
        if (head) {
          stream(response);
          response.write('data: {"jsonrpc":"2.0","met');
        }
      };
    override = { 'tools/call': hold(true), 'prompts/get': hold(false), GET: hold(true) };
    rig = await createRig((seen, response) => server(override)(seen, response));
  });
  afterEach(() => rig.dispose());
  const removed = () => {
    rig.access.close(new ConnectError('exchange.denied'));
  };
  const denial = {
    code: -32001,
    message: 'tickets says exchange.denied',
    data: { code: 'exchange.denied' },
  };

  it('everything under way is cut and answered within a second', async () => {
    const session = await rig.begin();
    const listening = await rig.listen(session);
    const call = rig.post(toolsCall(1), session);
    const prompt = rig.post({ id: 2, method: 'prompts/get', params: { name: 'p' } }, session);
    await until(() => open.size === 3);
    const before = Date.now();
    removed();
    assert.deepEqual((await lastMessage(call)).result, {
      content: [{ type: 'text', text: 'tickets says exchange.denied' }],
      isError: true,
      _meta: { 'enterprise-mcp/code': 'exchange.denied' },
    });
    assert.deepEqual((await lastMessage(prompt)).error, denial);
    await listening.until((text) => text.includes('tools/list_changed'));
    await until(() => open.size === 0);
    assert.ok(Date.now() - before < 1_000, `${Date.now() - before} ms`);
    assert.deepEqual(rig.access.calls, [{ tool: 'read', outcome: 'denied' }]);
    assert.deepEqual(
      messages(listening.soFar()).map(({ method }) => method),
      [
        'notifications/tools/list_changed',
        'notifications/prompts/list_changed',
        'notifications/resources/list_changed',
      ],
    );
    assert.ok(!listening.incoming.readableEnded, 'the stream stays');
    listening.destroy();
  });

  it('a client that does not read is cut off from upstream all the same', async () => {
    override['tools/call'] = (_seen, response) => {
      open.add('flood');
      response.on('close', () => open.delete('flood'));
      stream(response);
      const flood = () => {
        while (!response.destroyed && response.write(`data: ${'x'.repeat(60_000)}\n\n`));
        if (!response.destroyed) response.once('drain', flood);
      };
      flood();
    };
    const call = await rig.post(toolsCall(1), await rig.begin());
    call.incoming.pause();
    await sleep(150);
    removed();
    await until(() => open.size === 0);
    call.destroy();
  });

  it('a request that waits for `initialized`, or for access, is answered too', async () => {
    override['notifications/initialized'] = () => undefined;
    const start = await rig.post({ id: 1, method: 'initialize', params: {} });
    await start.text();
    const session = String(start.headers['mcp-session-id']);
    const notice = rig.post({ method: 'notifications/initialized' }, session);
    const held = rig.post({ id: 2, method: 'tools/list' }, session);
    await until(() => rig.seen.length === 2);
    await sleep(20);
    removed();
    assert.deepEqual((await lastMessage(held)).result, { tools: [] });
    assert.equal((await notice).status, 202);
    assert.ok(!rig.seen.some(({ rpc }) => rpc === 'tools/list'));
  });

  it('nothing goes upstream any more, and every request has its answer', async () => {
    const session = await rig.begin();
    const before = rig.seen.length;
    removed();
    for (const id of [session, undefined, 'unknown']) {
      const answers = [
        [{ id: 1, method: 'tools/list' }, { tools: [] }],
        [{ id: 2, method: 'prompts/list' }, { prompts: [] }],
        [{ id: 3, method: 'resources/list' }, { resources: [] }],
        [{ id: 4, method: 'resources/templates/list' }, { resourceTemplates: [] }],
        [{ id: 5, method: 'ping' }, {}],
        [
          toolsCall(6),
          {
            content: [{ type: 'text', text: 'tickets says exchange.denied' }],
            isError: true,
            _meta: { 'enterprise-mcp/code': 'exchange.denied' },
          },
        ],
      ] as const;
      for (const [asked, expected] of answers) {
        const answer = await rig.post(asked, id);
        assert.equal(answer.status, 200);
        assert.deepEqual((await lastMessage(answer)).result, expected);
      }
      for (const method of [
        'initialize',
        'resources/read',
        'logging/setLevel',
        'toString',
        '__proto__',
      ]) {
        const answer = await rig.post({ id: 7, method, params: {} }, id);
        assert.deepEqual([answer.status, (await lastMessage(answer)).error], [200, denial]);
      }
      assert.equal((await rig.post({ method: 'notifications/cancelled' }, id)).status, 202);
      const ended = await rig.ask({ method: 'DELETE', headers: { 'mcp-session-id': id ?? '' } });
      assert.equal(ended.status, 204);
    }
    assert.equal(rig.seen.length, before);
  });

  it('it comes back: lists change again, and the session goes on as if nothing had been', async () => {
    delete override['tools/call'];
    delete override['GET'];
    const session = await rig.begin();
    const listening = await rig.listen(session);
    removed();
    const heard = (times: number) => (text: string) =>
      text.split('tools/list_changed').length === times + 1;
    await listening.until(heard(1));
    assert.deepEqual(
      (await lastMessage(rig.post({ id: 1, method: 'tools/list' }, session))).result,
      { tools: [] },
    );
    rig.access.open();
    await listening.until(heard(2));
    const before = rig.seen.length;
    const [list, call] = await Promise.all([
      lastMessage(rig.post({ id: 2, method: 'tools/list' }, session)),
      lastMessage(rig.post(toolsCall(4), session)),
    ]);
    assert.deepEqual([list.id, call.result?.['isError']], [2, undefined]);
    const since = rig.seen.slice(before).filter(({ method }) => method === 'POST');
    // Greeted once, before anything else, with what the client said when it began.
    assert.deepEqual(since.map(({ rpc }) => rpc).slice(0, 2), [
      'initialize',
      'notifications/initialized',
    ]);
    assert.deepEqual(
      since
        .slice(2)
        .map(({ rpc }) => rpc)
        .sort(),
      ['tools/call', 'tools/list'],
    );
    assert.match(since[0]?.body ?? '', /enterprise-managed-authorization/);
    // The old stream ends, so that the client asks for one at the new place.
    await listening.text();
  });

  it('it comes back but the server does not: the client is told to begin anew', async () => {
    const session = await rig.begin();
    removed();
    override['initialize'] = (_seen, response) => response.writeHead(503).end();
    rig.access.open();
    assert.equal((await rig.post({ id: 2, method: 'tools/list' }, session)).status, 404);
    delete override['initialize'];
    delete override['tools/call'];
    const next = await rig.begin();
    assert.ok((await lastMessage(rig.post(toolsCall(4), next))).result?.['isError'] === undefined);
  });

  it('an event stream opened meanwhile hears when access comes', async () => {
    await rig.begin();
    removed();
    const listening = await rig.listen('unknown');
    rig.access.open();
    await listening.until((text) => text.includes('tools/list_changed'));
    listening.destroy();
  });

  it('thousands of requests leave no listener on the connection behind', async () => {
    delete override['tools/call'];
    const session = await rig.begin();
    for (let id = 0; id < 50; id++) await lastMessage(rig.post(toolsCall(id), session));
    const access = rig.access.upstreams.access('tickets');
    assert.ok(access?.open);
    const { closed } = access.upstream;
    await until(() => getEventListeners(closed, 'abort').length === 1);
  });

  it('other changes of the connections interrupt nothing', async () => {
    override['tools/call'] = async (_seen, response) => {
      stream(response);
      await sleep(80);
      response.end(eventOf({ jsonrpc: '2.0', id: 1, result: { content: [] } }));
    };
    delete override['GET'];
    const session = await rig.begin();
    const listening = await rig.listen(session);
    const call = rig.post(toolsCall(1), session);
    for (let n = 0; n < 5; n++) rig.access.touch();
    assert.deepEqual((await lastMessage(call)).result, { content: [] });
    assert.deepEqual(messages(listening.soFar()), []);
    listening.destroy();
  });

  it('the end of the window answers what is under way and leaves nothing listening', async () => {
    const session = await rig.begin();
    const listening = await rig.listen(session);
    const call = rig.post(toolsCall(1), session);
    await until(() => open.has('tools/call'));
    const { address } = rig;
    assert.ok(address.kind === 'socket');
    const disposed = rig.gateway.dispose();
    assert.match(JSON.stringify(await lastMessage(call)), /tickets says gateway.closed/);
    await listening.text();
    await disposed;
    assert.ok(!existsSync(dirname(address.path)));
    await assert.rejects(rig.post(toolsCall(2)), { code: 'ENOENT' });
    await until(() => open.size === 0);
  });
});
