// What the connection learns of a list of tools that passes: bounded, whatever the server says.
import assert from 'node:assert/strict';
import { toolSummaries } from '../../../src/core/server/toolSummaries.ts';
import { createRig, json, lastMessage, result, server } from './rig.ts';

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
