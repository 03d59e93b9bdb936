// Bytes on the wire to a gateway with a server behind it: what is let through is whole, and nothing is let
// through without the key.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseMessage } from '../../src/gateway/mcpMessage.ts';
import { exchange, keyLines, statuses } from '../unit/gateway/rawRequest.ts';
import { createRig, server, toolsCall } from '../unit/gateway/rig.ts';
import { edited, edits } from './mutation.ts';
import { target, type FuzzTarget } from './target.ts';

const words = [
  ...['\r\n', '\n', '\r', '\0', ' ', '\t', ':', ',', '\r\n\r\n', '\r\n ', ';', '"', '%0d%0a'],
  ...['Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: identity\r\n', 'Content-Length: 5\r\n'],
  ...['Host: evil.example\r\n', 'Origin: null\r\n', 'Expect: 100-continue\r\n', 'Upgrade: h2c\r\n'],
  ...['Connection: keep-alive\r\n', 'Mcp-Method: tools/list\r\n', 'Mcp-Name: other\r\n'],
  ...['HTTP/1.0', 'GET', 'DELETE', '0\r\n\r\n', '5\r\nhello\r\n', '/../', 'http://evil.example'],
];
const fromClient =
  /^(user-agent|last-event-id|mcp-(protocol-version|method|name|session-id|param-[\w!#$%&'*+.^`|~-]*))$/;
const fromUs =
  /^(host|connection|authorization|accept|accept-encoding|accept-language|content-type|content-length|sec-fetch-mode)$/;
const answers = [100, 200, 202, 204, 400, 403, 404, 405, 408, 413, 421, 431];

export async function wireTarget(): Promise<FuzzTarget> {
  const limits = { refusalMs: 0, holdMs: 5, headWaitMs: 100 };
  const honest = await createRig(server(), { limits });
  // What comes late at one must not be taken for what came to the other.
  const strange = await createRig(server(), { limits });
  const body = JSON.stringify({ jsonrpc: '2.0', ...toolsCall(1) });
  const rest = `Mcp-Param-A: b\r\nUser-Agent: fuzz\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const request = (lines: string) =>
    `POST /mcp/tickets HTTP/1.1\r\n${lines}Connection: close\r\n${rest}`;
  const own = keyLines(honest);
  const stranger = own.replace(/Bearer .{40}/, `Bearer ${'x'.repeat(40)}`);
  const one = target(
    'requests on the wire',
    fc.tuple(edits(...words), fc.boolean()),
    async ([changes, hasKey]) => {
      const rig = hasKey ? honest : strange;
      rig.seen.length = 0;
      const bytes = edited(request(hasKey ? own : stranger), changes);
      const received = await exchange(rig.address, Buffer.from(bytes, 'latin1'), 40);
      for (const status of statuses(received)) assert.ok(answers.includes(status), received);
      assert.doesNotMatch(received, /www-authenticate|access-control|token-1/i);
      for (const seen of rig.seen) {
        assert.ok(hasKey, 'let in without the key');
        if (seen.method === 'POST') parseMessage(Buffer.from(seen.body));
        assert.equal(seen.headers.authorization, 'Bearer token-1');
        for (const name of Object.keys(seen.headers))
          assert.ok(fromUs.test(name) || fromClient.test(name), name);
      }
      const after = await rig.post({ id: 'after', method: 'ping' });
      assert.match(await after.text(), /"id":"after","result"/);
    },
  );
  return {
    ...one,
    end: async () => {
      await Promise.all([honest.dispose(), strange.dispose()]);
    },
  };
}
