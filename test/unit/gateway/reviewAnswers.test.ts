// What a hostile server makes of its answers: the gateway must take for the answer what the client takes
// for it, no more and no less, or a request is never answered and the record is wrong.
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

describe('an answer is what the client takes for one', () => {
  let rig: Rig;
  let override: Record<string, Handle>;
  beforeEach(async () => {
    override = {};
    rig = await createRig((seen, response) => server(override)(seen, response));
  });
  afterEach(() => rig.dispose());
  const done = { content: [{ type: 'text', text: 'done' }] };
  const call = async () => messages(await (await rig.post(toolsCall(7))).text());

  for (const kind of ['event: other', 'event: message\nevent: other', 'event:other']) {
    it(`not an event of a kind nobody reads: ${JSON.stringify(kind)}`, async () => {
      override['tools/call'] = (seen, response) => {
        stream(response);
        response.write(`${kind}\n${eventOf(result(seen, done))}`);
        setTimeout(() => response.end(eventOf(result(seen, { content: [] }))), 30);
      };
      const answers = await call();
      assert.deepEqual(answers.at(-1)?.result, { content: [] });
      assert.equal(answers.length, 1);
    });
  }

  it('not what stands before the true answer under another kind of event', async () => {
    override['tools/call'] = (seen, response) => {
      stream(response);
      const failed = result(seen, { content: [], isError: true });
      response.end(`event: other\n${eventOf(result(seen, done))}${eventOf(failed)}`);
    };
    assert.equal((await call()).at(-1)?.result?.['isError'], true);
    assert.deepEqual(rig.access.calls, [{ tool: 'read', outcome: 'error' }]);
  });

  it('an event whose kind is said to be a message last, and behind its data', async () => {
    override['tools/call'] = (seen, response) => {
      stream(response);
      response.write(`event: other\n${eventOf(result(seen, done)).slice(0, -1)}event: message\n\n`);
    };
    const answer = await rig.post(toolsCall(7));
    await until(() => rig.access.calls.length === 1);
    assert.deepEqual(rig.access.calls, [{ tool: 'read', outcome: 'ok' }]);
    await answer.text();
  });

  for (const long of [
    (id: unknown) =>
      `{"method":"sampling/createMessage","params":{"x":"${'x'.repeat(1_200_000)}"},"jsonrpc":"2.0","id":${String(id)}}`,
    (id: unknown) =>
      `{"jsonrpc":"2.0","method":"elicitation/create","params":{"x":"${'x'.repeat(1_200_000)}"},"id":${String(id)}}`,
  ]) {
    it(`not a long question of the server that has the same id: ${long('').slice(0, 20)}`, async () => {
      override['tools/call'] = (seen, response) => {
        stream(response);
        response.write(`data: ${long(7)}\n\n`);
        setTimeout(() => response.end(eventOf(result(seen, done))), 400);
      };
      const answers = await call();
      assert.deepEqual([answers.length, answers.at(-1)?.result], [2, done]);
      assert.deepEqual(rig.access.calls, [{ tool: 'read', outcome: 'ok' }]);
    });
  }

  it('a long one that speaks of a method, or has its id in the middle', async () => {
    const text = 'x'.repeat(1_200_000);
    override['tools/call'] = (seen, response) => {
      stream(response);
      const value = { structuredContent: { method: 'GET' }, content: [{ type: 'text', text }] };
      response.end(eventOf(result(seen, value)));
    };
    assert.equal((await call()).length, 1);
    assert.deepEqual(rig.access.calls, [{ tool: 'read', outcome: 'ok' }]);
  });

  for (const [how, spell] of [
    ['with its id spelled otherwise', (text: string) => text.replace('"id"', '"\\u0069d"')],
    ['in a batch', (text: string) => `[${text}]`],
    ['in a batch with others', (text: string) => `[{"jsonrpc":"2.0","method":"x"},${text}]`],
  ] as const) {
    for (const as of ['an event', 'JSON'] as const) {
      it(`one ${how}, as ${as}`, async () => {
        override['tools/call'] = (seen, response) => {
          const text = spell(JSON.stringify(result(seen, done)));
          if (as === 'JSON') response.writeHead(200, { 'content-type': 'application/json' });
          else stream(response);
          response.end(as === 'JSON' ? text : `data: ${text}\n\n`);
        };
        const text = await (await rig.post(toolsCall(7))).text();
        await until(() => rig.access.calls.length === 1);
        assert.deepEqual(rig.access.calls, [{ tool: 'read', outcome: 'ok' }]);
        assert.equal(text.split('jsonrpc').length - 1, how.includes('others') ? 2 : 1);
      });
    }
  }

  it('not one to another request, which comes behind the back of who watches that one', async () => {
    const session = await rig.begin();
    const lists: (() => void)[] = [];
    override['tools/list'] = (seen, response) => {
      lists.push(() => {
        json(response, result(seen, { tools: [{ name: 'good' }] }));
      });
    };
    const evil = { jsonrpc: '2.0', id: 9, result: { tools: [{ name: 'evil' }] } };
    const long = { ...evil, result: { ...evil.result, x: 'x'.repeat(1_200_000) } };
    const late = { result: long.result, id: 9, jsonrpc: '2.0' };
    const note = {
      jsonrpc: '2.0',
      method: 'notifications/x',
      params: { x: 'y'.repeat(1_200_000) },
    };
    const all = [evil, long, late, { ...evil, id: '9' }, note].map(eventOf).join('');
    const both = `data: [${JSON.stringify({ jsonrpc: '2.0', id: 7, result: {} })},${JSON.stringify(evil)}]\n\n`;
    override['GET'] = (_seen, response) => {
      stream(response);
      response.write(all);
    };
    override['tools/call'] = (seen, response) => {
      stream(response);
      response.end(both + all + eventOf(result(seen, done)));
    };
    const list = rig.post({ id: 9, method: 'tools/list' }, session);
    const listening = await rig.listen(session);
    await listening.until((text) => text.includes('notifications/x') && text.endsWith('\n\n'));
    const calling = await (await rig.post(toolsCall(7), session)).text();
    for (const text of [listening.soFar(), calling]) {
      assert.ok(!messages(text).some(({ id }) => id === 9 || id === '9'));
      assert.ok(messages(text).some(({ method }) => method === 'notifications/x'));
    }
    assert.deepEqual(messages(calling).at(-1)?.result, done);
    assert.equal(messages(calling).length, 2);
    lists[0]?.();
    assert.match(await (await list).text(), /good/);
    assert.deepEqual(
      rig.access.listed.map((tools) => tools.map(({ name }) => name)),
      [['good']],
    );
    listening.destroy();
  });

  for (const stateless of [false, true]) {
    it(`not what stands beside an error: ${stateless ? 'without' : 'in'} a session`, async () => {
      override['tools/list'] = (seen, response) => {
        const both = {
          ...result(seen, { tools: [{ name: 'evil' }] }),
          error: { code: 1, message: '' },
        };
        response.writeHead(422, { 'content-type': 'application/json' }).end(JSON.stringify(both));
      };
      const session = stateless ? undefined : await rig.begin();
      const headers: Record<string, string> = stateless ? { 'mcp-method': 'tools/list' } : {};
      const text = await (await rig.post({ id: 1, method: 'tools/list' }, session, headers)).text();
      assert.doesNotMatch(text, /evil|result/);
      assert.match(text, /"error":\{"code":1/);
    });
  }

  it('once: a removal while the client still reads does not answer again', async () => {
    override['tools/call'] = (seen, response) => {
      const { id } = JSON.parse(seen.body) as { id: number };
      const text = 'x'.repeat(id * 5_000);
      stream(response);
      response.write(eventOf(result(seen, { content: [{ type: 'text', text }] })));
    };
    const ids = Array.from({ length: 100 }, (_, n) => n + 1);
    const answers = await Promise.all(
      ids.map(async (id) => {
        const answer = await rig.post(toolsCall(id, `tool ${id}`));
        answer.incoming.pause();
        return answer;
      }),
    );
    await sleep(300);
    rig.access.close(new ConnectError('exchange.denied'));
    await until(() => rig.access.calls.length === ids.length);
    for (const [at, answer] of answers.entries()) {
      answer.incoming.resume();
      const given = messages(await answer.text());
      assert.equal(given.length, 1, `${at + 1}`);
      const outcome = given[0]?.result?.['isError'] === true ? 'denied' : 'ok';
      const tool = `tool ${at + 1}`;
      assert.deepEqual(
        rig.access.calls.find((one) => one.tool === tool),
        { tool, outcome },
      );
    }
  });

  it('once: what is too large to be narrowed is a sentence, though it was the answer', async () => {
    rig.access.scopes = ['reading'];
    rig.access.readOnly = true;
    override['tools/list'] = (seen, response) => {
      const tools = [{ name: 'read', description: 'x'.repeat(9_000_000) }];
      json(response, result(seen, { tools }));
    };
    const text = await (await rig.post({ id: 3, method: 'tools/list' })).text();
    const answers = messages(text);
    assert.deepEqual([answers.length, answers[0]?.id, typeof answers[0]?.error], [1, 3, 'object']);
  });
});
