// What the gateway reads: messages and heads of its client, event streams and challenges of the server.
import assert from 'node:assert/strict';
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { parseTree, type Node } from 'jsonc-parser';
import { errorCodes } from '../../src/core/errors.ts';
import { retryAfterSec } from '../../src/core/http/retryAfter.ts';
import { challengedScopes, serverRefusal } from '../../src/core/server/serverRefusal.ts';
import { admit, createKey, readHead } from '../../src/gateway/access.ts';
import { EventFilter } from '../../src/gateway/eventFilter.ts';
import {
  parseMessage,
  peekRequest,
  withEnterpriseExtension,
} from '../../src/gateway/mcpMessage.ts';
import { agree, upstreamHeaders } from '../../src/gateway/upstreamHeaders.ts';
import { edited, edits } from './mutation.ts';
import { orRefused, target, type FuzzTarget } from './target.ts';

const name = fc.oneof(
  fc.constantFrom('jsonrpc', 'id', 'method', 'params', 'result', 'error', 'name', '_meta', 'uri'),
  fc.constantFrom('Method', 'paramſ', '__proto__', 'NAME'),
  fc.string({ maxLength: 6 }),
);
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom('1', '-0', '1e400', '12345678901234567890', 'true', 'null', '"2.0"', '" "'),
    fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => JSON.stringify(text)),
    fc.array(tie('json'), { maxLength: 3 }).map((parts) => `[${parts.join(' , ')}]`),
    // Not from an object: names may be there twice.
    fc
      .array(fc.tuple(name, tie('json')), { maxLength: 5 })
      .map((parts) => `{${parts.map(([n, v]) => `${JSON.stringify(n)}:${v}`).join(',')}}`),
  ),
})) as { json: fc.Arbitrary<string> };
const method = fc.constantFrom('initialize', 'tools/call', 'tools/list', 'ping', 'notifications/x');
const message = fc
  .record(
    {
      jsonrpc: fc.constant('2.0'),
      id: fc.oneof(fc.integer(), fc.string(), fc.constantFrom(null, {}, 1.5)),
      method,
      params: fc.oneof(
        fc.dictionary(name, fc.jsonValue(), { maxKeys: 4 }),
        fc.constant({ capabilities: { tools: {} }, name: 'read', arguments: { a: '{"' } }),
      ),
    },
    { requiredKeys: ['jsonrpc'] },
  )
  .map((fields) => JSON.stringify(fields));
/** Members as they come: some twice, some nearly. */
const members =
  (...pool: readonly string[]) =>
  (more: fc.Arbitrary<string>) =>
    fc
      .array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...pool) }, more), { maxLength: 5 })
      .map((some) => some.join(' , '));
const params = members(
  ...['"name":"read"', '"name":"delete"', '"NAME":"x"', '"n\\u0061me":"x"', '"_meta":{}'],
  ...['"arguments":{"a":1,"a":2}', '"arguments":{"a\\"}":[{"b":1},{"b":2}]}', '"uri":"\\\\"'],
)(json.map((value) => `"arguments":${value}`));
const twofold = members(
  ...['"id":1', '"id":"\\"id\\":2"', '"method":"ping"', '"method":"tools/call"', '"result":{}'],
  ...['"\\u006dethod":"x"', '"Method":"x"', '"paramſ":{"name":"x"}', '"error":{}', '"x":1'],
)(params.map((inner) => `"params":{${inner}}`)).map((some) =>
  ['"jsonrpc":"2.0"', ...(some === '' ? [] : [some])].join(','),
);
const words = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  '\\',
  '\\"',
  '\\u006d',
  '"method":"x",',
  '"id":2,',
];
const text = fc.oneof(
  message,
  json,
  twofold.map((some) => `{${some}}`),
  fc.tuple(fc.oneof(message, json), edits(...words)).map(([one, changes]) => edited(one, changes)),
);
const bytes = fc.oneof(
  { weight: 8, arbitrary: text.map((one) => new TextEncoder().encode(one)) },
  text.map((one) => new Uint8Array(Buffer.from(one, 'latin1'))),
  fc.uint8Array({ maxLength: 80 }),
);

/** By a parser of somebody else's, which keeps what is there twice. */
function namesTwice(node: Node | undefined): boolean {
  if (node === undefined) return false;
  const names = node.type === 'object' ? node.children?.map((one) => one.children?.[0]) : [];
  const values = (names ?? []).map((one) => String(one?.value));
  return new Set(values).size < values.length || (node.children ?? []).some(namesTwice);
}

const messages = target('messages of a client', bytes, async (body) => {
  const read = await orRefused(() => parseMessage(body), 'gateway.messageInvalid');
  if (read === undefined) return;
  const said = new TextDecoder('utf-8', { fatal: true }).decode(body);
  const value = JSON.parse(said) as Record<string, unknown>;
  assert.ok(!namesTwice(parseTree(said)), 'a name is there twice');
  assert.equal(value['jsonrpc'], '2.0');
  assert.equal(read.kind === 'response', !('method' in value));
  const known = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'];
  for (const one of Object.keys(value)) {
    assert.ok(known.includes(one) || !known.includes(one.toUpperCase().toLowerCase()), one);
  }
  if (read.kind !== 'request') return;
  assert.deepEqual([read.method, read.id], [value['method'], value['id']]);
  const extended = withEnterpriseExtension(new Uint8Array(body), read);
  assert.equal(parseMessage(extended).kind, 'request');
  const peeked = peekRequest(body, false);
  if (peeked !== undefined) assert.deepEqual([peeked.method, peeked.id], [read.method, read.id]);
});

const beginnings = target(
  'messages too large to read',
  fc.tuple(text, fc.nat(200)),
  async ([whole, length]) => {
    const body = new TextEncoder().encode(whole);
    const read = await orRefused(() => parseMessage(body), 'gateway.messageInvalid');
    const peeked = peekRequest(body.subarray(0, length), false);
    if (read === undefined || peeked === undefined) return;
    assert.ok(read.kind === 'request');
    assert.deepEqual([peeked.method, peeked.id], [read.method, read.id]);
  },
);

const key = createKey();
const [[keyName, keyValue]] = Object.entries(key.header()) as [[string, string]];
const headerName = fc.oneof(
  fc.constantFrom('Host', 'Origin', keyName, 'authorization', 'Content-Length', 'Cookie'),
  fc.constantFrom('Mcp-Method', 'Mcp-Name', 'MCP-Protocol-Version', 'Mcp-Session-Id', 'mcp-param-'),
  fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/),
);
const headerValue = fc.oneof(
  fc.constantFrom('127.0.0.1:4000', keyValue, 'evil.example', 'null', 'tools/call', 'read'),
  fc.constantFrom('=?base64?cmVhZA==?=', '=?base64?=?=', ''),
  // What node:http lets through.
  fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,30}$/).map((one) => one.trim()),
);
const lines = fc.array(fc.tuple(headerName, headerValue), { maxLength: 8 });
const honest = fc.constant([
  ['Host', '127.0.0.1:4000'],
  [keyName, keyValue],
] as [string, string][]);
const passed =
  /^(user-agent|last-event-id|mcp-(protocol-version|method|name|session-id|param-.*))$/;
const ours = ['accept', 'accept-encoding', 'content-type'];

const heads = target(
  'heads of requests',
  fc.record({
    some: lines,
    base: fc.oneof(honest, fc.constant([])),
    verb: fc.constantFrom('POST', 'GET', 'DELETE', 'OPTIONS'),
    place: fc.oneof(fc.constant('/mcp/tickets'), fc.webPath(), fc.string()),
  }),
  async ({ some, base, verb, place }) => {
    const all = [...base, ...some];
    const head = readHead(verb, place, all.flat());
    const admission = admit(head, { host: '127.0.0.1:4000', key });
    const of = (wanted: string) =>
      all.filter(([one]) => one.toLowerCase() === wanted).map(([, value]) => value);
    if (!('status' in admission)) {
      assert.deepEqual([of('host'), of('authorization')], [['127.0.0.1:4000'], [keyValue]]);
      assert.deepEqual([of('origin'), place], [[], `/mcp/${admission.serverId}`]);
    }
    const post = {
      kind: 'request',
      id: 1,
      method: 'tools/call',
      params: { name: 'read' },
    } as const;
    const asked = { ...post, isStateless: false };
    const isAgreed = await orRefused(() => agree(head, asked), 'gateway.messageInvalid');
    if (isAgreed === true && of('mcp-method').length > 0)
      assert.deepEqual(of('mcp-method'), ['tools/call']);
    const sent = await orRefused(
      () => upstreamHeaders(head, 'POST', undefined),
      'gateway.messageInvalid',
    );
    for (const [one, value] of new Headers(sent ?? {})) {
      assert.ok(ours.includes(one) || passed.test(one), one);
      assert.ok(!value.includes(keyValue) || of(one).includes(value));
    }
  },
);

const sse = fc
  .oneof(
    fc
      .array(
        fc.tuple(
          fc.constantFrom(
            'data: ',
            'data:',
            'event: ',
            'event:',
            'id: ',
            'retry: ',
            ': ',
            'x: ',
            '',
          ),
          fc.oneof(
            fc.constantFrom('message', 'endpoint', '{"a":1}', '1000', 'data: x'),
            fc.string(),
          ),
          fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\r\r', '\r\n\r\n'),
        ),
        { maxLength: 12 },
      )
      .map((parts) => parts.flat().join('')),
    fc.string({ unit: fc.constantFrom(...Array.from('\r\n :daevntm')), maxLength: 60 }),
  )
  .filter((one) => !one.startsWith('\uFEFF'));
const cuts = fc.array(fc.nat(100), { maxLength: 5 });

function eventsOf(stream: string): { type: string; data: string }[] {
  const events: { type: string; data: string }[] = [];
  const parser = createParser({
    onEvent: ({ event = 'message', data }) => {
      events.push({ type: event, data });
    },
  });
  parser.feed(stream);
  return events;
}

const eventStreams = target('event streams', fc.tuple(sse, cuts), ([text, at]) => {
  const through = (parts: readonly Buffer[]) => {
    const seen: string[] = [];
    const filter = new EventFilter(({ data }) => seen.push(data.toString()));
    // Whatever it hands on may be the very bytes that came.
    const output = parts.map((part) => filter.push(Buffer.from(part)).toString('latin1'));
    return { output: Buffer.from(output.join(''), 'latin1').toString(), seen };
  };
  const bytes = Buffer.from(text);
  const whole = bytes.toString();
  const places = [0, ...at.map((n) => Math.min(n, bytes.length)).sort((x, y) => x - y)];
  const parts = places.map((from, n) => bytes.subarray(from, places[n + 1] ?? bytes.length));
  const { output, seen } = through(parts);
  assert.deepEqual({ output, seen }, through([bytes]), 'it matters how it is cut');
  // The other parser waits for what may follow the last carriage return.
  const [before, after] = [eventsOf(`${whole}\n`), eventsOf(output)];
  for (const { type, data } of after) {
    assert.ok(['message', 'ignored'].includes(type), type);
    // Nothing is read that the server did not say as a message.
    const isSaid = before.some((one) => one.type === 'message' && one.data.trim() === data.trim());
    assert.ok(type === 'ignored' || isSaid || data.trim() === '', JSON.stringify({ type, data }));
  }
});

const asked = fc.record({
  status: fc.constantFrom(400, 401, 403, 404, 429, 500, 503),
  challenge: fc.tuple(
    fc.constantFrom(
      'Bearer error="insufficient_scope", scope="a b"',
      'DPoP error="use_dpop_nonce", algs="ES256"',
      'Bearer error="insufficient_user_authentication", acr_values="a b", max_age="5"',
    ),
    edits('"', '\\', ',', ' ', '=', 'Bearer ', 'scope=', 'error=', 'max_age="-1"', '\x80'),
  ),
  retry: fc.oneof(fc.string(), fc.constantFrom('1e9', '-1', 'Fri, 31 Dec 9999 23:59:59 GMT')),
});
const challenges = target('refusals of a server', asked, ({ status, challenge, retry }) => {
  const header = edited(...challenge).replace(/[^\t\x20-\x7e\x80-\xff]/g, '');
  const headers = new Headers({
    'www-authenticate': header,
    'retry-after': retry.replace(/[^\t\x20-\x7e]/g, ''),
  });
  const refusal = serverRefusal(new Response(null, { status, headers }), 'https://mcp.example/');
  assert.ok(errorCodes.includes(refusal.code) && refusal.code !== 'bug');
  assert.ok(JSON.stringify(refusal.facts).length < 3_000);
  for (const scope of challengedScopes(refusal) ?? []) {
    assert.ok(scope !== '' && header.replace(/\\(.)/g, '$1').includes(scope), scope);
  }
  const seconds = retryAfterSec(headers, 0);
  assert.ok(
    seconds === undefined || (Number.isInteger(seconds) && seconds >= 0 && seconds <= 3600),
  );
});

export const gatewayTargets: readonly FuzzTarget[] = [
  messages,
  beginnings,
  heads,
  eventStreams,
  challenges,
];
