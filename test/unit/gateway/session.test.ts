// Sessions and event streams: order, loss, and what a client hears without asking.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';
import {
  createRig,
  eventOf,
  json,
  lastMessage,
  messages,
  result,
  server,
  stream,
  toolsCall,
  until,
  type Handle,
  type Rig,
} from './rig.ts';

describe('a session', () => {
  let rig: Rig;
  let override: Record<string, Handle>;
  beforeEach(async () => {
    override = {};
    rig = await createRig((seen, response) => server(override)(seen, response), {
      limits: { keepAliveMs: 30, maxSessions: 3, holdMs: 400 },
    });
  });
  afterEach(() => rig.dispose());
  const start = async () => {
    const answer = await rig.post({ id: 1, method: 'initialize', params: {} });
    await answer.text();
    return String(answer.headers['mcp-session-id']);
  };
  const calls = () => rig.seen.map(({ rpc, method }) => (rpc === '' ? method : rpc));

  it('sends nothing before upstream has accepted `initialized`', async () => {
    let acceptedAt = 0;
    override['notifications/initialized'] = async (_seen, response) => {
      await sleep(60);
      acceptedAt = calls().length;
      response.writeHead(202).end();
    };
    const session = await start();
    const early = [
      toolsCall(1),
      { id: 2, method: 'tools/list' },
      { id: 3, method: 'logging/setLevel' },
    ];
    const answers = early.map((one) => rig.post(one, session));
    await sleep(10);
    const initialized = rig.post({ method: 'notifications/initialized' }, session);
    const texts = await Promise.all(answers.map(async (one) => (await one).text()));
    assert.equal((await initialized).status, 202);
    assert.equal(acceptedAt, 2, 'only initialize and initialized went up until then');
    assert.equal(texts.flatMap(messages).filter(({ result: given }) => given).length, 3);
    assert.deepEqual(calls().slice(0, 2), ['initialize', 'notifications/initialized']);
  });

  it('does not wait for ever for an `initialized` that never comes, or is refused', async () => {
    const session = await start();
    const before = Date.now();
    await lastMessage(rig.post(toolsCall(1), session));
    assert.ok(Date.now() - before > 300);
    override['notifications/initialized'] = (_seen, response) => response.writeHead(500).end();
    const other = await start();
    assert.equal((await rig.post({ method: 'notifications/initialized' }, other)).status, 202);
    const then = Date.now();
    await lastMessage(rig.post(toolsCall(1), other));
    assert.ok(Date.now() - then < 300);
  });

  it('that is lost upstream is lost here: 404, so that the client begins again', async () => {
    const session = await rig.begin();
    override['tools/call'] = (_seen, response) => response.writeHead(404).end();
    const answer = await rig.post(toolsCall(1), session);
    assert.deepEqual([answer.status, await answer.text()], [404, '']);
    assert.equal(rig.seen.filter(({ rpc }) => rpc === 'tools/call').length, 1);
    const again = await rig.post(toolsCall(2), session);
    assert.equal(again.status, 404);
    assert.equal(rig.seen.filter(({ rpc }) => rpc === 'tools/call').length, 1);
    override = {};
    assert.ok((await lastMessage(rig.post(toolsCall(3), await rig.begin()))).result);
  });

  describe('at a server that answers 400', () => {
    const error = { code: -32000, message: 'No valid session' };
    const refuse =
      (id: unknown): Handle =>
      (_seen, response) =>
        response
          .writeHead(400, { 'content-type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id, error }));
    const sent = (rpc: string) => rig.seen.filter((one) => one.rpc === rpc).length;

    it('is lost, but not when 400 answers the request', async () => {
      const session = await rig.begin();
      override['tools/list'] = refuse(1);
      const list = (id: number) => rig.post({ id, method: 'tools/list' }, session);
      assert.deepEqual((await lastMessage(list(1))).error, error);
      override['tools/list'] = refuse(null);
      assert.equal((await list(2)).status, 404);
    });

    it('is not lost by a call: the client would make it again', async () => {
      const session = await rig.begin();
      const answers: Handle[] = [
        refuse(null),
        refuse('server-error'),
        (_seen, response) => response.writeHead(400).end('<html>'),
      ];
      const said = [];
      for (const [id, answer] of answers.entries()) {
        override['tools/call'] = answer;
        const response = await rig.post(toolsCall(id), session);
        const message = await lastMessage(response);
        said.push([response.status, message.id, message.error ?? message.result?.['isError']]);
      }
      assert.deepEqual(said, [
        [200, 0, error],
        [200, 1, error],
        [200, 2, true],
      ]);
      assert.equal(sent('tools/call'), 3);
      await until(() => sent('ping') === 3);
      override = {};
      assert.ok((await lastMessage(rig.post(toolsCall(4), session))).result);
    });

    it('is lost after a call when the server knows it for nothing else either', async () => {
      const session = await rig.begin();
      override['tools/call'] = override['ping'] = refuse(null);
      assert.deepEqual((await lastMessage(rig.post(toolsCall(1), session))).error, error);
      await until(() => sent('ping') === 1);
      await sleep(30);
      assert.equal((await rig.post(toolsCall(2), session)).status, 404);
      assert.equal(sent('tools/call'), 1);
    });
  });

  it('is lost for a notification as well', async () => {
    const session = await rig.begin();
    override['notifications/roots/list_changed'] = (_seen, response) =>
      response.writeHead(404).end();
    assert.equal(
      (await rig.post({ method: 'notifications/roots/list_changed' }, session)).status,
      404,
    );
    assert.equal((await rig.post(toolsCall(1), session)).status, 404);
  });

  it('that nobody knows is answered 404, without asking upstream', async () => {
    assert.equal((await rig.post(toolsCall(1), 'unknown')).status, 404);
    assert.equal((await rig.post({ method: 'notifications/initialized' }, 'unknown')).status, 404);
    assert.deepEqual(rig.seen, []);
  });

  it('is not kept when the handshake fails', async () => {
    override['initialize'] = (seen, response) =>
      json(response, {
        jsonrpc: '2.0',
        id: (JSON.parse(seen.body) as { id: number }).id,
        error: { code: -1, message: 'no' },
      });
    const answer = await rig.post({ id: 1, method: 'initialize', params: {} });
    assert.equal((await lastMessage(answer)).error?.message, 'no');
    const session = String(answer.headers['mcp-session-id']);
    assert.equal((await rig.post(toolsCall(1), session)).status, 404);
  });

  it('gives way to newer ones when there are too many, the longest idle first', async () => {
    const [first, second, third] = [await rig.begin(), await rig.begin(), await rig.begin()];
    await lastMessage(rig.post({ id: 1, method: 'ping' }, first));
    await rig.begin();
    const statuses = [];
    for (const session of [first, second, third]) {
      statuses.push((await rig.post({ id: 2, method: 'ping' }, session)).status);
    }
    assert.deepEqual(statuses, [200, 404, 200]);
    await until(() => calls().includes('DELETE'));
  });

  it('ends with DELETE, whatever upstream thinks of it', async () => {
    override['DELETE'] = (_seen, response) => response.writeHead(405).end();
    const session = await rig.begin();
    const end = (id: string) => rig.ask({ method: 'DELETE', headers: { 'mcp-session-id': id } });
    assert.equal((await end(session)).status, 204);
    assert.equal((await end('unknown')).status, 204);
    await until(() => calls().includes('DELETE'));
    const asked = rig.seen.filter(({ method }) => method === 'DELETE');
    assert.deepEqual(
      asked.map(({ headers }) => headers['mcp-session-id']),
      ['upstream-session'],
    );
    assert.equal((await rig.post({ id: 1, method: 'ping' }, session)).status, 404);
  });

  it('takes answers of the client to the server', async () => {
    const session = await rig.begin();
    const answer = await rig.post({ id: 's-1', result: { roots: [] } }, session);
    assert.deepEqual([answer.status, await answer.text()], [202, '']);
    assert.equal((JSON.parse(rig.seen.at(-1)!.body) as { id: string }).id, 's-1');
  });

  describe('event stream', () => {
    it('passes upstream events, keeps alive, and ends with upstream', async () => {
      let upstream: ServerResponse | undefined;
      override['GET'] = (_seen, response) => {
        upstream = response;
        stream(response);
        response.write(`id: g1\n${eventOf({ jsonrpc: '2.0', method: 'notifications/message' })}`);
      };
      const answer = await rig.listen(await rig.begin());
      assert.equal(answer.headers['content-type'], 'text/event-stream');
      await answer.until((text) => text.includes('id: g1\n') && text.includes(': keepalive'));
      upstream!.end();
      assert.deepEqual(messages(await answer.text()), [
        { jsonrpc: '2.0', method: 'notifications/message' },
      ]);
      assert.equal(rig.seen.at(-1)!.headers.authorization, 'Bearer token-1');
    });

    it('stays open where upstream has none', async () => {
      const answer = await rig.listen(await rig.begin());
      assert.equal(answer.status, 200);
      await answer.until((text) => text.split(': keepalive').length > 3);
      assert.ok(!answer.incoming.readableEnded);
      assert.equal(calls().filter((one) => one === 'GET').length, 1);
      answer.destroy();
    });

    it('is asked for again some time after upstream failed', async () => {
      override['GET'] = (_seen, response) => response.writeHead(503).end();
      const answer = await rig.listen(await rig.begin());
      assert.equal(answer.status, 200);
      const before = Date.now();
      assert.deepEqual(messages(await answer.text()), []);
      assert.ok(Date.now() - before > 40);
    });

    it('of an unknown session is held, and ends when the client has a session again', async () => {
      const answer = await rig.listen('unknown');
      assert.equal(answer.status, 200);
      await answer.until((text) => text.includes(': keepalive'));
      await rig.begin();
      await answer.text();
      assert.equal(calls().filter((one) => one === 'GET').length, 0);
    });

    it('lets upstream go when the client goes', async () => {
      let closed = false;
      override['GET'] = (_seen, response) => {
        stream(response);
        response.on('close', () => (closed = true));
      };
      const answer = await rig.listen(await rig.begin());
      await until(() => calls().includes('GET'));
      answer.destroy();
      await until(() => closed);
    });
  });

  it('works with a server that keeps none', async () => {
    override['initialize'] = (seen, response) =>
      json(response, result(seen, { protocolVersion: '2025-06-18' }));
    const session = await rig.begin();
    assert.match(session, /^[0-9a-f-]{36}$/);
    assert.ok((await lastMessage(rig.post(toolsCall(1), session))).result);
    assert.equal(rig.seen.at(-1)!.headers['mcp-session-id'], undefined);
    assert.equal(rig.seen.at(-1)!.headers['mcp-protocol-version'], '2025-06-18');
  });
});
