// What goes upstream, what comes back, and in which words a refusal is told (T1, T6, T17, T18).
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { ConnectError } from '../../../src/core/errors.ts';
import {
  createRig,
  json,
  lastMessage,
  result,
  server,
  toolsCall,
  type Handle,
  type Message,
  type Rig,
} from './rig.ts';

describe('a forwarded request', () => {
  let rig: Rig;
  let override: Record<string, Handle>;
  beforeEach(async () => {
    override = {};
    rig = await createRig((seen, response) => server(override)(seen, response));
  });
  afterEach(() => rig.dispose());

  const said = ({ error, result: given }: Message) =>
    given === undefined
      ? [error!.code, error!.message, error!.data?.code]
      : given['isError'] === true
        ? (given['content'] as { text: string }[]).map(({ text }) => text)
        : given;
  const answered = async (message: object, session?: string, headers?: Record<string, string>) =>
    said(await lastMessage(rig.post(message, session, headers)));

  it('carries the token and an allow-list of headers, nothing else', async () => {
    const session = await rig.begin();
    await answered(toolsCall(1), session, {
      cookie: 'a=b',
      forwarded: 'for=1.2.3.4',
      'x-forwarded-for': '1.2.3.4',
      'x-other': 'x',
      'proxy-authorization': 'Basic x',
      te: 'trailers',
      'accept-language': '*',
      'sec-fetch-mode': 'cors',
      'user-agent': 'editor/1',
      'last-event-id': '7',
      'mcp-method': 'tools/call',
      'mcp-name': 'read',
      'mcp-param-region': 'eu',
    });
    const { headers, body } = rig.seen.at(-1)!;
    const { host, connection, ...rest } = headers;
    assert.equal(host, new URL(rig.url).host);
    assert.equal(connection, 'keep-alive');
    assert.deepEqual(rest, {
      accept: 'application/json, text/event-stream',
      'accept-encoding': 'identity',
      'accept-language': '*',
      authorization: 'Bearer token-1',
      'content-length': String(body.length),
      'content-type': 'application/json',
      'last-event-id': '7',
      'mcp-method': 'tools/call',
      'mcp-name': 'read',
      'mcp-param-region': 'eu',
      'mcp-protocol-version': '2025-11-25',
      'mcp-session-id': 'upstream-session',
      'sec-fetch-mode': 'cors',
      'user-agent': 'editor/1',
    });
  });

  it('keeps the body byte for byte', async () => {
    const body =
      '{ "jsonrpc":"2.0","id":12345678901234567890e0,\n"method":"x", "params":{"n":9007199254740993,"s":"ä€😀"}}';
    await (await rig.ask({ body })).text();
    assert.equal(rig.seen.at(-1)?.body, body);
  });

  it('says in the handshake that this is enterprise-managed', async () => {
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: { roots: {}, extensions: { 'io.modelcontextprotocol/ui': {} } },
    };
    await answered({ id: 1, method: 'initialize', params });
    const sent = JSON.parse(rig.seen[0]!.body) as { params: { capabilities: object } };
    assert.deepEqual(sent.params, {
      ...params,
      capabilities: {
        roots: {},
        extensions: {
          'io.modelcontextprotocol/ui': {},
          'io.modelcontextprotocol/enterprise-managed-authorization': {},
        },
      },
    });
    const meta = { 'io.modelcontextprotocol/clientCapabilities': { sampling: {} } };
    await answered({ id: 2, method: 'tools/list', params: { _meta: meta } });
    assert.match(rig.seen[1]!.body, /"sampling":\{\},"extensions":\{"io.modelcontextprotocol\/ent/);
  });

  it('has a session id of the gateway and the version upstream chose', async () => {
    const start = await rig.post({ id: 1, method: 'initialize', params: {} });
    const session = String(start.headers['mcp-session-id']);
    assert.match(session, /^[0-9a-f-]{36}$/);
    assert.equal(start.headers['content-type'], 'application/json');
    assert.equal((await lastMessage(start)).result?.['protocolVersion'], '2025-11-25');
    assert.equal(rig.seen[0]!.headers['mcp-protocol-version'], undefined);
    await answered({ id: 2, method: 'ping' }, session);
    assert.equal(rig.seen.at(-1)!.headers['mcp-protocol-version'], '2025-11-25');
    await answered({ id: 3, method: 'ping' }, session, { 'mcp-protocol-version': '2025-06-18' });
    assert.equal(rig.seen.at(-1)!.headers['mcp-protocol-version'], '2025-06-18');
  });

  it('passes no header of the server on', async () => {
    const foreign = { 'set-cookie': 'a=b', 'www-authenticate': 'Bearer', 'x-a': '1' };
    override['tools/call'] = (seen, response) => json(response, result(seen, {}), foreign);
    override['x'] = (seen, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', ...foreign });
      response.end(`data: ${JSON.stringify(result(seen, {}))}\n\n`);
    };
    const own = { 'cache-control': 'no-store', connection: 'close', 'x-accel-buffering': 'no' };
    const whole = await rig.post(toolsCall(1));
    const { date, ...json_ } = whole.headers;
    assert.ok(date);
    const length = String((await whole.text()).length);
    assert.deepEqual(json_, {
      ...own,
      'content-type': 'application/json',
      'content-length': length,
    });
    const { date: on, ...events } = (await rig.post({ id: 1, method: 'x' })).headers;
    assert.ok(on);
    assert.deepEqual(events, {
      ...own,
      'content-type': 'text/event-stream',
      'transfer-encoding': 'chunked',
    });
  });

  it('is sent once more after a 401, with another token and the same bytes', async () => {
    override['tools/call'] = (seen, response) =>
      seen.headers.authorization === 'Bearer token-2'
        ? json(response, result(seen, { content: [] }))
        : response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end('no');
    assert.deepEqual(await answered(toolsCall(1)), { content: [] });
    assert.equal(rig.seen.length, 2);
    assert.equal(rig.seen[0]!.body, rig.seen[1]!.body);
    assert.deepEqual(rig.access.refusals, []);
    assert.deepEqual(rig.access.calls, [{ tool: 'read', outcome: 'ok' }]);
  });

  it('ten at once after a revocation share one new token', async () => {
    override['tools/call'] = (seen, response) =>
      seen.headers.authorization === 'Bearer token-2'
        ? json(response, result(seen, { content: [] }))
        : response.writeHead(401).end();
    const all = await Promise.all(Array.from({ length: 10 }, (_, id) => answered(toolsCall(id))));
    assert.deepEqual(
      all,
      Array.from({ length: 10 }, () => ({ content: [] })),
    );
    assert.equal(rig.access.replaced, 1);
    assert.ok(rig.seen.length <= 20, String(rig.seen.length));
  });

  it('closes the connection when the new token is refused too', async () => {
    override['tools/call'] = (_seen, response) => response.writeHead(401).end();
    assert.deepEqual(await answered(toolsCall(1)), ['tickets says server.tokenRefused']);
    assert.equal(rig.seen.length, 2);
    assert.deepEqual(
      rig.access.refusals.map(({ code, facts }) => [code, facts.status]),
      [['server.tokenRefused', 401]],
    );
    assert.deepEqual(rig.access.calls, [{ tool: 'read', outcome: 'denied' }]);
  });

  it('tells why no other token can be had', async () => {
    override['tools/call'] = (_seen, response) => response.writeHead(401).end();
    rig.access.mint = () => {
      const error = new ConnectError('exchange.denied');
      rig.access.close(error);
      return Promise.reject(error);
    };
    assert.deepEqual(await answered(toolsCall(1)), ['tickets says exchange.denied']);
    assert.equal(rig.seen.length, 1);
  });

  const refusals: Record<string, [number, Record<string, string>, string, string]> = {
    forbidden: [403, {}, 'server.forbidden', 'denied'],
    'scope missing': [
      403,
      { 'www-authenticate': 'Bearer error="insufficient_scope", scope="w"' },
      'server.insufficientScope',
      'denied',
    ],
    busy: [429, { 'retry-after': '30' }, 'server.unavailable', 'error'],
    down: [503, { 'content-type': 'application/json' }, 'server.unavailable', 'error'],
    moved: [307, { location: 'http://127.0.0.1:9/' }, 'server.protocolError', 'error'],
    'nothing there': [404, { 'content-type': 'text/html' }, 'server.protocolError', 'error'],
    page: [200, { 'content-type': 'text/html' }, 'server.protocolError', 'error'],
    accepted: [202, {}, 'server.protocolError', 'error'],
    empty: [200, { 'content-type': 'application/json' }, 'gateway.answerMissing', 'error'],
  };
  for (const [name, [status, headers, code, outcome]] of Object.entries(refusals)) {
    it(`answers with a sentence when upstream says ${status} (${name})`, async () => {
      override['tools/call'] = (_seen, response) => response.writeHead(status, headers).end();
      override['tools/list'] = override['tools/call']!;
      override['initialize'] = override['tools/call']!;
      const call = await rig.post(toolsCall(1));
      assert.equal(call.status, 200);
      assert.equal(call.headers['www-authenticate'], undefined);
      assert.deepEqual(said(await lastMessage(call)), [`tickets says ${code}`]);
      assert.deepEqual(await answered({ id: 2, method: 'tools/list' }), [
        -32001,
        `tickets says ${code}`,
        code,
      ]);
      const start = await rig.post({ id: 3, method: 'initialize', params: {} });
      assert.equal(start.status, 200);
      assert.deepEqual(said(await lastMessage(start)), [-32001, `tickets says ${code}`, code]);
      assert.equal(rig.seen.length, 3, 'nothing is sent twice');
      assert.deepEqual(rig.access.calls, [{ tool: 'read', outcome }]);
      assert.deepEqual(rig.access.refusals, []);
    });
  }

  it('tells facts, of which the log keeps status and the time to wait', async () => {
    override['tools/call'] = (_seen, response) =>
      response.writeHead(503, { 'retry-after': '7', 'x-request-id': 'r-1' }).end('secret prose');
    await answered(toolsCall(1));
    assert.deepEqual(rig.access.said, [
      {
        message: 'tickets: server.unavailable',
        facts: { host: new URL(rig.url).host, status: 503, requestId: 'r-1', retryAfterSec: 7 },
      },
    ]);
  });

  it('never follows a redirect with a token', async () => {
    const hits: string[] = [];
    const canary = createServer((request, response) => {
      hits.push(String(request.headers.authorization));
      response.end();
    });
    canary.listen(0, '127.0.0.1');
    await once(canary, 'listening');
    const location = `http://127.0.0.1:${(canary.address() as AddressInfo).port}/mcp`;
    for (const status of [301, 302, 303, 307, 308]) {
      override['tools/call'] = (_seen, response) => response.writeHead(status, { location }).end();
      assert.deepEqual(await answered(toolsCall(1)), ['tickets says server.protocolError']);
      override['tools/call'] = (_seen, response) =>
        response.writeHead(status, { location: '/mcp' }).end();
      assert.deepEqual(await answered(toolsCall(1)), ['tickets says server.protocolError']);
    }
    assert.deepEqual(hits, []);
    assert.equal(rig.seen.length, 10);
    canary.close();
  });

  it('says of a call that broke off that it may have been carried out, and sends it once', async () => {
    override['tools/call'] = (_seen, response) => response.destroy();
    assert.deepEqual(await answered(toolsCall(1)), ['tickets says gateway.answerMissing']);
    assert.equal(rig.seen.length, 1);
    rig.server.close();
    rig.server.closeAllConnections();
    assert.deepEqual(await answered(toolsCall(2)), ['tickets says server.unavailable']);
    assert.deepEqual(await answered({ id: 3, method: 'tools/list' }), [
      -32001,
      'tickets says server.unavailable',
      'server.unavailable',
    ]);
  });

  it('lets a server answer with an error of its own', async () => {
    override['tools/call'] = (_seen, response) =>
      response
        .writeHead(400, { 'content-type': 'application/json' })
        .end('{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no such tool"}}');
    assert.deepEqual(await answered(toolsCall(1)), [-32602, 'no such tool', undefined]);
    const stateless = await rig.post(toolsCall(1), undefined, { 'mcp-method': 'tools/call' });
    assert.equal(stateless.status, 400);
    assert.deepEqual(said(await lastMessage(stateless)), [-32602, 'no such tool', undefined]);
  });

  it('reports tools once all pages have passed, and how a call ended', async () => {
    const pages: Record<string, object> = {
      none: { tools: [{ name: 'a' }], nextCursor: 'p2' },
      p2: { tools: [{ name: 'b', annotations: { readOnlyHint: true } }] },
    };
    override['tools/list'] = (seen, response) => {
      const { cursor = 'none' } =
        (JSON.parse(seen.body) as { params?: { cursor?: string } }).params ?? {};
      json(response, result(seen, pages[cursor]!));
    };
    override['tools/call'] = (seen, response) =>
      json(response, result(seen, { isError: true, content: [] }));
    const session = await rig.begin();
    await answered({ id: 1, method: 'tools/list', params: { cursor: 'p2' } }, session);
    assert.deepEqual(rig.access.listed, []);
    await answered({ id: 2, method: 'tools/list' }, session);
    assert.deepEqual(rig.access.listed, []);
    await answered({ id: 3, method: 'tools/list', params: { cursor: 'p2' } }, session);
    assert.deepEqual(rig.access.listed, [
      [
        { name: 'a', readOnly: false },
        { name: 'b', readOnly: true },
      ],
    ]);
    await answered(toolsCall(4, 'write'), session);
    assert.deepEqual(rig.access.calls, [{ tool: 'write', outcome: 'error' }]);
  });
});
