// Who is let in: T2 (a web page), T3 (whoever has no key), T20 (whoever wants to get through to elsewhere).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { createKey } from '../../../src/gateway/access.ts';
import { connectTo, exchange, keyLines, statuses, wholeRequest } from './rawRequest.ts';
import { createRig, server, toolsCall, type Rig } from './rig.ts';

const body = JSON.stringify({ jsonrpc: '2.0', ...toolsCall(1) });
const length = `Content-Length: ${body.length}\r\n`;

describe('a web page, a stranger and a relay find no door', () => {
  let rig: Rig;
  let port: number;
  let key: string;
  before(async () => {
    rig = await createRig(server(), { transport: 'tcp', limits: { refusalMs: 5 } });
    assert.ok(rig.address.kind === 'tcp');
    ({ port } = rig.address);
    key = Object.values(rig.gateway.key())[0]!;
  });
  after(() => rig.dispose());
  const own = () => `Authorization: ${key}\r\n`;
  const nothingCameThrough = () => {
    assert.deepEqual(
      rig.seen.map(({ method, body: said }) => [method, said]),
      [],
    );
  };

  it('T2 rebound names: of every Host with every Origin only the exact one without is let in', async () => {
    const exact = `Host: 127.0.0.1:${port}\r\n`;
    const hosts = [
      ...['', 'Host: \r\n', `${exact}${exact}`, `Host: evil.example\r\n${exact}`],
      ...['evil.example', '127.0.0.1', 'localhost', '127.0.0.1.nip.io', '0x7f.1', '2130706433']
        .flatMap((name) => [name, `${name}:${port}`])
        .map((name) => `Host: ${name}\r\n`),
      ...[`[::1]:${port}`, `127.0.0.1.:${port}`, `a@127.0.0.1:${port}`, `127.0.0.1:${port}0`].map(
        (name) => `Host: ${name}\r\n`,
      ),
    ];
    const origins = [
      ...['https://evil.example', 'null', '', `http://127.0.0.1:${port}`, 'vscode-webview://x'],
    ].map((origin) => `Origin: ${origin}\r\n`);
    const asked = [exact, ...hosts].flatMap((host) =>
      ['', ...origins, `${origins[0]!}${origins[1]!}`].flatMap((origin) =>
        ['POST', 'GET', 'OPTIONS', 'DELETE'].map((method) => ({ host, origin, method })),
      ),
    );
    const attacks = asked.filter(({ host, origin }) => host !== exact || origin !== '');
    assert.ok(attacks.length > 500);
    for (let at = 0; at < attacks.length; at += 40) {
      await Promise.all(
        attacks.slice(at, at + 40).map(async ({ host, origin, method }) => {
          const head = `${method} /mcp/tickets HTTP/1.1\r\n${host}${origin}${own()}`;
          const cors = 'Access-Control-Request-Method: POST\r\n';
          const received = await exchange(rig.address, `${head}${cors}${length}\r\n${body}`);
          const expected = host === '' ? 400 : origin === '' ? 421 : 403;
          assert.deepEqual(statuses(received), [expected], head);
          assert.doesNotMatch(received, /access-control|www-authenticate/i);
          // Nothing but the head.
          assert.match(received, /\r\n\r\n$/);
        }),
      );
    }
    nothingCameThrough();
    const answer = await exchange(rig.address, wholeRequest(rig, toolsCall(1)));
    assert.deepEqual([statuses(answer), rig.seen.length], [[200], 1]);
    rig.seen.length = 0;
  });

  it('T2 a preflight is answered to nobody, though it had the key', async () => {
    const preflight = `OPTIONS /mcp/tickets HTTP/1.1\r\n${keyLines(rig)}Access-Control-Request-Method: POST\r\n\r\n`;
    const received = await exchange(rig.address, preflight);
    assert.deepEqual(statuses(received), [405]);
    assert.doesNotMatch(received, /access-control|^allow:/im);
  });

  it('T3 wrong, missing, other and old keys: 404 without a body, the same for every place and method', async () => {
    const other = await createRig(server());
    const old = Object.values(other.gateway.key())[0]!;
    await other.dispose();
    const keys = [
      ...['', 'Authorization: \r\n', 'Authorization: Bearer\r\n', 'Authorization: Bearer null\r\n'],
      `Authorization: ${old}\r\n`,
      `Authorization: ${key.slice(0, -1)}\r\n`,
      `Authorization: ${key}=\r\n`,
      `Authorization: ${key.toLowerCase()}\r\n`,
      `Authorization: ${key}, ${key}\r\n`,
      `Authorization: ${key}\r\nAuthorization: ${key}\r\n`,
      `Proxy-Authorization: ${key}\r\n`,
      `Cookie: Authorization=${key}\r\n`,
      // Node.js would answer these before anybody asked for a key.
      'Expect: 100-continue\r\n',
      'Expect: something-else\r\n',
      'Upgrade: websocket\r\nConnection: Upgrade\r\n',
    ];
    const places = ['/mcp/tickets', '/mcp/none', '/', '/.well-known/oauth-protected-resource'];
    const asked = keys.flatMap((line) =>
      places.flatMap((place) => ['POST', 'GET', 'TRACE'].map((verb) => ({ line, place, verb }))),
    );
    const heads = await Promise.all(
      asked.map(async ({ line, place, verb }) => {
        const head = `${verb} ${place} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${line}`;
        const received = await exchange(rig.address, `${head}${length}\r\n${body}`);
        return received.replace(/^Date: .*\r\n/m, '');
      }),
    );
    assert.deepEqual([...new Set(heads)], [heads[0]]);
    assert.match(heads[0]!, /^HTTP\/1\.1 404 Not Found\r\n(?:[^\r]+\r\n)*\r\n$/);
    assert.match(heads[0]!, /^content-length: 0\r$/m);
    assert.match(heads[0]!, /^Connection: close\r$/m);
    assert.doesNotMatch(heads[0]!, /authenticate|server:/i);
    nothingCameThrough();
  });

  it('T3 no place shows the key: not the address, the environment, the command line, the log or a dump', () => {
    const [value] = Object.values(rig.gateway.key());
    const secret = value!.replace('Bearer ', '');
    const dump = inspect(rig.gateway, { depth: 8, maxStringLength: null });
    const places = [
      JSON.stringify(rig.gateway.address),
      JSON.stringify(rig.gateway),
      JSON.stringify(process.env),
      process.argv.join(' '),
      JSON.stringify(rig.access.said),
      dump,
    ];
    for (const place of places) assert.ok(!place.includes(secret));
    assert.equal(secret.length, 43);
  });

  it('T3 a key is compared in one time: digests of one length, whatever was given', () => {
    const made = createKey();
    const [right] = Object.values(made.header());
    const compared: number[][] = [];
    const { timingSafeEqual } = crypto;
    const patched = crypto as { timingSafeEqual: typeof timingSafeEqual };
    patched.timingSafeEqual = (a, b) => {
      compared.push([a.byteLength, b.byteLength]);
      return timingSafeEqual(a, b);
    };
    syncBuiltinESMExports();
    try {
      const guesses = ['', 'x', right!.slice(0, 20), `${right!}x`, 'y'.repeat(10_000)];
      for (const guess of guesses) assert.equal(made.matches(guess), false);
      assert.equal(made.matches(right!), true);
      assert.deepEqual(compared, Array(guesses.length + 1).fill([32, 32]));
    } finally {
      patched.timingSafeEqual = timingSafeEqual;
      syncBuiltinESMExports();
    }
  });

  it('T20 no target, and no header, leads anywhere but to the one server', async () => {
    const heard: string[] = [];
    const canary = createServer((request, response) => {
      heard.push(request.url ?? '');
      response.end();
    });
    canary.on('connection', () => heard.push('connected'));
    canary.listen(0, '127.0.0.1');
    await once(canary, 'listening');
    const evil = `127.0.0.1:${(canary.address() as AddressInfo).port}`;
    const targets = [
      `http://${evil}/mcp/tickets`,
      `http://127.0.0.1:${port}/mcp/tickets`,
      `//${evil}/mcp/tickets`,
      `/mcp/tickets@${evil}`,
      `/mcp/http://${evil}/`,
      ...['/mcp/../mcp/tickets', '/mcp/./tickets', '/mcp//tickets', '/../mcp/tickets', '/mcp/..'],
      ...['/mcp%2ftickets', '/mcp/%2e%2e/tickets', '/mcp/tickets%2f..', '/mcp/tickets%00'],
      ...['/mcp/tickets/', '/mcp/tickets\\', '/mcp/tickets;v=1', '/mcp/tickets/../other'],
      `/mcp/tickets?url=http://${evil}/`,
      '/mcp/__proto__',
      '/mcp/constructor',
    ];
    for (const target of targets) {
      for (const method of ['POST', 'GET', 'DELETE']) {
        const request = `${method} ${target} HTTP/1.1\r\n${keyLines(rig)}Connection: close\r\n${length}\r\n${body}`;
        assert.deepEqual(statuses(await exchange(rig.address, request)), [404], target);
      }
    }
    const connect = await exchange(rig.address, `CONNECT ${evil} HTTP/1.1\r\n${keyLines(rig)}\r\n`);
    assert.deepEqual(statuses(connect), []);
    for (const method of ['PUT', 'PATCH', 'TRACE', 'HEAD', 'PROPFIND']) {
      const request = `${method} /mcp/tickets HTTP/1.1\r\n${keyLines(rig)}Connection: close\r\n${length}\r\n${body}`;
      assert.deepEqual(statuses(await exchange(rig.address, request)), [405], method);
    }
    nothingCameThrough();
    const misleading = [
      ...[
        `X-Forwarded-Host: ${evil}`,
        `Forwarded: host=${evil}`,
        `X-Original-URL: http://${evil}/`,
      ],
      ...[
        `X-Rewrite-URL: /admin`,
        'X-HTTP-Method-Override: DELETE',
        `Destination: http://${evil}/`,
      ],
      ...['Cookie: session=1', 'Proxy-Authorization: Basic eA==', `Location: http://${evil}/`],
      ...['Connection: x-secret, close', 'X-Secret: 1', 'Via: 1.1 evil', 'TE: trailers'],
    ].map((line) => `${line}\r\n`);
    await exchange(rig.address, wholeRequest(rig, toolsCall(3), misleading.join('')));
    const [one, ...more] = rig.seen;
    assert.ok(one !== undefined && more.length === 0);
    assert.doesNotMatch(
      JSON.stringify(one.headers),
      new RegExp(`${evil}|admin|override|cookie|proxy-auth|secret|via|"te"`, 'i'),
    );
    rig.seen.length = 0;
    canary.close();
    assert.deepEqual(heard, []);
  });
});

describe('guesses without end', () => {
  const rigs: Rig[] = [];
  afterEach(() => Promise.all(rigs.splice(0).map((rig) => rig.dispose())));
  it('T3 come no faster than the gateway bears them, and do not lock the window out', async () => {
    const limits = { refusalMs: 100, maxStrangers: 20, maxConnections: 60 };
    const rig = await createRig(server(), { transport: 'tcp', limits });
    rigs.push(rig);
    assert.ok(rig.address.kind === 'tcp');
    const script = `
      const { createConnection } = require('node:net');
      let answered = 0, opened = 0;
      const guess = () => {
        opened++;
        const socket = createConnection(${rig.address.port}, '127.0.0.1');
        socket.on('data', (data) => { if (String(data).includes(' 404 ')) answered++; });
        socket.on('error', () => undefined).on('close', guess);
        socket.write('GET /mcp/tickets HTTP/1.1\\r\\nHost: 127.0.0.1:${rig.address.port}\\r\\nAuthorization: Bearer ' + opened + '\\r\\n\\r\\n');
      };
      for (let at = 0; at < 100; at++) guess();
      console.log('begun');
      const begun = performance.now();
      setTimeout(() => { console.log(JSON.stringify({ answered, opened, ms: performance.now() - begun })); process.exit(); }, 1500);`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const closed = once(child, 'close');
    let said = '';
    child.stdout.on('data', (chunk) => (said += String(chunk)));
    await once(child.stdout, 'data');
    const answers = [];
    for (let at = 0; at < 10; at++) {
      const one = await rig.post({ id: at, method: 'ping' }).catch(() => undefined);
      answers.push(one?.status);
      await one?.text();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await closed;
    const { answered, opened, ms } = JSON.parse(said.trim().split('\n').at(-1)!) as Record<
      'answered' | 'opened' | 'ms',
      number
    >;
    assert.ok(opened > 200, `${opened} opened`);
    // 20 strangers at a time, each answered after 100 ms.
    assert.ok(answered <= 20 * (ms / 100 + 2), `${answered} guesses were answered`);
    assert.ok(answers.filter((status) => status === 200).length >= 8, answers.join());
  });

  it('T3 sent in one go count as one, even when a later one is right', async () => {
    const rig = await createRig(server(), { limits: { refusalMs: 300 } });
    rigs.push(rig);
    const wrong = `POST /mcp/tickets HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n${length}\r\n${body}`;
    const bytes = wrong.repeat(50) + wholeRequest(rig, toolsCall(2));
    assert.deepEqual(statuses(await exchange(rig.address, bytes)), [404]);
    assert.equal(rig.seen.length, 0);
  });

  it('T11 thousands of silent connections leave room for the window', async function () {
    this.timeout(20_000);
    const rig = await createRig(server(), { transport: 'tcp' });
    rigs.push(rig);
    const idle = [];
    for (let batch = 0; batch < 20; batch++) {
      const some = Array.from({ length: 100 }, () => connectTo(rig.address));
      for (const socket of some) socket.on('error', () => undefined);
      await Promise.all(some.map((socket) => once(socket, 'connect')));
      idle.push(...some);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    const answer = await rig.post({ id: 1, method: 'ping' });
    assert.equal(answer.status, 200);
    await answer.text();
    const open = idle.filter(({ closed, readyState }) => !closed && readyState === 'open').length;
    for (const socket of idle) socket.destroy();
    assert.ok(open <= 512, `${open} of them are still held`);
  });
});
