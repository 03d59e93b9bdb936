// What the company grants, and what the model is shown of it: reading alone hides the tools that write;
// more or less than before makes every client list again, without harm to what is under way.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectError } from '../../../src/core/errors.ts';
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

const tools = [
  { name: 'read', annotations: { readOnlyHint: true }, title: 'Read' },
  { name: 'write' },
  { name: 'claims', annotations: { readOnlyHint: 'true' } },
  { name: 'erase', annotations: { readOnlyHint: false, destructiveHint: true } },
];

describe('a grant for reading only', () => {
  let rig: Rig;
  let override: Record<string, Handle>;

  beforeEach(async () => {
    override = {
      'tools/list': (seen, response) => {
        json(response, result(seen, { tools, nextCursor: 'b', _meta: { a: 1 } }));
      },
    };
    rig = await createRig(server(override), { editor: 'Visual Studio Code' });
    rig.access.scopes = ['reading'];
    rig.access.readOnly = true;
  });
  afterEach(() => rig.dispose());

  const namesOf = (listed: unknown) => (listed as { name: string }[]).map(({ name }) => name);
  const list = () => lastMessage(rig.post({ id: 1, method: 'tools/list' }));

  it('leaves out of a list what is not marked as reading, and nothing else', async () => {
    const { result: given } = await list();
    assert.deepEqual(given, { tools: tools.slice(0, 1), nextCursor: 'b', _meta: { a: 1 } });
  });

  it('does so however the list comes: in pieces, among other events, resumed, and large', async () => {
    const long = { ...tools[0], description: 'x'.repeat(300_000) };
    override['tools/list'] = (seen, response) => {
      stream(response);
      const event = eventOf(result(seen, { tools: [long, ...tools] }));
      response.write(eventOf({ jsonrpc: '2.0', method: 'notifications/message', params: {} }));
      response.write(`id: e1\nretry: 10\ndata:\n\n${event.slice(0, 1_000)}`);
      setTimeout(() => response.end(event.slice(1_000)), 30);
    };
    const whole = messages(await (await rig.post({ id: 1, method: 'tools/list' })).text());
    assert.equal(whole[0]?.method, 'notifications/message');
    assert.deepEqual(namesOf(whole[1]?.result?.['tools']), ['read', 'read']);

    override['tools/list'] = (_seen, response) => {
      stream(response);
      response.end('id: e1\nretry: 10\ndata:\n\n');
    };
    override['GET'] = (_seen, response) => {
      stream(response);
      response.end(eventOf({ jsonrpc: '2.0', id: 1, result: { tools } }));
    };
    // Of a client that would go after it itself: what is narrowed must come through the gateway's hands.
    const params = { capabilities: {}, clientInfo: { name: 'another', version: '1' } };
    const start = await rig.post({ id: 'i', method: 'initialize', params });
    await start.text();
    const session = String(start.headers['mcp-session-id']);
    await (await rig.post({ method: 'notifications/initialized' }, session)).text();
    const resumed = await lastMessage(rig.post({ id: 1, method: 'tools/list' }, session));
    assert.deepEqual(namesOf(resumed.result?.['tools']), ['read']);

    override['tools/list'] = (seen, response) => {
      json(response, result(seen, { tools: [long, ...tools] }));
    };
    assert.deepEqual(namesOf((await list()).result?.['tools']), ['read', 'read']);
  });

  it('does not read a list without end', async () => {
    override['tools/list'] = (_seen, response) => {
      stream(response);
      const line = `data: ${'x'.repeat(65_536)}\n`;
      const flood = () => {
        while (!response.destroyed && response.write(line));
      };
      response.on('drain', flood);
      flood();
    };
    assert.equal((await list()).error?.data?.code, 'server.protocolError');
  });

  it('refuses a call by name of anything that was not marked, and asks nobody', async () => {
    override['tools/list'] = (seen, response) => {
      json(response, result(seen, { tools }));
    };
    await list();
    for (const [name, isAllowed] of [
      ['read', true],
      ['write', false],
      ['claims', false],
      ['erase', false],
      ['unheard', false],
    ] as const) {
      const before = rig.seen.length;
      const { result: given } = await lastMessage(rig.post(toolsCall(2, name)));
      assert.equal(given?.['isError'] === true, !isAllowed, name);
      assert.equal(rig.seen.length - before, isAllowed ? 1 : 0, name);
      if (!isAllowed) assert.match(JSON.stringify(given), /tickets says server.insufficientScope/);
    }
    assert.deepEqual(rig.access.refusals, [], 'the connection stays open');
  });

  it('that ends shows and runs everything again', async () => {
    await list();
    rig.access.readOnly = false;
    assert.equal(namesOf((await list()).result?.['tools']).length, 4);
    const { result: given } = await lastMessage(rig.post(toolsCall(2, 'erase')));
    assert.notEqual(given?.['isError'], true);
  });

  it('leaves the record of what the server has as it is', async () => {
    override['tools/list'] = (seen, response) => {
      json(response, result(seen, { tools }));
    };
    await list();
    assert.deepEqual(
      rig.access.listed.at(-1)?.map(({ name, readOnly }) => [name, readOnly]),
      [
        ['read', true],
        ['write', false],
        ['claims', false],
        ['erase', false],
      ],
    );
  });
});

describe('a grant that changes', () => {
  let rig: Rig;
  let override: Record<string, Handle>;

  beforeEach(async () => {
    override = {};
    rig = await createRig(server(override));
    rig.access.scopes = ['read', 'write'];
  });
  afterEach(() => rig.dispose());

  const grant = (...scopes: string[]) => {
    rig.access.scopes = scopes;
    rig.access.touch();
  };
  const heard = (text: string) => messages(text).flatMap(({ method }) => method ?? []);
  const all = ['tools', 'prompts', 'resources'].map((one) => `notifications/${one}/list_changed`);

  it('makes clients list again, once, and only when it is another', async () => {
    const session = await rig.begin();
    const listener = await rig.listen(session);
    grant('read', 'write');
    grant('write', 'read');
    await sleep(50);
    assert.deepEqual(heard(listener.soFar()), []);
    grant('read');
    await listener.until((text) => text.includes('resources/list_changed'));
    rig.access.scopes = undefined;
    rig.access.touch();
    grant('read');
    await sleep(50);
    assert.deepEqual(heard(listener.soFar()), all);
    rig.access.readOnly = true;
    rig.access.touch();
    await listener.until((text) => text.split('resources/list_changed').length === 3);
    listener.destroy();
  });

  it('waits for the end of an event under way, of which nothing is lost', async () => {
    let up: Parameters<Handle>[1] | undefined;
    override['GET'] = (_seen, response) => {
      stream(response);
      up = response;
      response.write('data: {"jsonrpc":"2.0","method":"notifications/first"');
    };
    const listener = await rig.listen(await rig.begin());
    await listener.until((text) => text.includes('first'));
    grant('read');
    await sleep(50);
    assert.doesNotMatch(listener.soFar(), /list_changed/);
    up?.write('}\n');
    await sleep(30);
    up?.write('\ndata: {"jsonrpc":"2.0","method":"notifications/second"}\n\n');
    await listener.until((text) => text.includes('second') && text.includes('resources/list'));
    assert.deepEqual(
      heard(listener.soFar()).sort(),
      [...all, 'notifications/first', 'notifications/second'].sort(),
    );
    listener.destroy();
  });

  it('ends an event under way when the connection closes: tools vanish at once', async () => {
    override['GET'] = (_seen, response) => {
      stream(response);
      response.write('data: {"jsonrpc":"2.0","method":"notifications/first"');
    };
    const listener = await rig.listen(await rig.begin());
    await listener.until((text) => text.includes('first'));
    rig.access.close(new ConnectError('exchange.denied'));
    await listener.until((text) => text.includes('resources/list_changed'));
    assert.deepEqual(heard(listener.soFar()), all);
    listener.destroy();
  });

  describe('to a client without sessions', () => {
    const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
    const agreed = (id: unknown) => ({
      jsonrpc: '2.0',
      method: 'notifications/subscriptions/acknowledged',
      params: { _meta: { 'io.modelcontextprotocol/subscriptionId': id } },
    });
    const listen = (id: number | string, notifications: object) =>
      rig.post({ id, method: 'subscriptions/listen', params: { _meta, notifications } });

    it('is told where it listens, as far as it asked, behind the server that agreed', async () => {
      let agree: (() => void) | undefined;
      override['subscriptions/listen'] = (seen, response) => {
        stream(response);
        agree = () =>
          response.write(eventOf(agreed((JSON.parse(seen.body) as { id: unknown }).id)));
      };
      const listener = await listen('s-1', { toolsListChanged: true });
      await until(() => agree !== undefined);
      grant('read');
      await sleep(30);
      assert.deepEqual(heard(listener.soFar()), []);
      agree?.();
      await listener.until((text) => text.includes('acknowledged'));
      grant('read', 'more');
      await listener.until((text) => text.includes('tools/list_changed'));
      await sleep(30);
      const [, changed, ...more] = messages(listener.soFar());
      assert.deepEqual(changed, {
        jsonrpc: '2.0',
        method: 'notifications/tools/list_changed',
        params: { _meta: { 'io.modelcontextprotocol/subscriptionId': 's-1' } },
      });
      assert.deepEqual(more, []);
      listener.destroy();
    });

    it('is told why its subscription ends when access is removed', async () => {
      override['subscriptions/listen'] = (_seen, response) => {
        stream(response);
        response.write(eventOf(agreed(7)));
      };
      const listener = await listen(7, { toolsListChanged: true });
      await listener.until((text) => text.includes('acknowledged'));
      rig.access.close(new ConnectError('exchange.denied'));
      const last = messages(await listener.text()).at(-1);
      assert.deepEqual([last?.id, last?.error?.data?.code], [7, 'exchange.denied']);
    });
  });
});
