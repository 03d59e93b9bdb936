// Sessions of a client that outlive what they were begun at: nothing of the place before may reach the
// place after, and every request is answered.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
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

describe('a session that was taken up at another place', () => {
  let rig: Rig;
  let override: Record<string, Handle>;
  let places: number;
  beforeEach(async () => {
    places = 0;
    override = {
      initialize: (seen, response) => {
        places += 1;
        const id = { 'mcp-session-id': `place-${places}` };
        json(response, result(seen, { protocolVersion: '2025-11-25', capabilities: {} }), id);
      },
    };
    rig = await createRig((seen, response) => server(override)(seen, response), {
      editor: 'Visual Studio Code',
    });
  });
  afterEach(() => rig.dispose());

  async function begin(name: string): Promise<string> {
    const params = { capabilities: {}, clientInfo: { name } };
    const answer = await rig.post({ id: 'i', method: 'initialize', params });
    await answer.text();
    const session = String(answer.headers['mcp-session-id']);
    await (await rig.post({ method: 'notifications/initialized' }, session)).text();
    return session;
  }
  const goOn = (session: string, from: string) =>
    rig.ask({ method: 'GET', headers: { 'mcp-session-id': session, 'last-event-id': from } });
  const reopen = () => {
    rig.access.close(new ConnectError('exchange.denied'));
    rig.access.open();
  };
  const gets = () => rig.seen.filter(({ method }) => method === 'GET');

  it('does not ask there for the events of the place before, which were of somebody else', async () => {
    override['GET'] = (_seen, response) => {
      stream(response);
    };
    const session = await begin('Visual Studio Code');
    reopen();
    await (await rig.post({ id: 1, method: 'ping' }, session)).text();
    const listening = await goOn(session, 'event-of-place-1');
    await until(() => gets().length === 1);
    assert.deepEqual(
      gets().map(({ headers }) => [headers['mcp-session-id'], headers['last-event-id']]),
      [['place-2', undefined]],
    );
    listening.destroy();
  });

  it('goes on there by events of its own, which the gateway asks for', async () => {
    override['tools/call'] = (_seen, response) => {
      stream(response);
      response.end('id: event-of-place-2\nretry: 10\ndata:\n\n');
    };
    override['GET'] = (_seen, response) => {
      stream(response);
      response.end(eventOf({ jsonrpc: '2.0', id: 5, result: { content: [] } }));
    };
    const session = await begin('another');
    reopen();
    const text = await (await rig.post(toolsCall(5), session)).text();
    assert.deepEqual(messages(text).at(-1)?.result, { content: [] });
    assert.deepEqual(
      gets().map(({ headers }) => [headers['mcp-session-id'], headers['last-event-id']]),
      [['place-2', 'event-of-place-2']],
    );
  });

  it('answers what the client was to ask for at the place before', async () => {
    override['tools/call'] = (_seen, response) => {
      stream(response);
      response.end('id: e1\nretry: 10\ndata:\n\n');
    };
    override['GET'] = (_seen, response) => {
      stream(response);
    };
    const session = await begin('another');
    await (await rig.post(toolsCall(5), session)).text();
    reopen();
    await (await rig.post({ id: 6, method: 'ping' }, session)).text();
    const rest = await goOn(session, 'e1');
    await rest.until((text) => text.includes('"id":5'));
    assert.equal(messages(rest.soFar()).find(({ id }) => id === 5)?.result?.['isError'], true);
    assert.deepEqual(rig.access.calls.length, 1);
    rest.destroy();
  });

  for (const where of ['with an answer', 'on the event stream', 'spelled otherwise'] as const) {
    it(`is none while the client may answer what the place before asked ${where}`, async () => {
      const question = eventOf({ jsonrpc: '2.0', id: 3, method: 'elicitation/create', params: {} });
      const ask: Handle = (_seen, response) => {
        stream(response);
        const isPlain = where !== 'spelled otherwise';
        response.write(isPlain ? question : question.replace('"id"', '"\\u0069d"'));
      };
      override[where === 'on the event stream' ? 'GET' : 'tools/call'] = ask;
      const session = await begin('Visual Studio Code');
      const asked = await (where === 'on the event stream'
        ? rig.listen(session)
        : rig.post(toolsCall(5), session));
      await asked.until((text) => text.includes('elicitation'));
      reopen();
      const list = await rig.post({ id: 6, method: 'tools/list' }, session);
      assert.equal(list.status, 404);
      const answer = await rig.post({ id: 3, result: { action: 'accept' } }, session);
      assert.equal(answer.status, 404);
      assert.ok(!rig.seen.some(({ body }) => body.includes('accept')));
      asked.destroy();
    });
  }

  it('is one where the client has answered all, there or too late', async () => {
    override['tools/call'] = (_seen, response) => {
      stream(response);
      const ask = { jsonrpc: '2.0', method: 'roots/list', params: {} };
      response.write(eventOf({ ...ask, id: 3 }) + eventOf({ ...ask, id: 4 }));
    };
    const session = await begin('Visual Studio Code');
    const call = await rig.post(toolsCall(5), session);
    await call.until((text) => text.split('roots').length === 3);
    await rig.post({ id: 3, result: { roots: [] } }, session);
    reopen();
    assert.equal((await rig.post({ id: 4, result: { roots: [1] } }, session)).status, 202);
    const list = await rig.post({ id: 6, method: 'tools/list' }, session);
    assert.equal(list.status, 200);
    assert.ok(!rig.seen.some(({ body }) => body.includes('[1]')));
    assert.equal(places, 2);
  });
});

describe('an event stream that nobody reads', () => {
  let rig: Rig;
  afterEach(() => rig.dispose());

  it('makes no listeners however often access comes and goes', async () => {
    const warnings: string[] = [];
    const onWarning = ({ message }: Error) => warnings.push(message);
    process.on('warning', onWarning);
    const event = eventOf({ jsonrpc: '2.0', method: 'x', params: { x: 'y'.repeat(60_000) } });
    rig = await createRig(
      server({
        GET: (_seen, response) => {
          stream(response);
          for (let n = 0; n < 100; n++) response.write(event);
        },
      }),
    );
    const listening = await rig.listen(await rig.begin());
    listening.incoming.pause();
    await sleep(300);
    for (let n = 0; n < 20; n++) {
      rig.access.close(new ConnectError('exchange.denied'));
      rig.access.open();
    }
    await sleep(50);
    process.off('warning', onWarning);
    assert.deepEqual(warnings, []);
    listening.destroy();
  });
});

describe('a message that awaits no answer', () => {
  let rig: Rig;
  afterEach(() => rig.dispose());

  it('is not called back from a server that is slow to take it', async () => {
    const aborted: string[] = [];
    rig = await createRig(
      server({
        'notifications/roots/list_changed': ({ rpc }, response) => {
          response.once('close', () => {
            if (!response.writableFinished) aborted.push(rpc);
          });
          setTimeout(() => response.writeHead(202).end(), 200);
        },
      }),
      { limits: { headWaitMs: 30 } },
    );
    const session = await rig.begin();
    const note = await rig.post({ method: 'notifications/roots/list_changed' }, session);
    assert.equal(note.status, 202);
    await note.text();
    await sleep(300);
    assert.deepEqual(aborted, []);
  });
});

describe('a client that says something twice', () => {
  let rig: Rig;
  afterEach(() => rig.dispose());

  it('which session it means: is told so, whatever the method', async () => {
    rig = await createRig(server());
    const session = await rig.begin();
    const headers = { 'mcp-session-id': [session, 'another'] };
    const body = JSON.stringify({ jsonrpc: '2.0', ...toolsCall(1) });
    for (const method of ['POST', 'GET', 'DELETE']) {
      const answer = await rig.ask({ method, headers, ...(method === 'POST' ? { body } : {}) });
      assert.equal(answer.status, 400, method);
      answer.destroy();
    }
    assert.equal((await rig.post(toolsCall(2), session)).status, 200, 'the session is still there');
  });

  it('the id of a request: can still cancel the later one', async () => {
    const under: ServerResponse[] = [];
    rig = await createRig(server({ 'tools/call': (_seen, response) => under.push(response) }));
    const session = await rig.begin();
    const [first, second] = [rig.post(toolsCall(7), session), rig.post(toolsCall(7), session)];
    await until(() => under.length === 2);
    json(under[0]!, { jsonrpc: '2.0', id: 7, result: { content: [] } });
    const answered = await Promise.race([first, second]);
    await answered.text();
    const cancel = { method: 'notifications/cancelled', params: { requestId: 7 } };
    await (await rig.post(cancel, session)).text();
    const texts = await Promise.all([first, second].map(async (one) => (await one).text()));
    assert.ok(texts.some((text) => text.includes('user.cancelled')));
  });
});
