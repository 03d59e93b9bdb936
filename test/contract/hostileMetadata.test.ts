// Real servers that mean harm, on this computer: each is refused with a code of its own, in bounded time and
// memory, and nobody else hears of it.
import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createSecureServer } from 'node:https';
import { gzipSync } from 'node:zlib';
import { generate } from 'selfsigned';
import { createDiscovery } from '../../src/core/discovery/discovery.ts';
import type { ConnectError } from '../../src/core/errors.ts';
import type { Clock } from '../../src/core/ports.ts';
import { systemClock } from '../../src/node/systemClock.ts';

const never = new AbortController().signal;
const servers: Server[] = [];

async function open(listener: RequestListener): Promise<string> {
  const server = createServer({ maxHeaderSize: 1_048_576 }, listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Our clock, with every time-out at a hundredth of its length. */
const hurried: Clock = {
  ...systemClock,
  schedule: (delayMs, task) => systemClock.schedule(delayMs / 100, task),
};

const find = (issuer: string) =>
  createDiscovery({
    fetch: (input, init) => fetch(input, init),
    clock: hurried,
  }).authorizationServer(issuer, never);

const json = { 'content-type': 'application/json' };

describe('metadata of a hostile server', function () {
  this.timeout(20_000);
  after(() => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  });

  const megabytes = (count: number) => Buffer.alloc(count * 1_048_576, ' ');
  const bomb = gzipSync(megabytes(200));
  const attacks: [name: string, code: string, listener: RequestListener][] = [
    [
      'that never begins',
      'redemption.unavailable',
      () => {
        // No answer.
      },
    ],
    [
      'that never ends, byte by byte',
      'redemption.unavailable',
      (_request, response) => {
        response.writeHead(200, json);
        const timer = setInterval(() => response.write(' '), 20);
        response.on('close', () => {
          clearInterval(timer);
        });
      },
    ],
    [
      'that never ends, as fast as it can',
      'redemption.answerInvalid',
      (_request, response) => {
        response.writeHead(200, json);
        const more = () => {
          while (!response.destroyed && response.write(megabytes(1)));
          response.once('drain', more);
        };
        more();
      },
    ],
    [
      'that is a gzip bomb',
      'redemption.answerInvalid',
      (_request, response) => {
        response.writeHead(200, { ...json, 'content-encoding': 'gzip' });
        response.end(bomb);
      },
    ],
    [
      'that is no JSON',
      'discovery.metadataInvalid',
      (_request, response) => response.writeHead(200, json).end('{"issuer": '),
    ],
    [
      'that is a list',
      'discovery.metadataInvalid',
      (_request, response) => response.writeHead(200, json).end('[]'),
    ],
    [
      'that is nested without end',
      'discovery.metadataInvalid',
      (_request, response) => response.writeHead(200, json).end('['.repeat(500_000)),
    ],
    [
      'that breaks off',
      'redemption.unavailable',
      (_request, response) => {
        response.writeHead(200, { ...json, 'content-length': '1000' });
        response.write('{"issuer"', () => response.destroy());
      },
    ],
    [
      'that is a page of the network',
      'network.captivePortal',
      (_request, response) =>
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in to the Wi-Fi'),
    ],
  ];
  for (const [name, code, listener] of attacks) {
    it(`${name} is refused in time and memory`, async () => {
      const issuer = await open(listener);
      const before = process.memoryUsage();
      await assert.rejects(find(issuer), { code });
      const after = process.memoryUsage();
      const grownMiB =
        (after.external + after.heapUsed - before.external - before.heapUsed) / 2 ** 20;
      // The server is in this process as well, and the bomb it holds.
      assert.ok(grownMiB < 64, `${grownMiB.toFixed(0)} MiB more`);
    });
  }

  it('with ten thousand headers costs only itself', async () => {
    const issuer = await open((_request, response) => {
      for (let at = 0; at < 10_000; at++) response.setHeader(`x-${at}`, 'y');
      response.writeHead(200, json).end('{}');
    });
    await assert.rejects(find(issuer), { code: 'redemption.unavailable' });
  });

  for (const status of [301, 302, 303, 307, 308]) {
    it(`that sends us elsewhere with ${status} is not followed`, async () => {
      const heard: string[] = [];
      const canary = await open((request, response) => {
        heard.push(request.url ?? '');
        response.writeHead(200, json).end('{}');
      });
      const issuer = await open((_request, response) =>
        response.writeHead(status, { location: `${canary}/caught` }).end(),
      );
      await assert.rejects(find(issuer), { code: 'network.captivePortal' });
      assert.deepEqual(heard, []);
    });
  }

  it('of an MCP server that names a document elsewhere is not fetched there', async () => {
    const heard: string[] = [];
    const canary = await open((request, response) => {
      heard.push(request.url ?? '');
      response.writeHead(200, json).end('{}');
    });
    for (const target of [canary, 'http://169.254.169.254', 'http://localhost:6379']) {
      const host = await open((request, response) => {
        const metadata = `resource_metadata="${target}/.well-known/oauth-protected-resource"`;
        const isServer = request.url === '/mcp';
        response
          .writeHead(isServer ? 401 : 404, { 'www-authenticate': `Bearer ${metadata}` })
          .end();
      });
      const discovery = createDiscovery({
        fetch: (input, init) => fetch(input, init),
        clock: hurried,
      });
      await assert.rejects(discovery.resource(`${host}/mcp`, never), {
        code: 'discovery.resourceMismatch',
      });
    }
    assert.deepEqual(heard, []);
  });
});

describe('an identity provider behind a certificate nobody vouches for', () => {
  it('is named with that certificate, and hears nothing', async () => {
    const { private: key, cert } = await generate([
      { name: 'commonName', value: 'proxy.acme.example' },
    ]);
    const heard: string[] = [];
    const server = createSecureServer({ key, cert }, (request) => heard.push(request.url ?? ''));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const discovery = createDiscovery({
      fetch: (input, init) => fetch(input, init),
      clock: hurried,
    });
    try {
      await assert.rejects(discovery.identityProvider(issuer, never), (error: ConnectError) => {
        assert.equal(error.code, 'network.tls');
        assert.equal(error.facts.host, new URL(issuer).host);
        return true;
      });
      assert.deepEqual(heard, []);
    } finally {
      server.close();
    }
  });
});
