// What goes over the wire byte for byte: an HTTP client would set right what an attack has wrong.
import { createConnection, type Socket } from 'node:net';
import type { GatewayAddress } from '../../../src/gateway/listener.ts';
import type { Rig } from './rig.ts';

export const connectTo = (address: GatewayAddress): Socket =>
  address.kind === 'tcp'
    ? createConnection(address.port, '127.0.0.1')
    : createConnection(address.path);

/** All that comes back to these bytes until the other side closes, or is silent for `quietMs`. */
export function exchange(
  address: GatewayAddress,
  bytes: string | Buffer,
  quietMs = 8_000,
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTo(address);
    let received = '';
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(received);
    };
    const timer = setTimeout(done, quietMs);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      timer.refresh();
    });
    socket.on('close', done);
    socket.on('error', () => undefined);
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  });
}

export const hostOf = (address: GatewayAddress): string =>
  address.kind === 'tcp' ? `127.0.0.1:${address.port}` : 'localhost';

/** The two header lines without which nothing is answered. */
export const keyLines = ({ gateway, address }: Pick<Rig, 'gateway' | 'address'>): string => {
  const [[name, value]] = Object.entries(gateway.key()) as [[string, string]];
  return `Host: ${hostOf(address)}\r\n${name}: ${value}\r\n`;
};

/** A request as it should be, the last of its connection. */
export const wholeRequest = (
  rig: Pick<Rig, 'gateway' | 'address'>,
  message: object,
  more = '',
): string => {
  const body = JSON.stringify({ jsonrpc: '2.0', ...message });
  const length = `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return `POST /mcp/tickets HTTP/1.1\r\n${keyLines(rig)}${more}Connection: close\r\n${length}\r\n${body}`;
};

/** The status of each answer in what came back. */
export const statuses = (received: string): number[] =>
  [...received.matchAll(/HTTP\/1\.1 (\d{3}) [A-Z]/g)].map(([, status]) => Number(status));
