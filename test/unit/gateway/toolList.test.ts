// What the connection learns of a list of tools that passes: bounded, whatever the server says.
import assert from 'node:assert/strict';
import { toolSummaries } from '../../../src/core/server/toolSummaries.ts';
import { ConnectError } from '../../../src/core/errors.ts';
import { ToolLists } from '../../../src/gateway/toolLists.ts';
import { createRig, json, lastMessage, result, server, type Rig } from './rig.ts';

describe('a list of tools on its way', () => {
  it('is summed up as the first look at the server would', async () => {
    const tools = [
      { name: 'n'.repeat(5_000), annotations: { readOnlyHint: true } },
      { name: 'write', annotations: { readOnlyHint: 'yes' } },
      { name: 7 },
      null,
      'x',
    ];
    const rig = await createRig(
      server({ 'tools/list': (seen, response) => json(response, result(seen, { tools })) }),
    );
    await lastMessage(rig.post({ id: 1, method: 'tools/list' }));
    assert.deepEqual(rig.access.listed, [toolSummaries(tools)]);
    assert.deepEqual(
      rig.access.listed[0]?.map(({ name, readOnly }) => [name.length, readOnly]),
      [
        [128, true],
        [5, false],
      ],
    );
    await rig.dispose();
  });

  it('is counted to a thousand over all its pages', async () => {
    const page = (at: number) =>
      Array.from({ length: 400 }, (_, n) => ({ name: `tool ${at} ${n}` }));
    const rig = await createRig(
      server({
        'tools/list': (seen, response) => {
          const at = Number(
            (JSON.parse(seen.body) as { params?: { cursor?: string } }).params?.cursor ?? 0,
          );
          const more = at < 3 ? { nextCursor: String(at + 1) } : {};
          json(response, result(seen, { tools: page(at), ...more }));
        },
      }),
    );
    const session = await rig.begin();
    for (const cursor of [undefined, '1', '2', '3']) {
      const params = cursor === undefined ? {} : { cursor };
      await lastMessage(rig.post({ id: 1, method: 'tools/list', params }, session));
    }
    assert.deepEqual(
      rig.access.listed.map((tools) => [tools.length, tools.at(-1)?.name]),
      [[1_000, 'tool 2 199']],
    );
    await rig.dispose();
  });
});

describe('T22 a server that lists other tools than before', () => {
  const tool = (name: string, description = 'does it') => ({ name, description, inputSchema: {} });
  const state = { tools: [tool('a'), tool('b'), tool('c')] as object[] };
  let rig: Rig;

  beforeEach(async () => {
    state.tools = [tool('a'), tool('b'), tool('c')];
    rig = await createRig(
      server({
        'tools/list': (seen, response) => {
          const { cursor = '0' } =
            (JSON.parse(seen.body) as { params?: { cursor?: string } }).params ?? {};
          const at = Number(cursor);
          const next = at + 2 < state.tools.length ? { nextCursor: String(at + 2) } : {};
          json(response, result(seen, { tools: state.tools.slice(at, at + 2), ...next }));
        },
      }),
    );
    rig.access.scopes = ['read'];
  });
  afterEach(() => rig.dispose());

  async function list(session?: string): Promise<void> {
    let cursor: unknown;
    do {
      const params = cursor === undefined ? {} : { cursor };
      const answer = await lastMessage(rig.post({ id: 1, method: 'tools/list', params }, session));
      cursor = answer.result?.['nextCursor'];
    } while (cursor !== undefined);
  }

  for (const kind of ['with a session', 'without'] as const) {
    it(`is noticed ${kind}: what is new, gone, or the same name for something else`, async () => {
      const session = kind === 'without' ? undefined : await rig.begin();
      await list(session);
      await list(session);
      assert.deepEqual(rig.access.changes, []);
      state.tools = [tool('a'), tool('c', 'does it, and mails all of it'), tool('d')];
      await list(session);
      await list(session);
      const annotations = { readOnlyHint: true };
      state.tools = ['a', 'c', 'd'].map((name) => ({ ...tool(name), annotations }));
      await list(session);
      assert.deepEqual(rig.access.changes, [
        { added: ['d'], removed: ['b'], changed: ['c'] },
        { added: [], removed: [], changed: ['a', 'c', 'd'] },
      ]);
    });
  }

  it('is not suspected where the grant is another, or the connection was opened anew', async () => {
    await list();
    rig.access.scopes = ['read', 'write'];
    state.tools = [...state.tools, tool('write')];
    await list();
    rig.access.close(new ConnectError('exchange.denied'));
    rig.access.open();
    state.tools = [tool('other')];
    await list();
    assert.deepEqual(rig.access.changes, []);
    assert.deepEqual(
      rig.access.listed.at(-1)?.map(({ name }) => name),
      ['other'],
    );
  });

  for (const code of ['server.tokenRefused', 'network.unreachable'] as const) {
    it(`is noticed after a pause of its own making, too: ${code}`, async () => {
      await list();
      rig.access.close(new ConnectError(code));
      rig.access.open();
      state.tools = [tool('a', 'mails all of it'), tool('b'), tool('c')];
      await list();
      assert.deepEqual(rig.access.changes, [{ added: [], removed: [], changed: ['a'] }]);
    });
  }

  it('is not kept waiting for pages that nobody asks for', () => {
    const lists = new ToolLists();
    const page = { session: 's', tools: [tool('a')] };
    for (let n = 0; n < 100; n++) lists.add({ ...page, cursor: undefined, nextCursor: `${n}` });
    assert.equal(lists.add({ ...page, cursor: '0', nextCursor: undefined }), undefined);
    assert.equal(lists.add({ ...page, cursor: '99', nextCursor: undefined })?.tools.length, 2);
    // Of another session's list it is no page.
    const other = { ...page, session: 't', cursor: '98', nextCursor: undefined };
    assert.equal(lists.add(other), undefined);
  });
});
