// A stream says that it lives when it has been silent for the time, and only then.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  createServer,
  get,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { ClientStream } from '../../../src/gateway/clientStream.ts';
import { eventually } from '../../support/eventually.ts';
import { FakeClock } from '../../support/fakeClock.ts';

const keepAliveMs = 1_000;
const event = Buffer.from('data: {}\n\n');

describe('a stream to a client', () => {
  let server: Server;
  let clock: FakeClock;
  let stream: ClientStream;
  let incoming: IncomingMessage;
  let text: string;

  beforeEach(async () => {
    clock = new FakeClock();
    text = '';
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const asked = get({ host: '127.0.0.1', port, agent: false });
    const [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
    stream = new ClientStream(response, clock, keepAliveMs);
    stream.open();
    [incoming] = (await once(asked, 'response')) as [IncomingMessage];
    incoming.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  });
  afterEach(async () => {
    incoming.destroy();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const heard = (expected: string) => eventually(expected, () => text === expected);

  it('is silent no longer than the time', async () => {
    await clock.advance(keepAliveMs - 1);
    assert.equal(text, '');
    await clock.advance(1);
    await heard(': keepalive\n');
    await clock.advance(keepAliveMs);
    await heard(': keepalive\n: keepalive\n');
  });

  it('says nothing of its own while something else is written in time', async () => {
    for (let written = 0; written < 3; written++) {
      await clock.advance(keepAliveMs - 100);
      await stream.write(event);
    }
    await heard(event.toString().repeat(3));
    await clock.advance(keepAliveMs - 1);
    assert.equal(text, event.toString().repeat(3));
    await clock.advance(1);
    await heard(`${event.toString().repeat(3)}: keepalive\n`);
  });

  it('has one timer however much is written, and none once it has ended', async () => {
    for (let written = 0; written < 100; written++) await stream.write(event);
    assert.equal(clock.pending.length, 1);
    stream.end();
    assert.deepEqual(clock.pending, []);
  });
});
