// Whoever sits down where the gateway listens, listened or would listen.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { namedPorts, type GatewayAddress } from '../../../src/gateway/listener.ts';

/** What windowProcess.ts prints. */
export interface OtherWindow {
  readonly address: GatewayAddress;
  readonly key: Readonly<Record<string, string>>;
}

/** Listens there; `heard` is every request that comes. */
export async function squatAt(where: { path: string } | { host: string; port: number }) {
  const heard: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    heard.push(request);
    response.writeHead(200).end();
  });
  server.listen(where);
  await once(server, 'listening');
  return { server, heard };
}

/** The named port the next gateway would take. */
export async function firstFree(): Promise<number> {
  for (const port of namedPorts) {
    const probe = createServer();
    probe.listen(port, '127.0.0.1');
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
  return assert.fail('every port is taken');
}
