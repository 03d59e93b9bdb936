// However much passes through one stream, the gateway holds next to nothing of it: measured in a process of
// its own. BENCH_STREAM_MIB=1024 makes it the size of the promise.
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const mib = 1_048_576;
const size = Number(process.env['BENCH_STREAM_MIB'] ?? 256) * mib;
/** A quarter of the promise. */
const allowed = 8 * mib;

interface Started {
  readonly port: number;
  readonly headers: Record<string, string>;
}

describe('the memory of a gateway', function () {
  this.timeout(120_000);
  let server: Server;
  let child: ChildProcess;
  let started: Started;

  beforeEach(async () => {
    server = createServer((incoming, response) => {
      incoming.resume();
      const total = Number(incoming.headers['mcp-param-bytes']);
      const isJson = incoming.headers['mcp-param-kind'] === 'json';
      const type = isJson ? 'application/json' : 'text/event-stream';
      response.writeHead(200, { 'content-type': type });
      const text = 'x'.repeat(65_400);
      const event = { jsonrpc: '2.0', method: 'notifications/message', params: { data: text } };
      const chunk = isJson ? `"${text}",` : `data: ${JSON.stringify(event)}\n\n`;
      let left = Math.ceil(total / chunk.length);
      if (isJson) response.write('{"jsonrpc":"2.0","id":1,"result":{"content":[');
      const go = () => {
        while (left > 0 && !response.destroyed) {
          left -= 1;
          if (!response.write(chunk)) return;
        }
        const answer = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: [] } });
        response.end(isJson ? '""]}}' : `data: ${answer}\n\n`);
      };
      response.on('drain', go);
      go();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
    child = fork('test/contract/transparent/gatewayProcess.ts', [url], {
      execArgv: ['--expose-gc', '--import', 'tsx'],
    });
    [started] = (await once(child, 'message')) as [Started];
  });
  afterEach(async () => {
    child.disconnect();
    server.closeAllConnections();
    server.close();
    await once(child, 'exit');
  });

  const most = async (): Promise<number> => {
    child.send('how much');
    const [{ held }] = (await once(child, 'message')) as [{ held: number }];
    return held;
  };
  /** Calls, and reads the answer at full speed but for a rest in its middle. @returns its length */
  const read = (bytes: number, kind: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = {
        ...started.headers,
        'content-type': 'application/json',
        'mcp-param-bytes': String(bytes),
        'mcp-param-kind': kind,
      };
      const at = { host: '127.0.0.1', port: started.port, path: '/mcp/tickets', method: 'POST' };
      const outgoing = request({ ...at, headers }, (incoming) => {
        let length = 0;
        incoming.on('data', (chunk: Buffer) => {
          const wasBefore = length < bytes / 2;
          length += chunk.length;
          if (!wasBefore || length < bytes / 2) return;
          incoming.pause();
          setTimeout(() => incoming.resume(), 500);
        });
        incoming.on('end', () => {
          resolve(length);
        });
      });
      outgoing.on('error', reject);
      const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'large' } };
      outgoing.end(JSON.stringify(call));
    });

  for (const kind of ['events', 'json']) {
    it(`holds less than 8 MiB more while ${size / mib} MiB of ${kind} pass`, async () => {
      await read(mib, kind);
      await most();
      const before = await most();
      const length = await read(size, kind);
      assert.ok(length >= size, `${length} bytes of ${size}`);
      const grown = (await most()) - before;
      assert.ok(grown < allowed, `grew by ${(grown / mib).toFixed(1)} MiB`);
    });
  }
});
