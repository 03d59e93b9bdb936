// Nothing of one window's, one client's or one person's traffic reaches another: two windows, and two
// clients of one window, with streams open and the same ids in use.
import assert from 'node:assert/strict';
import { ConnectError } from '../../../src/core/errors.ts';
import {
  createRig,
  eventOf,
  lastMessage,
  messages,
  result,
  server,
  stream,
  tokenCalled,
  toolsCall,
  until,
  type Handle,
  type Rig,
  type Seen,
} from './rig.ts';

/** A server that keeps every stream open, and says on it whose it is. */
function watchful() {
  const open: { token: string; session: string; seen: Seen }[] = [];
  let sessions = 0;
  const keepOpen: Handle = (seen, response) => {
    const token = seen.headers.authorization ?? '';
    const session = String(seen.headers['mcp-session-id']);
    stream(response);
    open.push({ token, session, seen });
    const params = { token: token.replace('Bearer ', ''), session };
    response.write(eventOf({ jsonrpc: '2.0', method: 'notifications/message', params }));
  };
  const handle = server({
    GET: keepOpen,
    'tools/call': keepOpen,
    initialize: (seen, response) => {
      sessions++;
      response
        .writeHead(200, {
          'content-type': 'application/json',
          'mcp-session-id': `upstream-${sessions} ${seen.headers.authorization ?? ''}`.replace(
            / Bearer /,
            '-of-',
          ),
        })
        .end(JSON.stringify(result(seen, { protocolVersion: '2025-11-25', capabilities: {} })));
    },
  });
  return { handle, open };
}

describe('two windows of two people', () => {
  const rigs: Rig[] = [];
  const worlds = { alice: watchful(), bob: watchful() };
  let alice: Rig;
  let bob: Rig;
  beforeEach(async () => {
    worlds.alice = watchful();
    worlds.bob = watchful();
    alice = await createRig(worlds.alice.handle, { limits: { refusalMs: 5 } });
    bob = await createRig(worlds.bob.handle, { limits: { refusalMs: 5 } });
    alice.access.token = tokenCalled('alice');
    bob.access.token = tokenCalled('bob');
    rigs.push(alice, bob);
  });
  afterEach(async () => {
    await Promise.all(rigs.splice(0).map((rig) => rig.dispose()));
  });
  const streams = async (rig: Rig) => {
    const session = await rig.begin();
    const listening = await rig.listen(session);
    const call = await rig.post(toolsCall(1), session);
    await listening.until((text) => text.includes('notifications/message'));
    await call.until((text) => text.includes('notifications/message'));
    return { session, listening, call };
  };

  it('T3 the key of one window opens no other', async () => {
    for (const [here, there] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      for (const method of ['POST', 'GET', 'DELETE']) {
        const answer = await here.ask({ method, key: false, headers: { ...there.gateway.key() } });
        assert.deepEqual([answer.status, await answer.text()], [404, '']);
      }
    }
    assert.deepEqual([alice.seen.length, bob.seen.length], [0, 0]);
  });

  it('T8 a session of one window means nothing in another, and no access crosses', async () => {
    const [hers, his] = [await streams(alice), await streams(bob)];
    const before = bob.seen.length;
    const stolen = await bob.post(toolsCall(2), hers.session);
    assert.equal(stolen.status, 404);
    const ended = await bob.ask({
      method: 'DELETE',
      headers: { 'mcp-session-id': hers.session },
    });
    await ended.text();
    const upstreamId = worlds.alice.open[0]!.session;
    assert.match(upstreamId, /alice/);
    assert.equal((await bob.post(toolsCall(2), upstreamId)).status, 404);
    assert.equal(bob.seen.length, before);
    for (const [name, other, { listening, call }] of [
      ['alice', 'bob', hers],
      ['bob', 'alice', his],
    ] as const) {
      for (const text of [listening.soFar(), call.soFar()]) {
        assert.ok(text.includes(name) && !text.includes(other), text);
      }
    }
    const tokens = (rig: Rig) => [...new Set(rig.seen.map(({ headers }) => headers.authorization))];
    assert.deepEqual([tokens(alice), tokens(bob)], [['Bearer alice'], ['Bearer bob']]);
  });

  it('the end of one person interrupts no stream of the other', async () => {
    const [hers, his] = [await streams(alice), await streams(bob)];
    alice.access.close(new ConnectError('gateway.closed'));
    await hers.call.text();
    assert.equal(messages(hers.call.soFar()).at(-1)?.result?.['isError'], true);
    await alice.gateway.dispose();
    assert.ok(!his.call.incoming.complete && !his.listening.incoming.complete);
    for (const { seen } of worlds.bob.open)
      seen.response.write(eventOf({ jsonrpc: '2.0', method: 'x/later' }));
    await his.call.until((text) => text.includes('x/later'));
    await his.listening.until((text) => text.includes('x/later'));
    assert.ok(!his.call.soFar().includes('alice'));
  });

  it('a change of account closes every stream of the one before the first request of the next', async () => {
    const { session, listening, call } = await streams(alice);
    const before = alice.seen.length;
    alice.access.close(new ConnectError('gateway.closed'));
    alice.access.token = tokenCalled('carol');
    // Before carol's access exists at all: the answer to alice, and the end of her streams at the server.
    await call.text();
    assert.equal(messages(call.soFar()).at(-1)?.result?.['isError'], true);
    await until(() => worlds.alice.open.every(({ seen }) => seen.response.destroyed));
    assert.equal(alice.seen.length, before);
    await listening.until((text) => text.includes('tools/list_changed'));
    const heard = listening.soFar().length;
    alice.access.open();
    const next = await alice.post(toolsCall(2), session);
    await next.until((text) => text.includes('notifications/message'));
    const later = alice.seen.slice(before);
    assert.ok(later.length > 0);
    for (const { headers, rpc } of later) {
      assert.equal(headers.authorization, 'Bearer carol', rpc);
      // Nor the place that was alice's at the server.
      assert.doesNotMatch(String(headers['mcp-session-id']), /alice/, rpc);
    }
    assert.ok(!next.soFar().includes('alice'));
    assert.ok(!listening.soFar().slice(heard).includes('alice'));
    assert.ok(!call.soFar().includes('carol'));
  });
});

describe('two clients of one window', () => {
  const rigs: Rig[] = [];
  afterEach(() => Promise.all(rigs.splice(0).map((rig) => rig.dispose())));

  it('with equal ids hear their own answers, and cancel their own calls', async () => {
    const waiting: Seen[] = [];
    const rig = await createRig(
      server({
        initialize: (seen, response) =>
          response
            .writeHead(200, {
              'content-type': 'application/json',
              'mcp-session-id': `upstream-${rig.seen.length}`,
            })
            .end(JSON.stringify(result(seen, { protocolVersion: '2025-11-25' }))),
        'tools/call': (seen, response) => {
          stream(response);
          waiting.push(seen);
        },
      }),
    );
    rigs.push(rig);
    const [one, two] = [await rig.begin(), await rig.begin()];
    const first = await rig.post(toolsCall(1, 'mine'), one);
    const second = await rig.post(toolsCall(1, 'yours'), two);
    await until(() => waiting.length === 2);
    const cancelled = { method: 'notifications/cancelled', params: { requestId: 1 } };
    await (await rig.post(cancelled, one)).text();
    const mine = await lastMessage(first);
    assert.equal(mine.result?.['isError'], true);
    assert.ok(!second.incoming.complete);
    const yours = waiting.find(({ body }) => body.includes('yours'))!;
    assert.ok(!yours.response.destroyed);
    yours.response.end(eventOf(result(yours, { content: [{ type: 'text', text: 'for two' }] })));
    assert.match(await second.text(), /for two/);
    assert.doesNotMatch(first.soFar(), /for two/);
    const places = rig.seen
      .filter(({ rpc }) => rpc === 'tools/call')
      .map(({ headers }) => headers['mcp-session-id']);
    assert.equal(new Set(places).size, 2);
  });
});
