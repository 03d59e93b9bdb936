// What a server may not do to a client through the gateway: T1 (make it sign in), T6 (send it, or the access,
// elsewhere), T11 (keep it waiting, fill it up), T18 (have it ask twice).
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createGzip, gzipSync } from 'node:zlib';
import { ConnectError } from '../../../src/core/errors.ts';
import {
  createRig,
  eventOf,
  json,
  lastMessage,
  messages,
  result,
  server,
  stream,
  toolsCall,
  until,
  type ClientAnswer,
  type Handle,
  type Rig,
} from './rig.ts';

/** Who must never be asked anything. */
const canary = { heard: [] as string[], url: '' };
const canaryServer = createServer((request, response) => {
  canary.heard.push(`${request.method ?? ''} ${request.headers.authorization ?? ''}`);
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
});
before(async () => {
  canaryServer.listen(0, '127.0.0.1');
  await once(canaryServer, 'listening');
  canary.url = `http://127.0.0.1:${(canaryServer.address() as AddressInfo).port}`;
});
after(() => canaryServer.close());

/** The garbage collector, which the tests are not started with. */
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const lookMs = 250;

type Refusal = (response: ServerResponse) => unknown;

const challenge =
  (status: number, header: () => string | string[]): Refusal =>
  (response) =>
    response
      .writeHead(status, { 'www-authenticate': header(), location: `${canary.url}/authorize` })
      .end('{"error":"unauthorized","resource_metadata":"evil"}');
const elsewhere = () => `resource_metadata="${canary.url}/.well-known/oauth-protected-resource"`;

const refusals: Record<string, Refusal> = {
  '401 that names metadata elsewhere': challenge(401, () => `Bearer ${elsewhere()}`),
  '401 of a dead access': challenge(401, () => `Bearer error="invalid_token", ${elsewhere()}`),
  '401 of several kinds': challenge(401, () => ['Negotiate', `Bearer ${elsewhere()}`, 'Basic a=b']),
  '401 without a word': (response) => response.writeHead(401).end(),
  '403 of a scope': challenge(
    403,
    () => `Bearer error="insufficient_scope", scope="a b", ${elsewhere()}`,
  ),
  '403 without a word': (response) => response.writeHead(403).end(),
  '407 of a proxy': (response) =>
    response.writeHead(407, { 'proxy-authenticate': 'Basic realm="x"' }).end(),
  '401 of a stronger sign-in': challenge(
    401,
    () => `Bearer error="insufficient_user_authentication", acr_values="x", ${elsewhere()}`,
  ),
};
// In the form that passes for the server's own answer to the call.
for (const status of [401, 403]) {
  refusals[`${status} as an answer of JSON-RPC`] = (response) => {
    const error = { code: -32_000, message: 'no', data: {} };
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify({ jsonrpc: '2.0', id: 1, error }));
  };
}
for (const status of [300, 301, 302, 303, 305, 307, 308]) {
  refusals[`${status} to another origin`] = (response) =>
    response.writeHead(status, { location: `${canary.url}/mcp`, refresh: '0' }).end();
}
refusals['307 to the same origin'] = (response) =>
  response.writeHead(307, { location: '/elsewhere' }).end();

/** Where in a conversation a refusal may come, and what the client then has in hand. */
interface Position {
  /** The requests to refuse. */
  readonly refused: (seen: { rpc: string; method: string; headers: object }) => boolean;
  readonly ask: (rig: Rig) => Promise<ClientAnswer>;
  /** True when the client is told, not merely let go on. */
  readonly isTold: boolean;
}

const positions: Record<string, Position> = {
  'the handshake': {
    refused: ({ rpc }) => rpc === 'initialize',
    ask: (rig) => rig.post({ id: 1, method: 'initialize', params: { capabilities: {} } }),
    isTold: true,
  },
  'the notification after it': {
    refused: ({ rpc }) => rpc === 'notifications/initialized',
    ask: async (rig) => {
      const started = await rig.post({ id: 1, method: 'initialize', params: { capabilities: {} } });
      await started.text();
      const session = String(started.headers['mcp-session-id']);
      return rig.post({ method: 'notifications/initialized' }, session);
    },
    isTold: false,
  },
  'a list': {
    refused: ({ rpc }) => rpc === 'tools/list',
    ask: async (rig) => rig.post({ id: 1, method: 'tools/list' }, await rig.begin()),
    isTold: true,
  },
  'a call': {
    refused: ({ rpc }) => rpc === 'tools/call',
    ask: async (rig) => rig.post(toolsCall(1), await rig.begin()),
    isTold: true,
  },
  'a call without a session': {
    refused: ({ rpc }) => rpc === 'tools/call',
    ask: (rig) => rig.post(toolsCall(1), undefined, { 'mcp-method': 'tools/call' }),
    isTold: true,
  },
  'an answer to the server': {
    refused: ({ rpc, method }) => rpc === '' && method === 'POST',
    ask: async (rig) => rig.post({ id: 's', result: {} }, await rig.begin()),
    isTold: false,
  },
  'the event stream': {
    refused: ({ method }) => method === 'GET',
    ask: async (rig) => {
      const answer = await rig.listen(await rig.begin());
      await until(() => rig.seen.some(({ method }) => method === 'GET'));
      await new Promise((resolve) => setTimeout(resolve, 20));
      rig.access.close(new ConnectError('gateway.closed'));
      setTimeout(() => void rig.gateway.dispose(), 20);
      return answer;
    },
    isTold: false,
  },
  'the end of a session': {
    refused: ({ method }) => method === 'DELETE',
    ask: async (rig) =>
      rig.ask({ method: 'DELETE', headers: { 'mcp-session-id': await rig.begin() } }),
    isTold: false,
  },
  'the rest of a stream that broke off': {
    refused: ({ method, headers }) => method === 'GET' && 'last-event-id' in headers,
    ask: async (rig) => rig.post(toolsCall(1, 'breaks'), await rig.begin()),
    isTold: true,
  },
};

describe('a server that refuses, or sends away', () => {
  const rigs: Rig[] = [];
  afterEach(() => Promise.all(rigs.splice(0).map((rig) => rig.dispose())));
  const inPosition = async ({ refused, ask, isTold }: Position, refuse: Refusal) => {
    const ordinary = server();
    const handle: Handle = (seen, response) => {
      if (refused(seen)) return refuse(response);
      if (!seen.body.includes('"breaks"')) return ordinary(seen, response);
      stream(response);
      response.write('id: e1\nretry: 500\ndata:\n\n');
      return setTimeout(() => response.destroy(), 10);
    };
    const rig = await createRig(handle, { limits: { reconnectMs: 5_000 } });
    try {
      const answer = await ask(rig);
      const text = await answer.text();
      assert.ok([200, 202, 204].includes(answer.status), `${answer.status} ${text}`);
      for (const name of ['www-authenticate', 'location', 'refresh', 'proxy-authenticate'])
        assert.equal(answer.headers[name], undefined);
      assert.doesNotMatch(text, /resource_metadata|unauthorized|insufficient_scope|127\.0\.0/);
      const last = messages(text).at(-1);
      // A list of a connection that was closed by this is empty.
      const isEmpty = text.includes('"tools":[]');
      if (isTold) assert.ok(last?.error ?? (last?.result?.['isError'] === true || isEmpty), text);
      await until(() => rig.seen.some(refused));
    } finally {
      await rig.dispose();
    }
  };
  for (const [where, position] of Object.entries(positions)) {
    for (const row of ['T1', 'T6']) {
      const rows = Object.entries(refusals).filter(
        ([how]) => how.startsWith('3') === (row === 'T6'),
      );
      const what =
        row === 'T1' ? 'no refusal is passed on' : 'no redirect is followed or passed on';
      it(`${row} in ${where}: ${what}`, async () => {
        canary.heard.length = 0;
        await Promise.all(
          rows.map(([how, refuse]) =>
            inPosition(position, refuse).catch((error: unknown) => {
              throw new Error(how, { cause: error });
            }),
          ),
        );
        assert.deepEqual(canary.heard, []);
      });
    }
  }

  it('T1 below the gateway there is no metadata, with the key or without', async () => {
    const rig = await createRig(server(), { limits: { refusalMs: 5 } });
    rigs.push(rig);
    const names = [
      'oauth-protected-resource',
      'oauth-authorization-server',
      'openid-configuration',
    ];
    const paths = names.flatMap((name) => [
      `/.well-known/${name}`,
      `/.well-known/${name}/mcp/tickets`,
      `/mcp/tickets/.well-known/${name}`,
      `/mcp/.well-known/${name}`,
    ]);
    const others = ['/authorize', '/token', '/register', '/mcp/tickets/authorize', '/sse'];
    for (const path of [...paths, ...others]) {
      for (const key of [undefined, false] as const) {
        const asked = { method: 'GET', path, ...(key === undefined ? {} : { key }) };
        const answer = await rig.ask(asked);
        assert.deepEqual([answer.status, await answer.text()], [404, ''], path);
        assert.equal(answer.headers['www-authenticate'], undefined);
      }
    }
    assert.equal(rig.seen.length, 0);
  });

  it('T18 a call whose answer is lost is never made twice, whatever is lost', async () => {
    const losses: Handle[] = [
      (_seen, response) => response.destroy(),
      (_seen, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '99' });
        response.write('{"jsonrpc"', () => response.destroy());
      },
      (_seen, response) => {
        stream(response);
        response.write(': begun\n', () => response.destroy());
      },
      (_seen, response) => response.writeHead(503, { 'retry-after': '0' }).end(),
      (_seen, response) => response.writeHead(500).end(),
      (_seen, response) => response.writeHead(429, { 'retry-after': '0' }).end(),
      (_seen, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    ];
    for (const lose of losses) {
      const rig = await createRig(server({ 'tools/call': lose }));
      rigs.push(rig);
      const last = await lastMessage(rig.post(toolsCall(1), await rig.begin()));
      assert.equal(last.result?.['isError'], true);
      assert.equal(rig.seen.filter(({ rpc }) => rpc === 'tools/call').length, 1, String(lose));
    }
  });
});

describe('a server that is slow, huge or without end', function () {
  this.timeout(20_000);
  /** What a collection leaves, MiB. */
  const live = (): number => {
    // The second waits for what the first gives back beside its work.
    collect();
    collect();
    const { external, heapUsed } = process.memoryUsage();
    return (external + heapUsed) / 2 ** 20;
  };
  const grown = async (act: () => Promise<unknown>): Promise<number> => {
    const held = process.memoryUsage();
    await act();
    const { external, heapUsed, arrayBuffers } = process.memoryUsage();
    const before = held.external + held.heapUsed + held.arrayBuffers;
    return (external + heapUsed + arrayBuffers - before) / 2 ** 20;
  };
  const over = async (handle: Handle, test: (rig: Rig) => Promise<void>, limits = {}) => {
    const rig = await createRig(server({ 'tools/call': handle }), { limits });
    try {
      await test(rig);
    } finally {
      await rig.dispose();
    }
  };
  const ping = async (rig: Rig) => {
    assert.equal((await lastMessage(rig.post({ id: 'p', method: 'ping' }))).id, 'p');
  };

  it('T11 a stream that never ends is held back where the client does not read, and others go on', () =>
    over(
      (_seen, response) => {
        stream(response);
        const block = eventOf({
          jsonrpc: '2.0',
          method: 'x',
          params: { text: 'x'.repeat(60_000) },
        });
        const more = () => {
          while (!response.destroyed && response.write(block));
          response.once('drain', more);
        };
        more();
      },
      async (rig) => {
        const flooded = await rig.post(toolsCall(1));
        flooded.incoming.pause();
        const more = await grown(async () => {
          await new Promise((resolve) => setTimeout(resolve, 1_000));
          await ping(rig);
        });
        flooded.destroy();
        assert.ok(more < 32, `${more.toFixed()} MiB more`);
      },
    ));

  it('T11 one line, and one event, of 100 MB fill no memory', async () => {
    for (const start of ['data: {"x":"', 'event: ', ': ', 'id: ', 'x']) {
      await over(
        (_seen, response) => {
          stream(response);
          response.write(start);
          const block = 'y'.repeat(1_000_000);
          let left = 100;
          const more = () => {
            while (left > 0 && !response.destroyed) {
              left--;
              if (!response.write(block)) return void response.once('drain', more);
            }
            return void response.end();
          };
          more();
        },
        async (rig) => {
          const flooded = await rig.post(toolsCall(1));
          // Read, and thrown away.
          flooded.incoming.removeAllListeners('data').resume();
          const before = live();
          let most = 0;
          const look = () => (most = Math.max(most, live()));
          const looking = setInterval(look, lookMs);
          await once(flooded.incoming, 'close');
          clearInterval(looking);
          const more = look() - before;
          assert.ok(more < 16, `${start}: ${more.toFixed()} MiB more`);
          await ping(rig);
        },
      );
    }
  });

  it('T11 a gzip bomb is unpacked no faster than the client reads', () =>
    over(
      (_seen, response) => {
        response.writeHead(200, {
          'content-type': 'text/event-stream',
          'content-encoding': 'gzip',
        });
        const zip = createGzip();
        zip.pipe(response);
        zip.end(Buffer.alloc(100 * 2 ** 20, 'data: x\n'));
      },
      async (rig) => {
        const answer = await rig.post(toolsCall(1));
        answer.incoming.pause();
        await new Promise((resolve) => setTimeout(resolve, 300));
        const more = await grown(async () => {
          await new Promise((resolve) => setTimeout(resolve, 1_500));
          await ping(rig);
        });
        assert.ok(more < 64, `${more.toFixed()} MiB more`);
        answer.destroy();
      },
    ));

  it('T11 a refusal that is a bomb, or never ends, is no more than a sentence', async () => {
    const bombs: Handle[] = [
      (_seen, response) => {
        response.writeHead(400, {
          'content-type': 'application/json',
          'content-encoding': 'gzip',
        });
        response.end(gzipSync(Buffer.alloc(100 * 2 ** 20, ' ')));
      },
      (_seen, response) => {
        response.writeHead(400, { 'content-type': 'application/json' });
        const block = Buffer.alloc(65_536, ' ');
        const more = () => {
          while (!response.destroyed && response.write(block));
          response.once('drain', more);
        };
        more();
      },
    ];
    for (const bomb of bombs) {
      await over(bomb, async (rig) => {
        const more = await grown(async () => {
          const last = await lastMessage(rig.post(toolsCall(1)));
          assert.equal(last.result?.['isError'], true);
        });
        assert.ok(more < 160, `${more.toFixed()} MiB more`);
      });
    }
  });

  it('T11 headers without end are a sentence as well', async () => {
    const many: Handle = (seen, response) => {
      for (let at = 0; at < 2_000; at++) response.setHeader(`x-${at}`, 'y'.repeat(20));
      json(response, result(seen, {}));
    };
    await over(many, async (rig) => {
      const last = await lastMessage(rig.post(toolsCall(1)));
      assert.equal(last.result?.['isError'], true);
      await ping(rig);
    });
  });
});
