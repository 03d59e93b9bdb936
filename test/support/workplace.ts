// An employee at her desk: the real core, the real gateway in front of it, and somebody else's MCP client.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { connectionUpstreams } from '../../src/gateway/connectionUpstreams.ts';
import { Gateway } from '../../src/gateway/gateway.ts';
import { systemClock } from '../../src/node/systemClock.ts';
import { createEmployee, type Employee } from './employee.ts';

export interface Workplace {
  readonly employee: Employee;
  /** Signs in and waits until every server is connected. */
  arrive(ms?: number): Promise<void>;
  /** An MCP client at the gateway. */
  client(serverId: string): Promise<Client>;
  close(): Promise<void>;
}

export async function openWorkplace(profile: unknown, person: string): Promise<Workplace> {
  const employee = await createEmployee({ profile, person });
  const { connections } = employee;
  const clients: Client[] = [];
  const gateway = new Gateway({
    upstreams: connectionUpstreams(connections),
    fetch: (input, init) => fetch(input, init),
    clock: systemClock,
    log: { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 },
    platform: process.platform,
    environment: process.env,
    transport: 'tcp',
  });
  await gateway.listen();
  return {
    employee,
    async arrive(ms) {
      await employee.signIn();
      await employee.until(
        () => connections.overview().connections.every(({ state }) => state.kind === 'connected'),
        ms,
      );
    },
    async client(serverId) {
      const { address } = gateway;
      if (address?.kind !== 'tcp') throw new Error('the gateway does not listen');
      const client = new Client({ name: 'test', version: '1' });
      clients.push(client);
      const url = new URL(`http://127.0.0.1:${address.port}/mcp/${serverId}`);
      const requestInit = { headers: gateway.key() };
      await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
      return client;
    },
    async close() {
      await Promise.all(clients.map((client) => client.close().catch(() => undefined)));
      await gateway.dispose();
      await employee.dispose();
    },
  };
}
