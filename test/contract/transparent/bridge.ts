// Stands where VS Code stands, for clients that know no sockets: a port of 127.0.0.1, from which every
// request goes to the gateway with the key, byte for byte. Passes a foreign Host and Origin on as they
// are; what is its own it calls what VS Code calls it.
import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import type { Gateway } from '../../../src/gateway/gateway.ts';

export interface Bridge {
  readonly url: string;
  close(): Promise<void>;
}

export async function startBridge(gateway: Gateway, serverId: string): Promise<Bridge> {
  const { address } = gateway;
  if (address === undefined) throw new Error('the gateway does not listen');
  const where =
    address.kind === 'tcp'
      ? { host: '127.0.0.1', port: address.port }
      : { socketPath: address.path };
  const gatewayHost = address.kind === 'tcp' ? `127.0.0.1:${address.port}` : 'localhost';
  const own = { host: '' };

  const pass = (incoming: IncomingMessage, response: ServerResponse) => {
    const headers: string[] = [];
    for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
      const [name = '', value = ''] = incoming.rawHeaders.slice(at, at + 2);
      if (name.toLowerCase() === 'origin' && value === `http://${own.host}`) continue;
      const isOwnHost = name.toLowerCase() === 'host' && value === own.host;
      headers.push(name, isOwnHost ? gatewayHost : value);
    }
    headers.push(...Object.entries(gateway.key()).flat());
    const { method } = incoming;
    const asked = { ...where, method, path: `/mcp/${serverId}`, headers, agent: false };
    const outgoing = httpRequest(asked, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.rawHeaders);
      response.flushHeaders();
      pipeline(answer, response, () => undefined);
    });
    response.on('close', () => outgoing.destroy());
    outgoing.on('error', () => response.destroy());
    pipeline(incoming, outgoing, () => undefined);
  };

  const server = createServer(pass);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  own.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${own.host}/mcp`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
