import assert from 'node:assert/strict';
import type { ConnectError } from '../../src/core/errors.ts';
import type { Fetch } from '../../src/core/ports.ts';
import { probe, serverRefusal, toolSummaries } from '../../src/core/probe.ts';
import { Secret } from '../../src/core/secret.ts';
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
    const message = JSON.parse(init.body as string) as Sent;
    const version = new Headers(init.headers).get('mcp-protocol-version');
    sent.push({ method: message.method, version });
    const { id, method } = message;
    if (id === undefined) return Promise.resolve(new Response(null, { status: 202 }));
    return Promise.resolve(Response.json({ jsonrpc: '2.0', id, result: results[method] }));
  }) as Fetch;
  const target = {
    url,
    token: new Secret('t'),
    clientVersion: '1',
    signal: new AbortController().signal,
  };
  return { tools: await probe(target, { fetch, clock: new FakeClock() }), sent };
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

  it('remembers 200 characters of what a refusal asks for', () => {
    const scope = 'tickets:write '.repeat(1_000).trim();
    const headers = { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` };
    const error: ConnectError = serverRefusal(new Response(null, { status: 403, headers }), url);
    assert.equal(error.code, 'server.insufficientScope');
    assert.equal(error.facts.scopes, scope.slice(0, 200));
  });
});
