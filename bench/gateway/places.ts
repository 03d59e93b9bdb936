// One handler on a port and on a socket in a folder of its own.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Targets } from './contestant.ts';

export async function listenTwice(listener: RequestListener): Promise<Targets> {
  const onPort = createServer(listener).listen(0, '127.0.0.1');
  await once(onPort, 'listening');
  const { port } = onPort.address() as AddressInfo;
  const at = { path: '/mcp', headers: {} };
  const tcp = { ...at, where: { host: '127.0.0.1', port } };
  if (process.platform === 'win32') return { tcp };
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  process.on('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  const socketPath = join(folder, 's');
  const onSocket = createServer(listener).listen({ path: socketPath });
  await once(onSocket, 'listening');
  return { tcp, socket: { ...at, where: { socketPath } } };
}
