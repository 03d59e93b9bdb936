// Ways round what the gateway watches of tools: a grant for reading only, the record of calls, and the
// notice of tools that became others.
import assert from 'node:assert/strict';
import {
  createRig,
  json,
  lastMessage,
  result,
  server,
  stream,
  tokenCalled,
  toolsCall,
  type Handle,
  type Rig,
} from './rig.ts';

const reading = { annotations: { readOnlyHint: true } };

describe('a grant for reading only holds', () => {
  let rig: Rig;
  let override: Record<string, Handle>;
  beforeEach(async () => {
    override = {};
    rig = await createRig((seen, response) => server(override)(seen, response));
    rig.access.scopes = ['reading'];
    rig.access.readOnly = true;
  });
  afterEach(() => rig.dispose());
  const list = async () => (await rig.post({ id: 1, method: 'tools/list' })).text();
  const called = () => rig.seen.filter(({ body }) => body.includes('"tools/call"')).length;

  it('for a call that awaits no answer, which is none', async () => {
    const session = await rig.begin();
    const { method, params } = toolsCall(1, 'write');
    for (const name of ['write', 'read']) {
      const answer = await rig.post({ method, params: { ...params, name } }, session);
      assert.equal(answer.status, 400);
    }
    assert.equal(called(), 0);
  });

  for (const [how, wrapped] of [
    ['a batch', (text: string) => `[${text}]`],
    ['a batch with others', (text: string) => `[{"jsonrpc":"2.0","method":"x"},${text}]`],
    ['other spelling', (text: string) => text.replace('"tools"', '"tool\\u0073"')],
  ] as const) {
    for (const as of ['an event', 'JSON'] as const) {
      it(`for a list in ${how}, as ${as}`, async () => {
        override['tools/list'] = (seen, response) => {
          const tools = [{ name: 'read', ...reading }, { name: 'write' }];
          const text = wrapped(JSON.stringify(result(seen, { tools })));
          if (as === 'JSON') response.writeHead(200, { 'content-type': 'application/json' });
          else stream(response);
          response.end(as === 'JSON' ? text : `data: ${text}\n\n`);
        };
        assert.doesNotMatch(await list(), /write/);
        assert.deepEqual(
          rig.access.listed.map((tools) => tools.map(({ name }) => name)),
          [['read', 'write']],
        );
      });
    }
  }

  it('for the first call at a connection that stood by', async () => {
    await list();
    const { access } = rig;
    access.scopes = undefined;
    const token = tokenCalled('token-1');
    // What is granted is known once there is a token.
    Object.defineProperty(access, 'token', {
      get: () => {
        access.scopes = ['reading'];
        return token;
      },
    });
    const answer = await lastMessage(rig.post(toolsCall(2, 'write')));
    assert.equal(answer.result?.['isError'], true);
    assert.equal(called(), 0);
    assert.ok((await lastMessage(rig.post(toolsCall(3, 'read')))).result?.['isError'] !== true);
  });

  it('for a long name that begins like that of another', async () => {
    const name = 'n'.repeat(128);
    override['tools/list'] = (seen, response) => {
      const tools = [{ name }, { name: `${name}-read`, ...reading }];
      json(response, result(seen, { tools }));
    };
    await list();
    await lastMessage(rig.post(toolsCall(2, name)));
    assert.equal(called(), 0);
  });

  it('for a name that is there twice', async () => {
    override['tools/list'] = (seen, response) => {
      json(response, result(seen, { tools: [{ name: 'both', ...reading }, { name: 'both' }] }));
    };
    await list();
    await lastMessage(rig.post(toolsCall(2, 'both')));
    assert.equal(called(), 0);
  });
});

describe('tools that became others are noticed', () => {
  let rig: Rig;
  let override: Record<string, Handle>;
  let session: string;
  const tool = (name: string, description = 'does it') => ({ name, description, ...reading });
  const before = [tool('a'), tool('b')];
  beforeEach(async () => {
    override = { 'tools/list': (seen, response) => json(response, result(seen, pageOne)) };
    rig = await createRig((seen, response) => server(override)(seen, response));
    pageOne = { tools: before };
    session = await rig.begin();
    await all();
  });
  afterEach(() => rig.dispose());
  let pageOne: object;

  /** As VS Code does: until there is no cursor at all. */
  async function all(): Promise<void> {
    let cursor: unknown;
    do {
      const params = { cursor };
      const answer = rig.post({ id: 1, method: 'tools/list', params }, session);
      cursor = (await lastMessage(answer)).result?.['nextCursor'];
    } while (cursor !== undefined);
  }
  const changed = () => rig.access.changes.map((one) => [...one.added, ...one.changed]);

  it('behind another of the same name', async () => {
    pageOne = { tools: [tool('a', 'mails all of it'), ...before] };
    await all();
    assert.deepEqual(changed(), [['a']]);
    await all();
    assert.equal(changed().length, 1);
  });

  it('behind a long name that begins alike', async () => {
    const long = 'n'.repeat(128);
    const tools = [tool(`${long}1`), tool(`${long}2`)];
    pageOne = { tools };
    await all();
    pageOne = { tools: [tool(`${long}1`, 'mails all of it'), tools[1]] };
    await all();
    assert.equal(changed().length, 2);
  });

  for (const nextCursor of [7, true, false, '', { at: 2 }] as const) {
    it(`on a page behind a strange cursor: ${JSON.stringify(nextCursor)}`, async () => {
      override['tools/list'] = (seen, response) => {
        const { params } = JSON.parse(seen.body) as { params: { cursor?: unknown } };
        const isFirst = params.cursor === undefined;
        const page = isFirst ? { tools: before, nextCursor } : { tools: [tool('c')] };
        json(response, result(seen, page));
      };
      await all();
      assert.deepEqual(changed(), [['c']]);
      assert.equal(rig.access.listed.at(-1)?.length, 3);
    });
  }

  it('where the client takes a strange cursor for the end', async () => {
    pageOne = { tools: [...before, tool('c')], nextCursor: '' };
    await lastMessage(rig.post({ id: 1, method: 'tools/list' }, session));
    assert.deepEqual(changed(), [['c']]);
  });

  it('in a list too long to be kept', async () => {
    pageOne = { tools: [...before, tool('c')], _meta: { x: 'x'.repeat(1_200_000) } };
    await all();
    assert.deepEqual(changed(), [['c']]);
  });

  it('or there is no list: what cannot be looked at does not pass', async () => {
    pageOne = { tools: [...before, tool('c')], _meta: { x: 'x'.repeat(9_000_000) } };
    const { error } = await lastMessage(rig.post({ id: 1, method: 'tools/list' }, session));
    assert.equal(error?.data?.code, 'server.protocolError');
  });

  it('behind more tools than are counted', async () => {
    const many = Array.from({ length: 1_000 }, (_, n) => tool(`t${n}`));
    pageOne = { tools: many };
    await all();
    pageOne = { tools: [...many, tool('late')] };
    await all();
    assert.equal(changed().length, 2);
  });
});
