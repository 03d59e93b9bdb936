// Answers on their way: unbuffered, in one piece, never silent, never without an end (T11).
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
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

const progress = (n: number) =>
  eventOf({ jsonrpc: '2.0', method: 'notifications/progress', params: { progress: n } });

describe('an answer', () => {
  let rig: Rig;
  let override: Record<string, Handle>;
  beforeEach(async () => {
    override = {};
    rig = await createRig((seen, response) => server(override)(seen, response), {
      limits: { keepAliveMs: 40, headWaitMs: 60, listMs: 600 },
    });
  });
  afterEach(() => rig.dispose());

  it('of JSON that takes its time becomes one event, however it is written and cut', async () => {
    const answer = { content: [{ type: 'text', text: 'grün €uro 😀 line\nbreak "quote"' }] };
    const whole = Buffer.from(
      JSON.stringify({ jsonrpc: '2.0', id: 1, result: answer }, null, 2).replaceAll('\n', '\r\n'),
    );
    override['tools/call'] = async (_seen, response) => {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
      response.flushHeaders();
      await sleep(100);
      // Every multi-byte character and every line end comes in two parts.
      for (const byte of whole) {
        response.write(Buffer.from([byte]));
        if (byte > 127 || byte === 13) await sleep(1);
      }
      response.end();
    };
    const text = await (await rig.post(toolsCall(1))).text();
    assert.deepEqual(
      text
        .split('\n')
        .filter((line) => !line.startsWith(':'))
        .map((line) => line.slice(0, 5)),
      ['data:', '', ''],
    );
    assert.deepEqual(messages(text), [{ jsonrpc: '2.0', id: 1, result: answer }]);
  });

  it('streams: each event is there before the next is sent', async () => {
    const next: (() => void)[] = [];
    override['tools/call'] = async (seen, response) => {
      stream(response);
      for (const n of [1, 2, 3]) {
        response.write(progress(n));
        await new Promise<void>((resolve) => next.push(resolve));
      }
      response.end(eventOf(result(seen, { content: [] })));
    };
    const answer = await rig.post(toolsCall(1));
    for (const n of [1, 2, 3]) {
      await answer.until((text) => text.includes(`"progress":${n}`));
      assert.ok(!answer.soFar().includes(`"progress":${n + 1}`));
      next.shift()!();
    }
    assert.deepEqual(messages(await answer.text()).length, 4);
  });

  it('streams data even before its line is complete', async () => {
    let finish: () => void = () => undefined;
    override['tools/call'] = async (_seen, response) => {
      stream(response);
      response.write('data: {"jsonrpc":"2.0","id":1,');
      await new Promise<void>((resolve) => (finish = resolve));
      response.end('"result":{}}\r\n\r\n');
    };
    const answer = await rig.post(toolsCall(1));
    await answer.until((text) => text.includes('"id":1,'));
    // No comment in the middle of it.
    await sleep(100);
    finish();
    assert.deepEqual(messages(await answer.text()), [{ jsonrpc: '2.0', id: 1, result: {} }]);
  });

  it('lets through ids, retry and comments, but no other kind of event', async () => {
    override['tools/call'] = (seen, response) => {
      stream(response);
      response.write('\ufeff: hello\nid: 1\nretry: 10\nevent: message\n');
      response.write(progress(1));
      response.write('event: endpoint\rdata: http://evil.example/\r\r');
      response.write('event:endpoint\ndata: http://evil.example/\n\n');
      response.write(
        `x-unknown: 1\nretry: 99999999\nid: 2\ndata:\nevent: ${'x'.repeat(9_000)}\n\n`,
      );
      response.end(eventOf(result(seen, {})));
    };
    const text = await (await rig.post(toolsCall(1))).text();
    assert.equal(
      text,
      ': hello\nid: 1\nretry: 10\nevent: message\n' +
        progress(1) +
        'event: ignored\ndata: http://evil.example/\n\n' +
        'event: ignored\ndata: http://evil.example/\n\n' +
        'id: 2\ndata:\n\n' +
        eventOf({ jsonrpc: '2.0', id: 1, result: {} }),
    );
  });

  it('ends with its event, though the server keeps the stream open', async () => {
    let closed = false;
    override['tools/call'] = (seen, response) => {
      stream(response);
      response.on('close', () => (closed = true));
      response.write(eventOf(result(seen, {})));
    };
    assert.deepEqual(await lastMessage(rig.post(toolsCall(1))), {
      jsonrpc: '2.0',
      id: 1,
      result: {},
    });
    await until(() => closed);
  });

  it('keeps alive while upstream is silent, before its head and after', async () => {
    let began = false;
    override['tools/call'] = async (seen, response) => {
      await sleep(400);
      began = true;
      stream(response);
      await sleep(200);
      response.end(eventOf(result(seen, { content: [] })));
    };
    const answer = await rig.post(toolsCall(1));
    assert.ok(!began, 'the head does not wait for upstream');
    assert.equal(answer.status, 200);
    const text = await answer.text();
    assert.ok(text.split(': keepalive\n').length >= 5, text);
    assert.deepEqual(messages(text), [{ jsonrpc: '2.0', id: 1, result: { content: [] } }]);
  });

  it('is a sentence when the refusal comes late', async () => {
    override['tools/call'] = async (_seen, response) => {
      await sleep(300);
      response.writeHead(404).end();
    };
    const session = await rig.begin();
    override['initialize'] = override['tools/call'];
    const answer = await rig.post(toolsCall(1), session);
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /tickets says server\./);
    const start = await rig.post({ id: 2, method: 'initialize', params: {} });
    assert.equal(start.status, 200);
    assert.match(await start.text(), /tickets says server.protocolError/);
  });

  it('of a list does not take for ever to begin', async () => {
    override['tools/list'] = () => undefined;
    const { error } = await lastMessage(rig.post({ id: 1, method: 'tools/list' }));
    assert.equal(error?.data?.code, 'server.unavailable');
  });

  it('passes at the pace of the client, and does not fill the memory', async () => {
    const chunk = Buffer.from(`data: ${'x'.repeat(65_500)}\n\n`);
    let sent = 0;
    let stopped = false;
    override['tools/call'] = (_seen, response) => {
      stream(response);
      response.on('close', () => (stopped = true));
      const flood = () => {
        let goesOn = true;
        while (goesOn && !response.destroyed) {
          sent += chunk.byteLength;
          goesOn = response.write(chunk);
        }
      };
      response.on('drain', flood);
      flood();
    };
    const answer = await rig.post(toolsCall(1));
    answer.incoming.pause();
    await sleep(300);
    const before = sent;
    await sleep(200);
    assert.equal(sent, before, 'upstream waits too');
    assert.ok(sent < 32 * 1_048_576, `${sent} bytes under way`);
    answer.destroy();
    // Upstream is let go when the client is gone.
    await until(() => stopped);
  });

  it('of any size passes, and is recognized', async () => {
    const text = 'y'.repeat(3_000_000);
    override['tools/call'] = (_seen, response) => {
      json(response, {
        result: { content: [{ type: 'text', text }], isError: true },
        jsonrpc: '2.0',
        id: 1,
      });
    };
    override['x'] = (_seen, response) => {
      json(response, { jsonrpc: '2.0', id: 'a"b', result: { text } });
    };
    override['y'] = (_seen, response) => {
      json(response, { jsonrpc: '2.0', id: 7, result: { text } });
    };
    const received = messages(await (await rig.post(toolsCall(1))).text());
    assert.equal(received.length, 1);
    assert.deepEqual(received[0]!.result?.['content'], [{ type: 'text', text }]);
    assert.deepEqual(rig.access.calls, [{ tool: 'read', outcome: 'error' }]);
    assert.equal(messages(await (await rig.post({ id: 'a"b', method: 'x' })).text()).length, 1);
    // The answer to another request is none, and nobody reads it.
    const other = messages(await (await rig.post({ id: 8, method: 'y' })).text());
    assert.deepEqual(
      other.map(({ id }) => id),
      [8],
    );
  });

  it('is no longer awaited when the client cancels, or goes', async () => {
    const ended: string[] = [];
    override['tools/call'] = (seen, response) => {
      stream(response);
      response.on('close', () => ended.push((JSON.parse(seen.body) as { id: string }).id));
    };
    const session = await rig.begin();
    const gone = await rig.post({ ...toolsCall(0), id: 'gone' }, session);
    const cancelled = rig.post({ ...toolsCall(0), id: 'cancelled' }, session);
    gone.destroy();
    await until(() => ended.length === 1);
    assert.deepEqual(ended, ['gone']);
    const cancel = { method: 'notifications/cancelled', params: { requestId: 'cancelled' } };
    assert.equal((await rig.post(cancel, session)).status, 202);
    assert.match(await (await cancelled).text(), /tickets says user.cancelled/);
    await until(() => ended.length === 2);
    assert.deepEqual(ended, ['gone', 'cancelled']);
    assert.ok(
      rig.seen.some(({ rpc }) => rpc === 'notifications/cancelled'),
      'upstream is told',
    );
  });
});
