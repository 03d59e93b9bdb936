// What is answered here and never reaches a server (T11, T17).
import assert from 'node:assert/strict';
import { createRig, messages, server, toolsCall, type Rig } from './rig.ts';

describe('a message the gateway will not pass on', () => {
  let rig: Rig;
  before(async () => {
    rig = await createRig(server(), { limits: { maxMessageBytes: 100_000 } });
  });
  after(() => rig.dispose());
  const sent = async (body: string, headers: Record<string, string> = {}) => {
    const answer = await rig.ask({ body, headers });
    const [message] = messages(await answer.text());
    return [answer.status, message?.id, message?.error?.code, message?.error?.data?.code];
  };

  it('is not one valid message', async () => {
    const bad = [
      '',
      '{',
      '[]',
      'null',
      '"x"',
      '{}',
      '{"jsonrpc":"1.0","id":1,"method":"x"}',
      '[{"jsonrpc":"2.0","id":1,"method":"x"}]',
      '{"jsonrpc":"2.0","id":null,"method":"x"}',
      '{"jsonrpc":"2.0","id":{},"method":"x"}',
      '{"jsonrpc":"2.0","id":1,"method":"x","params":[]}',
      '{"jsonrpc":"2.0","id":1,"method":7}',
      '{"jsonrpc":"2.0","id":1}',
      '['.repeat(40_000),
    ];
    for (const body of bad) {
      assert.deepEqual(
        await sent(body),
        [400, null, -32600, 'gateway.messageInvalid'],
        body.slice(0, 60),
      );
    }
    assert.equal(rig.seen.length, 0);
  });

  it('says one thing in its headers and another in its body', async () => {
    const call = JSON.stringify({ jsonrpc: '2.0', ...toolsCall(1, 'read') });
    const differing: Record<string, string>[] = [
      { 'mcp-method': 'tools/list' },
      { 'mcp-method': 'tools/call', 'mcp-name': 'write' },
      { 'mcp-name': '=?base64?d3JpdGU=?=' },
    ];
    for (const headers of differing) {
      assert.deepEqual(await sent(call, headers), [400, 1, -32020, 'gateway.messageInvalid']);
    }
    assert.equal(rig.seen.length, 0);
    const named = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'lesen ä' },
    });
    const name = `=?base64?${Buffer.from('lesen ä').toString('base64')}?=`;
    assert.deepEqual((await sent(named, { 'mcp-name': name }))[0], 200);
    assert.equal(rig.seen.length, 1);
  });

  it('has a header twice that counts once', async () => {
    const body = JSON.stringify({ jsonrpc: '2.0', ...toolsCall(9) });
    const before = rig.seen.length;
    for (const name of ['mcp-session-id', 'mcp-method', 'mcp-name']) {
      const twice = { [name]: ['tools/call', 'tools/call'] };
      const answer = await rig.ask({ body, headers: twice });
      assert.equal(answer.status, 400, name);
    }
    for (const name of ['mcp-protocol-version', 'mcp-param-x', 'last-event-id']) {
      const answer = await rig.ask({ body, headers: { [name]: ['a', 'b'] } });
      const text = JSON.stringify(messages(await answer.text()));
      assert.match(text, /gateway.messageInvalid/, name);
    }
    assert.equal(rig.seen.length, before);
  });

  it('is too large: said to whoever asked', async () => {
    const before = rig.seen.length;
    const params = { name: 'read', arguments: { text: 'x'.repeat(200_000) } };
    const call = await rig.post({ id: 'a', method: 'tools/call', params });
    assert.equal(call.status, 200);
    const [message] = messages(await call.text());
    assert.equal(message!.id, 'a');
    assert.deepEqual(message!.result, {
      isError: true,
      _meta: { 'enterprise-mcp/code': 'gateway.messageTooLarge' },
      content: [{ type: 'text', text: 'tickets says gateway.messageTooLarge' }],
    });
    const other = JSON.stringify({ method: 'x/y', jsonrpc: '2.0', id: 5, params });
    assert.deepEqual(await sent(other), [200, 5, -32001, 'gateway.messageTooLarge']);
    const hidden = JSON.stringify({
      jsonrpc: '2.0',
      method: 'x',
      params: { ...params, id: 5 },
      id: 6,
    });
    assert.deepEqual(await sent(hidden), [413, null, -32600, 'gateway.messageTooLarge']);
    assert.equal(rig.seen.length, before);
  });
});
