// Upstream dies or breaks off: the client is answered all the same, and no call is made twice.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { ConnectError, type ErrorCode } from '../../../src/core/errors.ts';
import {
  createRig,
  eventOf,
  lastMessage,
  messages,
  server,
  stream,
  toolsCall,
  type Handle,
  type Rig,
} from './rig.ts';

const progress = (n: number) =>
  eventOf({ jsonrpc: '2.0', method: 'notifications/progress', params: { progress: n } });

describe('an interrupted answer', () => {
  let rig: Rig;
  let override: Record<string, Handle>;
  beforeEach(async () => {
    override = {};
    rig = await createRig((seen, response) => server(override)(seen, response));
  });
  afterEach(() => rig.dispose());

  const deaths: Record<string, (response: ServerResponse) => void> = {
    'before any event': (response) => {
      stream(response);
      setTimeout(() => response.destroy(), 10);
    },
    'in the middle of an event': (response) => {
      stream(response);
      response.write(`${progress(1)}data: {"jsonrpc":"2.0","id":1,"res`);
      setTimeout(() => response.destroy(), 10);
    },
    'between two lines of an event': (response) => {
      stream(response);
      response.write(`${progress(1)}data: {"jsonrpc":"2.0",\n`);
      setTimeout(() => response.destroy(), 10);
    },
    'in the middle of JSON': (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 500 });
      response.write('{"jsonrpc":"2.0","id":1,"result":{"content":[');
      setTimeout(() => response.destroy(), 10);
    },
    'by a plain end without the answer': (response) => {
      stream(response);
      response.end(progress(1));
    },
    'by an end in the middle of an event': (response) => {
      stream(response);
      response.end('data: {"jsonrpc":"2.0","id":1,"result":{}}\n');
    },
    'after the answer to something else': (response) => {
      stream(response);
      response.end(eventOf({ jsonrpc: '2.0', id: '1', result: {} }));
    },
    'after a request with the same id': (response) => {
      stream(response);
      response.end(eventOf({ jsonrpc: '2.0', id: 1, method: 'ping' }));
    },
  };
  for (const [how, die] of Object.entries(deaths)) {
    it(`comes though upstream dies ${how}`, async () => {
      override['tools/call'] = (_seen, response) => {
        die(response);
      };
      const answer = await lastMessage(rig.post(toolsCall(1)));
      assert.deepEqual(answer, {
        jsonrpc: '2.0',
        id: 1,
        result: {
          content: [{ type: 'text', text: 'tickets says gateway.answerMissing' }],
          isError: true,
          _meta: { 'enterprise-mcp/code': 'gateway.answerMissing' },
        },
      });
      assert.equal(rig.seen.filter(({ rpc }) => rpc === 'tools/call').length, 1);
      assert.deepEqual(rig.access.calls, [{ tool: 'read', outcome: 'error' }]);
    });
  }

  for (const method of ['initialize', 'tools/list', 'ping']) {
    it(`comes though the stream for ${method} stays silent`, async () => {
      const impatient = await createRig(
        (seen, response) =>
          server({
            [method]: () => {
              stream(response);
            },
          })(seen, response),
        { limits: { listMs: 60, keepAliveMs: 20 } },
      );
      const before = Date.now();
      const answer = await lastMessage(impatient.post({ id: 1, method, params: {} }));
      assert.deepEqual([answer.id, answer.error?.data?.code], [1, 'server.unavailable']);
      assert.ok(Date.now() - before < 1_000);
      await impatient.dispose();
    });
  }

  it('comes to a call whose stream is silent for longer than a list may be', async () => {
    const impatient = await createRig(
      (_seen, response) => {
        stream(response);
        const answer = { jsonrpc: '2.0', id: 1, result: { content: [] } };
        setTimeout(() => response.end(eventOf(answer)), 150);
      },
      { limits: { listMs: 40 } },
    );
    assert.deepEqual((await lastMessage(impatient.post(toolsCall(1)))).result, { content: [] });
    await impatient.dispose();
  });

  it('comes though there are no words for what happened', async () => {
    rig.access.upstreams.sentence = () => {
      throw new TypeError('no such code');
    };
    override['tools/list'] = (_seen, response) => response.writeHead(503).end();
    const answers = [
      await rig.post({ id: 1, method: 'tools/list' }),
      await rig.ask({ body: '{' }),
      await (async () => {
        rig.access.close(new ConnectError('exchange.denied'));
        return rig.post({ id: 2, method: 'prompts/get' });
      })(),
    ];
    const said = [];
    for (const answer of answers) {
      const { error } = await lastMessage(answer);
      assert.match(error?.message ?? '', /^.{20,}\.$/);
      said.push([answer.status, error?.data?.code]);
    }
    assert.deepEqual(said, [
      [200, 'server.unavailable'],
      [400, 'gateway.messageInvalid'],
      [200, 'exchange.denied'],
    ]);
    // Not even for the code: one that is none of ours.
    const code = Object as unknown as ErrorCode;
    rig.access.close(new ConnectError(code));
    const { error } = await lastMessage(rig.post({ id: 3, method: 'prompts/get' }));
    assert.equal(error?.data?.code, 'bug');
  });

  it('is taken up again where upstream broke it off and said how', async () => {
    const session = await rig.begin();
    override['tools/call'] = (_seen, response) => {
      stream(response);
      response.end('id: e1\nretry: 10\ndata:\n\n');
    };
    override['GET'] = (seen, response) => {
      stream(response);
      if (seen.headers['last-event-id'] === 'e1')
        response.end(`id: e2\n${progress(1)}id: e3\ndata: {"jsonr`);
      else response.end(`id: e4\n${eventOf({ jsonrpc: '2.0', id: 1, result: { content: [] } })}`);
    };
    const text = await (await rig.post(toolsCall(1), session)).text();
    assert.deepEqual(
      messages(text).map(({ method, result: given }) => method ?? given),
      ['notifications/progress', { content: [] }],
    );
    const asked = rig.seen.filter(({ method }) => method === 'GET');
    assert.deepEqual(
      asked.map(({ headers }) => headers['last-event-id']),
      ['e1', 'e2'],
    );
    assert.equal(asked[0]!.headers['mcp-session-id'], 'upstream-session');
    assert.equal(rig.seen.filter(({ rpc }) => rpc === 'tools/call').length, 1);
  });

  it('is not waited for when the server no longer knows where it was', async () => {
    override['tools/call'] = (_seen, response) => {
      stream(response);
      response.end('id: e1\ndata:\n\n');
    };
    const answer = await lastMessage(rig.post(toolsCall(1), await rig.begin()));
    assert.match(JSON.stringify(answer), /gateway.answerMissing/);
  });
});
