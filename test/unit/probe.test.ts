import assert from 'node:assert/strict';
import type { ConnectError } from '../../src/core/errors.ts';
import type { Fetch } from '../../src/core/ports.ts';
import { bearerToken } from '../../src/core/access/accessToken.ts';
import { probe } from '../../src/core/server/probe.ts';
import { Secret } from '../../src/core/secret.ts';
import { serverRefusal } from '../../src/core/server/serverRefusal.ts';
import { toolSummaries } from '../../src/core/server/toolSummaries.ts';
import { FakeClock } from '../support/fakeClock.ts';

const url = 'https://tickets.example/mcp';
interface Sent {
  readonly id?: number;
  readonly method: string;
  readonly version: string | null;
}

/** One probe of a server that gives these results. */
async function probed(results: Record<string, unknown>) {
  const sent: Sent[] = [];
  const fetch = ((_: string, init: RequestInit) => {
    const message = JSON.parse(new TextDecoder().decode(init.body as Uint8Array)) as Sent;
    const version = new Headers(init.headers).get('mcp-protocol-version');
    sent.push({ method: message.method, version });
    const { id, method } = message;
    if (id === undefined) return Promise.resolve(new Response(null, { status: 202 }));
    return Promise.resolve(Response.json({ jsonrpc: '2.0', id, result: results[method] }));
  }) as Fetch;
  const target = {
    url,
    token: bearerToken(new Secret('t')),
    clientVersion: '1',
    signal: new AbortController().signal,
  };
  return { ...(await probe(target, { fetch, clock: new FakeClock() })), sent };
}
const hello = { protocolVersion: '2025-06-18' };
const many = (count: number) => Array.from({ length: count }, (_, at) => ({ name: `tool ${at}` }));

describe('the probe of an MCP server', () => {
  it('keeps the first thousand tools, however many there are', async () => {
    const { tools } = await probed({ initialize: hello, 'tools/list': { tools: many(100_000) } });
    assert.equal(tools.length, 1_000);
    assert.equal(tools[999]?.name, 'tool 999');
    assert.equal(toolSummaries(many(300_000)).length, 1_000);
  });

  it('stops asking for pages once it has a thousand', async () => {
    const page = { tools: many(400), nextCursor: 'more' };
    const { tools, sent } = await probed({ initialize: hello, 'tools/list': page });
    assert.equal(tools.length, 1_000);
    assert.equal(sent.filter(({ method }) => method === 'tools/list').length, 3);
  });

  it('keeps 128 characters of a name', () => {
    assert.deepEqual(toolSummaries([{ name: 'x'.repeat(200) }, { title: 'no name' }, null]), [
      { name: 'x'.repeat(128), readOnly: false },
    ]);
  });

  it('repeats the version of the server only where it is one', async () => {
    const cases: [unknown, string][] = [
      ['2025-06-18', '2025-06-18'],
      ['2025-06-18\r\nx: y', '2025-11-25'],
      ['é', '2025-11-25'],
      ['1'.repeat(33), '2025-11-25'],
      [undefined, '2025-11-25'],
    ];
    for (const [protocolVersion, header] of cases) {
      const { sent } = await probed({ initialize: { protocolVersion }, 'tools/list': {} });
      assert.equal(sent.at(-1)?.version, header);
    }
  });

  it('takes an empty answer for no answer', async () => {
    await assert.rejects(probed({ initialize: null }), { code: 'server.protocolError' });
  });

  it('remembers whole scopes of what a refusal asks for, up to a thousand characters', () => {
    const scope = 'tickets:write '.repeat(1_000).trim();
    const headers = { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` };
    const error: ConnectError = serverRefusal(new Response(null, { status: 403, headers }), url);
    assert.equal(error.code, 'server.insufficientScope');
    const scopes = error.facts.scopes?.split(' ') ?? [];
    assert.equal(scopes.length, 71);
    assert.deepEqual([...new Set(scopes)], ['tickets:write']);
  });
});

type Answer =
  { readonly status?: number; readonly error?: object; readonly result?: object } | string;

/** A probe of a server that answers each request as `serve` says; what it was sent. */
async function conversation(
  serve: (sent: Heard, before: readonly Heard[]) => Answer,
  version?: string,
) {
  const heard: Heard[] = [];
  const fetch = (async (_: string, init: RequestInit) => {
    const message = JSON.parse(new TextDecoder().decode(init.body as Uint8Array)) as Sent & Heard;
    const headers = Object.fromEntries(new Headers(init.headers));
    const one = { id: message.id, method: message.method, params: message.params, headers };
    const answer = serve(one, [...heard]);
    heard.push(one);
    await Promise.resolve();
    if (typeof answer === 'string') {
      return new Response('', { status: 401, headers: { 'www-authenticate': answer } });
    }
    if (message.id === undefined) return new Response(null, { status: answer.status ?? 202 });
    const { status = 200, ...rest } = answer;
    return Response.json({ jsonrpc: '2.0', id: message.id, ...rest }, { status });
  }) as Fetch;
  const target = {
    url,
    token: bearerToken(new Secret('t')),
    clientVersion: '1',
    signal: new AbortController().signal,
    version,
  };
  const outcome = await probe(target, { fetch, clock: new FakeClock() }).catch(
    (error: unknown) => (error as ConnectError).code,
  );
  return { outcome, heard, methods: heard.map(({ method }) => method) };
}

interface Heard {
  readonly id?: number | undefined;
  readonly method: string;
  readonly params?:
    { readonly _meta?: Record<string, unknown>; readonly protocolVersion?: string } | undefined;
  readonly headers: Record<string, string>;
}

const tools = { result: { tools: [{ name: 'search' }] } };
const unsupported = (...supported: string[]) => ({
  status: 400,
  error: { code: -32022, message: 'no', data: { supported } },
});
const isStateless = ({ headers }: Heard) => headers['mcp-method'] !== undefined;

describe('the version of an MCP server', () => {
  for (const [name, refusal] of Object.entries({
    'names the versions it speaks': unsupported('2026-07-28'),
    'wants headers': { status: 400, error: { code: -32020, message: 'no' } },
    'wants the request to say its version': { status: 400, error: { code: -32602, message: 'no' } },
    'knows no such method': { status: 404, error: { code: -32601, message: 'no' } },
    'names them with 200': { ...unsupported('2026-07-28'), status: 200 },
  })) {
    it(`is the one without sessions where it ${name}`, async () => {
      const { outcome, heard, methods } = await conversation((one) =>
        isStateless(one) ? tools : refusal,
      );
      assert.deepEqual(outcome, {
        tools: [{ name: 'search', readOnly: false }],
        version: '2026-07-28',
      });
      assert.deepEqual(methods, ['initialize', 'tools/list']);
      const { headers, params } = heard[1]!;
      assert.equal(headers['mcp-method'], 'tools/list');
      assert.equal(headers['mcp-protocol-version'], '2026-07-28');
      const meta = params?._meta ?? {};
      assert.equal(meta['io.modelcontextprotocol/protocolVersion'], '2026-07-28');
      assert.deepEqual(meta['io.modelcontextprotocol/clientCapabilities'], {
        extensions: { 'io.modelcontextprotocol/enterprise-managed-authorization': {} },
      });
    });
  }

  it('is the one it names, where it turned back to sessions', async () => {
    const { outcome, heard, methods } = await conversation((one) => {
      if (isStateless(one)) return unsupported('2025-06-18', '1999-01-01');
      return one.method === 'initialize' ? { result: { protocolVersion: '2025-06-18' } } : tools;
    }, '2026-07-28');
    assert.equal((outcome as { version: string }).version, '2025-06-18');
    assert.equal(heard[1]?.params?.protocolVersion, '2025-06-18');
    assert.deepEqual(methods.slice(0, 2), ['tools/list', 'initialize']);
  });

  it('is not guessed where it names none that is known, or another failure speaks', async () => {
    assert.deepEqual(await conversation(() => unsupported('2099-01-01')).then(told), [
      'server.protocolError',
      ['initialize'],
    ]);
    assert.deepEqual(await conversation(() => ({ status: 404 })).then(told), [
      'server.protocolError',
      ['initialize'],
    ]);
    assert.deepEqual(await conversation(() => ({ status: 503 })).then(told), [
      'server.unavailable',
      ['initialize'],
    ]);
  });

  it('is looked for only once the server has let the request in', async () => {
    const said = await conversation(() => 'Bearer error="invalid_token"').then(told);
    assert.deepEqual(said, ['server.tokenRefused', ['initialize']]);
    const weak = await conversation(() => 'Bearer error="insufficient_user_authentication"');
    assert.deepEqual(told(weak), ['server.stepUpRequired', ['initialize']]);
  });

  it('is remembered: a server without sessions is asked at once', async () => {
    const { methods } = await conversation(() => tools, '2026-07-28');
    assert.deepEqual(methods, ['tools/list']);
  });

  it('a server that refuses a list before it heard `initialized` is asked again', async () => {
    const { outcome, methods } = await conversation((one, before) => {
      if (one.method === 'initialize') return { result: { protocolVersion: '2025-11-25' } };
      const isEarly = before.filter(({ method }) => method === 'tools/list').length === 0;
      return one.method === 'tools/list' && isEarly
        ? { error: { code: -32002, message: 'not initialized' } }
        : tools;
    });
    assert.equal(typeof outcome, 'object');
    assert.deepEqual(methods, [
      'initialize',
      'notifications/initialized',
      'tools/list',
      'tools/list',
    ]);
  });
});

const told = ({ outcome, methods }: Awaited<ReturnType<typeof conversation>>) => [outcome, methods];
