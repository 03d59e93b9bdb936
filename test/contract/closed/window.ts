// A window of an employee: real core, real gateway, and the official client that VS Code is in this place.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { connectionUpstreams } from '../../../src/gateway/connectionUpstreams.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';
import { systemClock } from '../../../src/node/systemClock.ts';
import type { Employee } from '../../support/employee.ts';

export interface Window {
  readonly employee: Employee;
  readonly gateway: Gateway;
  readonly url: (serverId: string) => string;
  readonly log: readonly string[];
  client(serverId: string): Promise<Client>;
  close(): Promise<void>;
}

export async function openWindow(employee: Employee): Promise<Window> {
  const { connections } = employee;
  const log: string[] = [];
  const note = (message: string, facts?: object) => {
    log.push(`${message} ${JSON.stringify(facts ?? {})}`);
  };
  const gateway = new Gateway({
    upstreams: connectionUpstreams(connections),
    fetch: (input, init) => fetch(input, init),
    clock: systemClock,
    log: { debug: note, info: note, warn: note, error: note },
    platform: process.platform,
    environment: process.env,
    transport: 'tcp',
    limits: { refusalMs: 5 },
  });
  const address = await gateway.listen();
  if (address.kind !== 'tcp') throw new Error('no port could be had');
  const url = (serverId: string) => `http://127.0.0.1:${address.port}/mcp/${serverId}`;
  const clients: Client[] = [];
  return {
    employee,
    gateway,
    url,
    log,
    client: async (serverId) => {
      const client = new Client({ name: 'test', version: '1' });
      clients.push(client);
      const requestInit = { headers: gateway.key() };
      await client.connect(
        new StreamableHTTPClientTransport(new URL(url(serverId)), { requestInit }),
      );
      return client;
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.close().catch(() => undefined)));
      await gateway.dispose();
    },
  };
}

export const textOf = (result: unknown): string =>
  (result as { content: { text?: string }[] }).content.map(({ text }) => text ?? '').join('\n');
