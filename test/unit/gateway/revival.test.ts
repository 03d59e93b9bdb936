// A session goes on after its connection was closed and opened: taken up once, at the right place, or not.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectError } from '../../../src/core/errors.ts';
import {
  createRig,
  eventOf,
  json,
  lastMessage,
  result,
  server,
  stream,
  toolsCall,
  until,
  type Handle,
  type Rig,
} from './rig.ts';

describe('a session whose connection closed and opened', () => {
  let rig: Rig;
  let override: Record<string, Handle>;
  let greeted: number;
  let version: string;
  beforeEach(async () => {
    greeted = 0;
    version = '2025-11-25';
    override = { initialize: greet };
    rig = await createRig((seen, response) => server(override)(seen, response));
  });
  afterEach(() => rig.dispose());
  const greet: Handle = (seen, response) => {
    greeted += 1;
    const id = { 'mcp-session-id': `place-${greeted}` };
    json(response, result(seen, { protocolVersion: version, capabilities: {} }), id);
  };
  const close = () => {
    rig.access.close(new ConnectError('server.unavailable'));
  };
  const reopen = () => {
    close();
    rig.access.open();
  };
  const list = { id: 9, method: 'tools/list' };
  const sent = (name: string) =>
    rig.seen
      .filter(({ rpc, method }) => (rpc === '' ? method : rpc) === name)
      .map(({ headers }) => headers['mcp-session-id']);
  /** The greeting that upstream holds back until told. */
  const held = () => {
    const waiting: (() => void)[] = [];
    override['initialize'] = (seen, response) => {
      waiting.push(() => {
        greet(seen, response);
      });
    };
    return waiting;
  };

  it('is taken up once for all that wait', async () => {
    const session = await rig.begin();
    reopen();
    const waiting = held();
    const answers = [1, 2, 3].map((id) => rig.post(toolsCall(id), session));
    await until(() => waiting.length === 1);
    await sleep(20);
    assert.equal(waiting.length, 1);
    waiting[0]?.();
    for (const answer of answers) assert.ok((await lastMessage(answer)).result);
    assert.deepEqual(sent('tools/call'), ['place-2', 'place-2', 'place-2']);
    assert.equal(sent('notifications/initialized').length, 2);
  });

  it('passes notifications, and answers to what the server asks there', async () => {
    const session = await rig.begin();
    reopen();
    const roots = { method: 'notifications/roots/list_changed' };
    assert.equal((await rig.post(roots, session)).status, 202);
    override['GET'] = (_seen, response) => {
      stream(response);
      response.write(eventOf({ jsonrpc: '2.0', id: 0, method: 'roots/list' }));
    };
    const listening = await rig.listen(session);
    await listening.until((text) => text.includes('roots/list'));
    assert.equal((await rig.post({ id: 0, result: { roots: [] } }, session)).status, 202);
    assert.deepEqual(sent('notifications/roots/list_changed'), ['place-2']);
    assert.deepEqual(sent('GET'), ['place-2']);
    const answer = rig.seen.find(({ body }) => body.includes('"roots":[]'));
    assert.equal(answer?.headers['mcp-session-id'], 'place-2');
    listening.destroy();
  });

  it('passes no answer to what was asked at the place before', async () => {
    const session = await rig.begin();
    reopen();
    const before = rig.seen.length;
    assert.equal((await rig.post({ id: 0, result: {} }, session)).status, 202);
    assert.equal(rig.seen.length, before);
  });

  it('stays when the connection closes again meanwhile, and goes on after that', async () => {
    const session = await rig.begin();
    reopen();
    const waiting = held();
    const call = rig.post(toolsCall(1), session);
    const asked = rig.post(list, session);
    await until(() => waiting.length === 1);
    close();
    assert.match(JSON.stringify(await lastMessage(call)), /tickets says server.unavailable/);
    assert.deepEqual((await lastMessage(asked)).result, { tools: [] });
    assert.equal((await rig.post({ method: 'notifications/x' }, session)).status, 202);
    rig.access.open();
    override['initialize'] = greet;
    assert.ok((await lastMessage(rig.post(toolsCall(2), session))).result);
    assert.deepEqual(sent('tools/call'), ['place-2']);
  });

  it('is taken up at the connection that is open now, not at one in between', async () => {
    const session = await rig.begin();
    reopen();
    const waiting = held();
    const early = rig.post(toolsCall(1), session);
    await until(() => waiting.length === 1);
    reopen();
    const late = rig.post(toolsCall(2), session);
    await until(() => waiting.length === 2);
    for (const answer of waiting) answer();
    assert.ok((await lastMessage(early)).result);
    assert.ok((await lastMessage(late)).result);
    assert.deepEqual(sent('tools/call'), ['place-3', 'place-3']);
    assert.ok((await lastMessage(rig.post(list, session))).result);
  });

  it('that the client ends meanwhile is over, upstream too', async () => {
    const session = await rig.begin();
    reopen();
    const waiting = held();
    const call = rig.post(toolsCall(1), session);
    await until(() => waiting.length === 1);
    await rig.ask({ method: 'DELETE', headers: { 'mcp-session-id': session } });
    waiting[0]?.();
    assert.equal((await call).status, 404);
    await until(() => sent('DELETE').length === 1);
    assert.deepEqual([sent('DELETE'), sent('tools/call')], [['place-2'], []]);
  });

  it('begins anew where the server now speaks another version than the client', async () => {
    const session = await rig.begin();
    version = '2025-06-18';
    reopen();
    assert.equal((await rig.post(list, session)).status, 404);
    await until(() => sent('DELETE').length === 1);
    assert.deepEqual(sent('DELETE'), ['place-2']);
  });

  it('begins anew where the server does not answer the greeting in time', async () => {
    const impatient = await createRig((seen, response) => server(override)(seen, response), {
      limits: { listMs: 50 },
    });
    const session = await impatient.begin();
    impatient.access.close(new ConnectError('server.unavailable'));
    impatient.access.open();
    override['initialize'] = (_seen, response) => {
      stream(response);
    };
    assert.equal((await impatient.post(list, session)).status, 404);
    await impatient.dispose();
  });
});
