// Who is let in (T2, T3, T20), over the wire and as a decision.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { admit, createKey, readHead } from '../../../src/gateway/access.ts';
import { createRig, server, type Rig } from './rig.ts';

describe('access to the gateway', () => {
  const key = createKey();
  const own = Object.entries(key.header()).flat();
  const decide = (raw: string[], target = '/mcp/tickets', method = 'POST') =>
    admit(readHead(method, target, raw), { host: '127.0.0.1:4000', key });
  const host = ['Host', '127.0.0.1:4000'];

  it('lets the window in that has the key', () => {
    assert.deepEqual(decide([...host, ...own]), { method: 'POST', serverId: 'tickets' });
    // VS Code masks this one header in its own log, if it is spelled so.
    assert.equal(own[0], 'Authorization');
    const [scheme, value = ''] = own[1]!.split(' ');
    assert.deepEqual([scheme, Buffer.from(value, 'base64url').length], ['Bearer', 32]);
    assert.notDeepEqual(createKey().header(), createKey().header());
  });

  it('takes one exact Host and no Origin', () => {
    const hosts = {
      none: [],
      other: ['Host', 'evil.example'],
      rebound: ['Host', '127.0.0.1.nip.io:4000'],
      port: ['Host', '127.0.0.1:4001'],
      localhost: ['Host', 'localhost:4000'],
      twice: [...host, ...host],
    };
    for (const [name, lines] of Object.entries(hosts)) {
      assert.deepEqual(decide([...lines, ...own]), { status: 421 }, name);
    }
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:4000', '']) {
      assert.deepEqual(decide([...host, ...own, 'Origin', origin]), { status: 403 }, origin);
      assert.deepEqual(
        decide([...host, 'origin', origin], '/', 'OPTIONS'),
        { status: 403 },
        origin,
      );
    }
  });

  it('tells nothing to whoever has no key', () => {
    const wrong = [
      [],
      [own[0]!, ''],
      [own[0]!, `${own[1]!}A`],
      [...own, ...own],
      ['Authorization', own[1]!.replace('Bearer ', '')],
      ['Authorization', own[1]!.replace('Bearer', 'Basic')],
      ['X-Authorization', own[1]!],
    ];
    for (const lines of wrong) {
      for (const target of ['/mcp/tickets', '/', '/.well-known/oauth-protected-resource']) {
        assert.deepEqual(decide([...host, ...lines], target), { status: 404 });
      }
    }
  });

  it('knows /mcp/<id> and nothing else', () => {
    const targets = [
      '/',
      '/mcp',
      '/mcp/',
      '/mcp/tickets/',
      '/mcp/tickets?x=1',
      '/mcp/tickets#x',
      '//mcp/tickets',
      '/mcp/../mcp/tickets',
      '/mcp/%74ickets',
      '/mcp%2Ftickets',
      '/mcp/TICKETS',
      '*',
      '/MCP/tickets',
      'http://evil.example/mcp/tickets',
      '/.well-known/oauth-authorization-server',
      `/mcp/${'a'.repeat(65)}`,
    ];
    for (const target of targets) {
      assert.deepEqual(decide([...host, ...own], target), { status: 404 }, target);
    }
    for (const method of ['OPTIONS', 'HEAD', 'PUT', 'PATCH', 'TRACE', 'post']) {
      assert.deepEqual(decide([...host, ...own], '/mcp/tickets', method), { status: 405 }, method);
    }
  });
});

describe('the gateway on the wire', () => {
  let rig: Rig;
  before(async () => {
    const limits = { receiveHeadMs: 200, receiveMs: 400, maxConnections: 20, refusalMs: 20 };
    rig = await createRig(server(), { transport: 'tcp', limits });
  });
  after(() => rig.dispose());

  /** What the gateway writes back to these very bytes. */
  const raw = (text: string, lingerMs = 150): Promise<string> =>
    new Promise((resolve, reject) => {
      const { address } = rig;
      assert.ok(address.kind === 'tcp');
      const socket = createConnection(address.port, '127.0.0.1');
      let received = '';
      socket.on('data', (chunk) => (received += String(chunk)));
      socket.on('close', () => {
        resolve(received);
      });
      socket.on('error', reject);
      socket.write(text);
      setTimeout(() => socket.end(), lingerMs);
    });
  const head = () => {
    const { address } = rig;
    assert.ok(address.kind === 'tcp');
    const [[name, value]] = Object.entries(rig.gateway.key()) as [[string, string]];
    return `Host: 127.0.0.1:${address.port}\r\n${name}: ${value}\r\n`;
  };

  it('answers 404 without a body to a wrong key, and asks nothing upstream', async () => {
    const answer = await rig.ask({ key: false, body: '{}' });
    assert.equal(answer.status, 404);
    assert.equal(await answer.text(), '');
    assert.equal(answer.headers['www-authenticate'], undefined);
    assert.equal(rig.seen.length, 0);
  });

  it('has no server that is not in the profile', async () => {
    const answer = await rig.ask({ path: '/mcp/other', body: '{}' });
    assert.deepEqual([answer.status, await answer.text()], [404, '']);
  });

  it('is no open relay and no CORS endpoint', async () => {
    assert.match(
      await raw(`GET http://evil.example/ HTTP/1.1\r\n${head()}\r\n`),
      /^HTTP\/1.1 404 /,
    );
    assert.equal(await raw(`CONNECT evil.example:443 HTTP/1.1\r\n${head()}\r\n`), '');
    const options = await raw(`OPTIONS /mcp/tickets HTTP/1.1\r\n${head()}\r\n`);
    assert.match(options, /^HTTP\/1.1 405 /);
    assert.doesNotMatch(options, /access-control/i);
  });

  it('refuses what two parsers could read in two ways', async () => {
    const chunked = 'Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n';
    assert.match(await raw(`POST /mcp/tickets HTTP/1.1\r\n${head()}${chunked}`), /^HTTP\/1.1 400 /);
    assert.match(
      await raw(`POST /mcp/tickets HTTP/1.1\r\n${head()}X: a\rb\r\nContent-Length: 0\r\n\r\n`),
      /^HTTP\/1.1 400 /,
    );
    const large = `X-Large: ${'x'.repeat(20_000)}\r\n`;
    assert.match(
      await raw(`GET /mcp/tickets HTTP/1.1\r\n${head()}${large}\r\n`),
      /^HTTP\/1.1 431 /,
    );
    const many = Array.from({ length: 3_000 }, (_, at) => `X-${at}: 1\r\n`).join('');
    assert.match(await raw(`GET /mcp/tickets HTTP/1.1\r\n${head()}${many}\r\n`), /^HTTP\/1.1 431 /);
    assert.equal(rig.seen.length, 0);
  });

  it('does not wait for those who send slowly', async () => {
    const slowHead = raw(`POST /mcp/tickets HTTP/1.1\r\n${head()}`, 2_000);
    const slowBody = raw(
      `POST /mcp/tickets HTTP/1.1\r\n${head()}Content-Length: 9\r\n\r\n{`,
      2_000,
    );
    assert.match(await slowHead, /^HTTP\/1.1 408 /);
    assert.match(await slowBody, /^(HTTP\/1.1 408 |$)/);
    assert.equal(rig.seen.length, 0);
  });

  it('serves the others while one opens connections without end', async () => {
    const { address } = rig;
    assert.ok(address.kind === 'tcp');
    const idle = Array.from({ length: 60 }, () => createConnection(address.port, '127.0.0.1'));
    for (const socket of idle) socket.on('error', () => undefined);
    await Promise.all(idle.slice(0, 20).map((socket) => once(socket, 'connect')));
    for (const socket of idle) socket.destroy();
    const answer = await rig.post({ id: 1, method: 'ping' });
    assert.equal(answer.status, 200);
    rig.seen.length = 0;
  });
});
