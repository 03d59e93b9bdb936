// What is wrong with the bytes of a request: T17 (smuggling, injection, headers against body), T11 (slow,
// huge, without end), from a client that even has the key.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { connectTo, exchange, hostOf, keyLines, statuses, wholeRequest } from './rawRequest.ts';
import { createRig, messages, server, toolsCall, type Rig } from './rig.ts';

const call = JSON.stringify({ jsonrpc: '2.0', ...toolsCall(1, 'asked') });
const post = 'POST /mcp/tickets HTTP/1.1\r\n';

describe('a request that can be read in two ways', () => {
  let rig: Rig;
  before(async () => {
    rig = await createRig(server(), { limits: { refusalMs: 5 } });
  });
  after(() => rig.dispose());
  beforeEach(() => {
    rig.seen.length = 0;
    rig.access.calls.length = 0;
  });
  /** What a second reader of the same bytes would take for a request of its own. */
  const smuggled = () => wholeRequest(rig, toolsCall(666, 'smuggled'));
  const own = () => keyLines(rig);
  const chunked = 'Transfer-Encoding: chunked\r\n';
  const chunk = (text: string, size = Buffer.byteLength(text).toString(16)) =>
    `${size}\r\n${text}\r\n0\r\n\r\n`;
  const sized = `Content-Length: ${call.length}\r\n`;

  const twoWays: Record<string, () => string> = {
    'a length and chunks': () => `${sized}${chunked}\r\n0\r\n\r\n${smuggled()}`,
    'chunks and a length': () => `${chunked}${sized}\r\n${chunk(call)}${smuggled()}`,
    'two lengths': () => `${sized}Content-Length: 0\r\n\r\n${call}${smuggled()}`,
    'two equal lengths': () => `${sized}${sized}\r\n${call}${smuggled()}`,
    'a list of lengths': () => `Content-Length: ${call.length}, 0\r\n\r\n${call}${smuggled()}`,
    'a length with a sign': () => `Content-Length: +${call.length}\r\n\r\n${call}${smuggled()}`,
    'a negative length': () => `Content-Length: -1\r\n\r\n${call}${smuggled()}`,
    'a hexadecimal length': () => `Content-Length: 0x10\r\n\r\n${call}${smuggled()}`,
    'a length beyond counting': () =>
      `Content-Length: 99999999999999999999999\r\n\r\n${call}${smuggled()}`,
    'a length with a space in its name': () =>
      `Content-Length : ${call.length}\r\n\r\n${call}${smuggled()}`,
    'chunks with a space in the name': () =>
      `Transfer-Encoding : chunked\r\n${sized}\r\n${call}${smuggled()}`,
    'an encoding nobody knows': () =>
      `Transfer-Encoding: xchunked\r\n\r\n${chunk(call)}${smuggled()}`,
    'chunks that are not last': () =>
      `Transfer-Encoding: chunked, identity\r\n\r\n${chunk(call)}${smuggled()}`,
    'chunks after a tab that is none': () =>
      `Transfer-Encoding:\x0bchunked\r\n\r\n${chunk(call)}${smuggled()}`,
    'a size of a chunk that overflows': () =>
      `${chunked}\r\n${chunk(call, 'fffffffffffffffff')}${smuggled()}`,
    'a size of a chunk that is none': () => `${chunked}\r\n${chunk(call, '0x10')}${smuggled()}`,
    'a chunk that is longer than it says': () => `${chunked}\r\n${chunk(call, '5')}${smuggled()}`,
    'a chunk that ends in a bare line feed': () =>
      `${chunked}\r\n${call.length.toString(16)}\n${call}\n0\n\n${smuggled()}`,
    'a chunk extension with a line feed in it': () =>
      `${chunked}\r\n${call.length.toString(16)};a=\nb\r\n${call}\r\n0\r\n\r\n${smuggled()}`,
    'a folded header': () => `X-A: b\r\n ${sized}\r\n${call}${smuggled()}`,
    'a folded encoding': () => `Transfer-Encoding:\r\n chunked\r\n${sized}\r\n${call}${smuggled()}`,
    'a bare carriage return': () => `X-A: b\rTransfer-Encoding: chunked\r\n${sized}\r\n${call}`,
    'a bare line feed between headers': () => `X-A: b\n${sized}\r\n${call}${smuggled()}`,
    'a bare line feed at the end of them': () => `${sized}\n${call}${smuggled()}`,
    'a NUL in a header': () => `X-A: b\0c\r\n${sized}\r\n${call}${smuggled()}`,
    'a header that is none': () => `NoColon\r\n${sized}\r\n${call}${smuggled()}`,
    'a header without a name': () => `: x\r\n${sized}\r\n${call}${smuggled()}`,
    'a space before the first header': () => ` ${sized}${sized}\r\n${call}${smuggled()}`,
  };
  for (const [name, rest] of Object.entries(twoWays)) {
    it(`T17 smuggling: ${name}`, async () => {
      const received = await exchange(rig.address, `${post}${own()}${rest()}`);
      assert.deepEqual(statuses(received), [400], received);
      assert.equal(rig.seen.length, 0);
    });
  }

  const lines: Record<string, string> = {
    'the version before the first': 'POST /mcp/tickets\r\n',
    'a version nobody knows': 'POST /mcp/tickets HTTP/9.9\r\n',
    'a version of before': 'POST /mcp/tickets HTTP/1.0\r\n',
    'another protocol': 'POST /mcp/tickets RTSP/1.0\r\n',
    'a protocol without a name': 'POST /mcp/tickets /1.1\r\n',
    'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'a target with a space': 'POST /mcp/tickets /x HTTP/1.1\r\n',
    'a target with a line feed': 'POST /mcp/tickets\nX: y HTTP/1.1\r\n',
    'a method nobody knows': 'SMUGGLE /mcp/tickets HTTP/1.1\r\n',
    'a target beyond any length': `POST /mcp/${'t'.repeat(40_000)} HTTP/1.1\r\n`,
  };
  for (const [name, line] of Object.entries(lines)) {
    it(`T17 request line: ${name}`, async () => {
      const received = await exchange(rig.address, `${line}${own()}${sized}\r\n${call}`);
      const [status = 0, ...more] = statuses(received);
      assert.ok([400, 431].includes(status) && more.length === 0, received);
      assert.equal(rig.seen.length, 0);
    });
  }

  it('T17 what is whole is passed on whole, and each request in one connection needs the key', async () => {
    const bare = smuggled().replace(/Authorization: [^\r]+\r\n/, '');
    const two = `${post}${own()}${chunked}\r\n${chunk(call)}${bare}`;
    assert.deepEqual(statuses(await exchange(rig.address, two)), [200, 404]);
    assert.deepEqual(
      rig.seen.map(({ body }) => body),
      [call],
    );
    assert.equal(rig.seen[0]!.headers['transfer-encoding'], undefined);
  });

  it('T17 injection: no value of a header becomes a header upstream', async () => {
    const injected = [
      ...['Mcp-Param-A: x%0d%0aX-Injected: 1', 'Mcp-Param-B: x\\r\\nX-Injected: 1'],
      ...['Mcp-Param-C: \xe5\x98\x8a\xe5\x98\x8dX-Injected: 1', 'User-Agent: a, X-Injected: 1'],
    ].map((line) => `${line}\r\n`);
    await exchange(rig.address, wholeRequest(rig, toolsCall(1), injected.join('')));
    assert.equal(rig.seen.length, 1);
    const { headers } = rig.seen[0]!;
    assert.deepEqual(
      [headers['x-injected'], headers['mcp-param-a']],
      [undefined, 'x%0d%0aX-Injected: 1'],
    );
    assert.equal(headers.authorization, 'Bearer token-1');
  });

  const disagreeing: Record<string, [headers: Record<string, string>, params?: object]> = {
    'another method': [{ 'mcp-method': 'tools/list' }],
    'another spelling of the method': [{ 'mcp-method': 'Tools/Call' }],
    'another tool': [{ 'mcp-method': 'tools/call', 'mcp-name': 'harmless' }],
    'another tool, encoded': [{ 'mcp-name': `=?base64?${btoa('harmless')}?=` }],
    'a name that only looks encoded': [{ 'mcp-name': '=?base64?!!?=' }],
    'an empty name': [{ 'mcp-name': '' }],
    'another version': [
      { 'mcp-protocol-version': '2025-11-25' },
      { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } },
    ],
  };
  for (const [name, [headers, params]] of Object.entries(disagreeing)) {
    it(`T17 headers against body: ${name}`, async () => {
      const { params: own } = toolsCall(7, 'delete_all');
      const message = { ...toolsCall(7), params: { ...own, ...params } };
      const answer = await rig.post(message, undefined, headers);
      const [said] = messages(await answer.text());
      assert.deepEqual([answer.status, said?.id, said?.error?.code], [400, 7, -32_020]);
      assert.equal(rig.seen.length, 0);
    });
  }

  it('T17 headers that agree pass, and the audit has the tool of the body', async () => {
    const params = {
      ...toolsCall(7, 'delete_all').params,
      _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' },
    };
    const answer = await rig.post({ ...toolsCall(7), params }, undefined, {
      'mcp-method': 'tools/call',
      'mcp-name': 'delete_all',
      'mcp-protocol-version': '2026-07-28',
    });
    assert.equal(answer.status, 200);
    await answer.text();
    assert.deepEqual(rig.access.calls, [{ tool: 'delete_all', outcome: 'ok' }]);
  });

  const bodies: Record<string, string | Buffer> = {
    'the method twice': '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}',
    'the method twice, once escaped':
      '{"jsonrpc":"2.0","id":1,"method":"ping","\\u006dethod":"tools/call"}',
    'the method in another case': '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}',
    'parameters with a long s':
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"},"paramſ":{"name":"b"}}',
    'the tool twice':
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","name":"delete"}}',
    'the tool in another case':
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","NAME":"delete"}}',
    'the parameters twice, far apart': `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":{"a\\"}":"${'{"'.replace('"', '\\"').repeat(50)}"}} , "params":{"name":"delete"}}`,
    'an argument twice':
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":[{"path":"/a","path":"/b"}]}}',
    'a request and an answer': '{"jsonrpc":"2.0","id":1,"method":"tools/call","result":{}}',
    'an answer that hides a request': '{"jsonrpc":"2.0","id":1,"result":{},"METHOD":"tools/call"}',
    'bytes that are no UTF-8': Buffer.from(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\xff"}}',
      'latin1',
    ),
    'a mark of byte order': '\uFEFF{"jsonrpc":"2.0","id":1,"method":"ping"}',
    'two messages': '{"jsonrpc":"2.0","id":1,"method":"ping"}{"jsonrpc":"2.0","id":2,"method":"x"}',
    'a compressed body': gzipSync(call),
  };
  for (const [name, body] of Object.entries(bodies)) {
    it(`T17 a body with two meanings: ${name}`, async () => {
      const answer = await rig.ask({ body, headers: { 'content-encoding': 'gzip' } });
      const [said] = messages(await answer.text());
      assert.deepEqual([answer.status, said?.error?.data?.code], [400, 'gateway.messageInvalid']);
      assert.equal(rig.seen.length, 0);
    });
  }

  it('T17 what is merely written unusually is passed on byte for byte', async () => {
    const body = `{ "method" : "tools/call",\n"params": {"arguments": {"Name":1,"name":2,"a":{"b":[{"c":1},{"c":1}]}, "n": 12345678901234567890, "t":"\\"name\\":\\\\"}, "name":"re\\u0061d"}, "id":1,"jsonrpc":"2.0"}`;
    const answer = await rig.ask({ body });
    assert.equal(answer.status, 200);
    await answer.text();
    assert.deepEqual(
      rig.seen.map(({ body: passed }) => passed),
      [body],
    );
  });
});

describe('a client that is slow, huge or without end', () => {
  const limits = { receiveHeadMs: 200, receiveMs: 400, maxMessageBytes: 100_000, refusalMs: 5 };
  let rig: Rig;
  let patient: Rig;
  before(async () => {
    rig = await createRig(server(), { limits });
    patient = await createRig(server(), { limits: { ...limits, receiveMs: 60_000 } });
  });
  after(() => Promise.all([rig.dispose(), patient.dispose()]));

  /** One byte at a time; when and with what the gateway ended it. */
  const drip = async (head: string, byte: string, { address } = rig): Promise<string> => {
    const socket = connectTo(address);
    let received = '';
    socket.on('data', (chunk) => (received += String(chunk)));
    socket.on('error', () => undefined);
    socket.write(head);
    const timer = setInterval(() => socket.write(byte), 20);
    const late = setTimeout(() => socket.destroy(new Error('late')), 15_000);
    const started = performance.now();
    await once(socket, 'close').catch(() => undefined);
    clearInterval(timer);
    clearTimeout(late);
    assert.ok(performance.now() - started < 10_000, 'held open');
    return received;
  };

  it('T11 slowloris: a head, a body and chunks that never end are cut, the others served', async () => {
    const slow = Array.from({ length: 50 }, () => [
      drip(`${post}${keyLines(rig)}X-A: `, 'a'),
      drip(`${post}Host: ${hostOf(rig.address)}\r\nX-A: `, 'a'),
      drip(`${post}${keyLines(rig)}Content-Length: 10000\r\n\r\n`, ' '),
      drip(`${post}${keyLines(rig)}Transfer-Encoding: chunked\r\n\r\n`, '1\r\n \r\n'),
    ]).flat();
    const answer = await rig.post({ id: 1, method: 'ping' });
    assert.equal(answer.status, 200);
    await answer.text();
    for (const received of await Promise.all(slow)) {
      assert.match(received, /^(HTTP\/1\.1 408 [^]*)?$/);
    }
    assert.deepEqual(
      rig.seen.map(({ rpc }) => rpc),
      ['ping'],
    );
  });

  it('T11 slowloris: a head may not take as long as a body', async () => {
    const received = await drip(`${post}${keyLines(patient)}X-A: `, 'a', patient);
    assert.deepEqual(statuses(received), [408]);
  });

  it('T11 headers without end are refused at 16 KiB', async () => {
    const many = Array.from({ length: 10_000 }, (_, at) => `X-${at}: y\r\n`).join('');
    for (const lines of [many, `X: ${'y'.repeat(1_000_000)}\r\n`]) {
      const received = await exchange(rig.address, `${post}${keyLines(rig)}${lines}\r\n`);
      assert.deepEqual(statuses(received), [431]);
    }
  });

  it('T11 a body without end takes no memory, and ends', async () => {
    const before = rig.seen.length;
    const held = process.memoryUsage();
    const socket = connectTo(rig.address);
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(`${post}${keyLines(rig)}Transfer-Encoding: chunked\r\n\r\n`);
    const block = Buffer.alloc(65_536, ' ');
    const framed = Buffer.concat([Buffer.from('10000\r\n'), block, Buffer.from('\r\n')]);
    let sent = 0;
    while (!socket.closed && sent < 200e6) {
      sent += framed.length;
      if (socket.write(framed)) continue;
      await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined);
    }
    const { external, heapUsed } = process.memoryUsage();
    const grownMiB = (external + heapUsed - held.external - held.heapUsed) / 2 ** 20;
    // 16 times the limit, and what the socket still held.
    assert.ok(sent < 20e6, `${sent} bytes were taken`);
    assert.ok(grownMiB < 32, `${grownMiB.toFixed()} MiB more`);
    assert.equal(rig.seen.length, before);
  });

  it('T11 nothing is read of a stranger: a body without the key is cut at once', async () => {
    const socket = connectTo(rig.address);
    let taken = 0;
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(`${post}Host: ${hostOf(rig.address)}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    while (!socket.closed && taken < 50e6) {
      const whole = socket.write(`10000\r\n${' '.repeat(65_536)}\r\n`);
      taken += 65_536;
      if (whole) continue;
      await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined);
    }
    assert.ok(taken < 5e6, `${taken} bytes were taken`);
  });

  it('T11 a body that is nested without end is refused', async () => {
    for (const unit of ['[', '{"a":', '{"params":']) {
      const answer = await rig.ask({ body: unit.repeat(9_000) });
      assert.equal(answer.status, 400);
      await answer.text();
    }
  });
});
