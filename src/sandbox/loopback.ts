// Names and ports of this computer.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const loopbackName = /^(localhost|[a-z0-9-]+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

export const isLoopbackName = (hostname: string): boolean => loopbackName.test(hostname);

/** Whether a Host header names this computer. */
export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && loopbackName.test(host.replace(/:\d+$/, '').toLowerCase());
}

export interface Listening {
  readonly port: number;
  /** Who answers; set once, before anybody is told the port. */
  serve(listener: RequestListener): void;
  /** Cuts every connection, open streams too. */
  cut(): void;
  close(): Promise<void>;
}

/** Takes a port on 127.0.0.1 first, since issuers must be known before there is something to serve. */
export async function listen(port: number): Promise<Listening> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    serve: (listener) => server.on('request', listener),
    cut: () => {
      server.closeAllConnections();
    },
    close: () => closed(server),
  };
}

async function closed(server: Server): Promise<void> {
  const done = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  server.closeAllConnections();
  await done;
}
