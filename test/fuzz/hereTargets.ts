// What other programs of this computer send or have written: frames of the link between windows, VS Code's lists
// of servers, what is stored of the keys of other clients.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { blockOf } from '../../src/core/harness/serverLists.ts';
import { ClientKeys, clientKeysKey } from '../../src/core/harness/clientKeys.ts';
import { readFrame } from '../../src/core/windows/frame.ts';
import { edited, edits } from './mutation.ts';
import { orRefused, target, type FuzzTarget } from './target.ts';

const frames = [
  { kind: 'hello', wire: 1, version: '1.0.0', nonce: 'a'.repeat(64) },
  { kind: 'ask', id: 7, method: 'mint', params: { serverId: 'tickets' } },
  { kind: 'tell', message: { kind: 'turned', serverId: 'tickets', isOff: true } },
  { kind: 'answer', id: 7, result: null },
].map((frame) => JSON.stringify(frame));

const windowFrames = target(
  'frames between windows',
  fc.record({
    frame: fc.constantFrom(...frames),
    changes: edits('"kind":', '"ask"', '"tell"', '__proto__', '{', '}', '-1', '1e999', '\\u0000'),
  }),
  async ({ frame, changes }) => {
    const read = await orRefused(() => readFrame(edited(frame, changes)), 'gateway.messageInvalid');
    if (read === undefined) return;
    assert.ok(typeof read.kind === 'string');
    if ('id' in read) assert.ok(Number.isInteger(read.id) && read.id >= 0);
    if ('nonce' in read) assert.match(read.nonce, /^[0-9a-f]{64}$/);
  },
);

const matcher = fc.oneof(
  fc.record(
    {
      serverName: fc.oneof(fc.constant('Tickets'), fc.string()),
      serverUrl: fc.oneof(
        fc.string({
          unit: fc.constantFrom('*', ':', '/', 'a', '.', '(', '[', '\\', '#', '?', '+'),
        }),
        fc.constantFrom('http://127.0.0.1:*/*', 'unix:/tmp/*', '*', '(a+)+$', 'http://['),
      ),
      serverCommand: fc.array(fc.string()),
    },
    { requiredKeys: [] },
  ),
  fc.jsonValue(),
);
const addresses = ['http://127.0.0.1:29417/mcp/tickets', 'unix:/tmp/emcp-1/s#/mcp/tickets'];

const serverLists = target(
  "VS Code's lists of servers",
  fc.record({
    allowed: fc.oneof(fc.array(matcher), fc.jsonValue()),
    denied: fc.oneof(fc.array(matcher), fc.constant(null)),
    address: fc.constantFrom(undefined, ...addresses),
  }),
  ({ allowed, denied, address }) => {
    const lists = { access: 'all', allowed, denied, managedOnly: false, pluginsOnly: false };
    const block = blockOf(lists, { label: 'Tickets', address });
    const names = (list: unknown) =>
      Array.isArray(list) &&
      list.some((one: unknown) => JSON.stringify(one) === '{"serverName":"Tickets"}');
    if (names(denied)) assert.equal(block, 'denied');
    else if (names(allowed) && block !== 'denied') assert.equal(block, undefined);
    if (!Array.isArray(allowed) && !Array.isArray(denied)) assert.equal(block, undefined);
  },
);

const stored = JSON.stringify({
  clients: [{ id: 'one', name: 'Agent', createdAtMs: 1, hash: 'b'.repeat(64) }],
});

const clientKeys = target(
  'stored keys of other clients',
  edits('"hash":', '"clients":', 'null', '[]', '{}', '__proto__', 'a'.repeat(64), '\n'),
  async (changes) => {
    const keys = new ClientKeys({
      store: {
        get: (key: string) =>
          Promise.resolve(key === clientKeysKey ? edited(stored, changes) : undefined),
        store: () => Promise.resolve(),
        delete: () => Promise.resolve(),
      },
      preferences: { get: () => undefined, set: () => Promise.resolve() },
      clock: { now: () => 0 },
      log: { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 },
    });
    await keys.load();
    assert.ok(keys.list.length <= 1);
    for (const hash of keys.hashes.values()) assert.match(hash, /^[0-9a-f]{64}$/);
  },
);

export const hereTargets: readonly FuzzTarget[] = [windowFrames, serverLists, clientKeys];
