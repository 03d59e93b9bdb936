// Who asks for the rest of a broken-off answer: the gateway for VS Code, which would wait for ever, and
// every other client for itself.
import assert from 'node:assert/strict';
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
  toolsCall,
  until,
  type Handle,
  type Rig,
} from './rig.ts';

const editor = 'Visual Studio Code';

describe('an answer that broke off', () => {
  let rig: Rig;
  let override: Record<string, Handle>;

  beforeEach(async () => {
    override = {
      'tools/call': (_seen, response) => {
        stream(response);
        response.end('id: e1\nretry: 10\ndata:\n\n');
      },
    };
    rig = await createRig(server(override), { editor });
  });
  afterEach(() => rig.dispose());

  async function begin(name: string): Promise<string> {
    const params = { capabilities: {}, clientInfo: { name, version: '1' } };
    const start = await rig.post({ id: 'i', method: 'initialize', params });
    await start.text();
    const session = String(start.headers['mcp-session-id']);
    await (await rig.post({ method: 'notifications/initialized' }, session)).text();
    return session;
  }
  const goOn = (session: string, lastEventId: string) =>
    rig.ask({
      method: 'GET',
      headers: { 'mcp-session-id': session, 'last-event-id': lastEventId },
    });
  const gets = () => rig.seen.filter(({ method }) => method === 'GET');

  it('is asked for by the gateway where VS Code waits', async () => {
    override['GET'] = (_seen, response) => {
      stream(response);
      response.end(eventOf({ jsonrpc: '2.0', id: 1, result: { content: [] } }));
    };
    const text = await (await rig.post(toolsCall(1), await begin(editor))).text();
    assert.deepEqual(messages(text).at(-1)?.result, { content: [] });
    assert.equal(gets().length, 1);
  });

  it('is asked for by any other client, which is told where it was', async () => {
    override['GET'] = (seen, response) => {
      stream(response);
      if (seen.headers['last-event-id'] === 'e1')
        response.end(`id: e2\n${eventOf({ jsonrpc: '2.0', id: 1, result: { content: [] } })}`);
    };
    const session = await begin('another');
    const text = await (await rig.post(toolsCall(1), session)).text();
    assert.equal(text, 'id: e1\nretry: 10\ndata:\n\n');
    assert.deepEqual([gets().length, rig.access.calls], [0, []]);
    const rest = await (await goOn(session, 'e1')).text();
    assert.deepEqual(messages(rest).at(-1)?.result, { content: [] });
    assert.deepEqual(rig.access.calls, [{ tool: 'read', outcome: 'ok' }]);
    assert.equal(rig.seen.filter(({ rpc }) => rpc === 'tools/call').length, 1);
  });

  it('in the middle of an event leaves that event out', async () => {
    override['tools/call'] = (_seen, response) => {
      stream(response);
      response.end('id: e1\ndata:\n\nid: e2\ndata: {"jsonrpc":"2.0","id":1,"res');
    };
    const text = await (await rig.post(toolsCall(1), await begin('another'))).text();
    assert.deepEqual(messages(text), []);
    assert.match(text, /event: ignored\n\n$/);
  });

  it('is a sentence on the stream where the server does not know it any more', async () => {
    override['GET'] = (_seen, response) => response.writeHead(405).end();
    const session = await begin('another');
    await (await rig.post(toolsCall(1), session)).text();
    const rest = await goOn(session, 'e1');
    await rest.until((text) => text.includes('answerMissing'));
    const [answer] = messages(rest.soFar());
    assert.deepEqual([answer?.id, answer?.result?.['isError']], [1, true]);
    assert.deepEqual(rig.access.calls, [{ tool: 'read', outcome: 'error' }]);
    rest.destroy();
  });

  for (const when of ['before the client asks', 'while the client listens'] as const) {
    it(`is the reason on the stream where access was removed ${when}`, async () => {
      override['GET'] = (_seen, response) => {
        stream(response);
      };
      const session = await begin('another');
      await (await rig.post(toolsCall(1), session)).text();
      if (when === 'before the client asks') rig.access.close(new ConnectError('exchange.denied'));
      const rest = await goOn(session, 'e1');
      await sleep(50);
      if (when === 'while the client listens')
        rig.access.close(new ConnectError('exchange.denied'));
      await rest.until((text) => text.includes('exchange.denied'));
      const answer = messages(rest.soFar()).find(({ id }) => id === 1);
      assert.equal(answer?.result?.['isError'], true);
      assert.deepEqual(rig.access.calls, [{ tool: 'read', outcome: 'denied' }]);
      rest.destroy();
    });
  }

  it('is forgotten, not kept without end, where no client ever asks', async () => {
    const session = await begin('another');
    for (let id = 0; id < 70; id++) await (await rig.post(toolsCall(id), session)).text();
    await until(() => rig.access.calls.length === 6);
    assert.ok(rig.access.calls.every(({ outcome }) => outcome === 'error'));
  });

  it('is asked for by the gateway where nobody has said what VS Code calls itself', async () => {
    await rig.dispose();
    rig = await createRig(server(override));
    override['GET'] = (_seen, response) => {
      stream(response);
      response.end(eventOf({ jsonrpc: '2.0', id: 1, result: { content: [] } }));
    };
    const text = await (await rig.post(toolsCall(1), await begin('another'))).text();
    assert.deepEqual(messages(text).at(-1)?.result, { content: [] });
  });
});

describe('a short JSON answer', () => {
  it('stays what it is, byte for byte, when it comes soon and whole', async () => {
    const body = '{ "jsonrpc":"2.0",\n "id":1, "result": {"content":[],"n":12345678901234567890}}';
    const rig = await createRig(
      server({
        'tools/call': (_seen, response) =>
          response.writeHead(200, { 'content-type': 'application/json' }).end(body),
      }),
    );
    const answer = await rig.post(toolsCall(1));
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.equal(await answer.text(), body);
    await rig.dispose();
  });

  it('that breaks off was never begun: the client reads why, and not half of it', async () => {
    const rig = await createRig(
      server({
        'tools/call': (_seen, response) => {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.write('{"jsonrpc":"2.0","id":1,"result":{"cont');
          setTimeout(() => response.destroy(), 50);
        },
      }),
    );
    const text = await (await rig.post(toolsCall(1))).text();
    assert.equal(messages(text).length, 1);
    assert.ok(text.startsWith('data: {"jsonrpc":"2.0","id":1,"result":{"content":['));
    assert.match(text, /gateway.answerMissing/);
    await rig.dispose();
  });

  it('to another request, alone or in a batch, is not passed for an answer', async () => {
    const bodies = [
      '{"jsonrpc":"2.0","id":2,"result":{}}',
      '[{"jsonrpc":"2.0","id":2,"result":{}}]',
    ];
    for (const body of bodies) {
      const rig = await createRig(
        server({
          'tools/call': (_seen, response) =>
            response.writeHead(200, { 'content-type': 'application/json' }).end(body),
        }),
      );
      const answer = await rig.post(toolsCall(1));
      assert.equal(answer.headers['content-type'], 'text/event-stream');
      assert.match(await answer.text(), /gateway.answerMissing/);
      await rig.dispose();
    }
  });

  it('that comes late is an event of a stream that was kept alive', async () => {
    const rig = await createRig(
      server({
        'tools/call': (seen, response) => {
          setTimeout(() => {
            json(response, result(seen, { content: [] }));
          }, 150);
        },
      }),
      { limits: { headWaitMs: 30, keepAliveMs: 30 } },
    );
    const answer = await rig.post(toolsCall(1));
    const text = await answer.text();
    assert.equal(answer.headers['content-type'], 'text/event-stream');
    assert.match(text, /: keepalive/);
    assert.deepEqual(messages(text).at(-1)?.result, { content: [] });
    await rig.dispose();
  });
});
