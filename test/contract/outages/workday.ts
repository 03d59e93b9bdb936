// One person, one server, a gateway in front of it and a client that calls: what an outage must not end.
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Row } from '../../../src/core/present/row.ts';
import { overviewRows } from '../../../src/core/present/sideBar.ts';
import { statusBar } from '../../../src/core/present/statusBar.ts';
import { connectionUpstreams } from '../../../src/gateway/connectionUpstreams.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';
import { systemClock } from '../../../src/node/systemClock.ts';
import { createEmployee, type Employee } from '../../support/employee.ts';
import { FastClock } from '../../support/fastClock.ts';
import type { Sandbox } from '../../support/sandbox.ts';
import type { Outage } from './outage.ts';

export const server = 'tickets';
/** Times as fast as life. */
const speed = 10;
/** What clients have for a call, as fast. */
const patienceMs = 60_000 / speed;

export interface Workday {
  readonly employee: Employee;
  readonly clock: FastClock;
  /** What the client is told, in words. */
  call(): Promise<{ ok: boolean; words: string }>;
  /** Everything the person can read. */
  words(): string;
  isConfirmed(): boolean;
  dispose(): Promise<void>;
}

/** As after a restart when `secrets` holds a session; otherwise somebody must sign in. */
export async function beginWorkday(
  sandbox: Sandbox,
  outage: Outage,
  secrets: Map<string, string>,
): Promise<Workday> {
  const clock = new FastClock(speed);
  const { profile } = sandbox.line;
  const servers = (profile['servers'] as { id: string }[]).filter(({ id }) => id === server);
  const employee = await createEmployee({
    ...{ profile: { ...profile, servers }, person: 'alice', secrets, clock, fetch: outage.fetch },
  });
  const { connections } = employee;
  const gateway = new Gateway({
    upstreams: connectionUpstreams(connections),
    fetch: outage.fetch,
    clock: systemClock,
    log: { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 },
    platform: process.platform,
    environment: process.env,
    transport: 'tcp',
  });
  await gateway.listen();
  const clients: Client[] = [];
  const connected = async () => {
    const { address } = gateway;
    assert.ok(address?.kind === 'tcp');
    const client = new Client({ name: 'test', version: '1' });
    const url = new URL(`http://127.0.0.1:${address.port}/mcp/${server}`);
    const requestInit = { headers: gateway.key() };
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
    clients.push(client);
    return client;
  };
  return {
    employee,
    clock,
    call: async () => {
      const client = clients[0] ?? (await connected());
      return client
        .callTool({ name: 'search_tickets', arguments: { query: '' } }, undefined, {
          timeout: patienceMs,
        })
        .then(
          (result) => ({ ok: result.isError !== true, words: JSON.stringify(result.content) }),
          (error: unknown) => ({ ok: false, words: String(error) }),
        );
    },
    words: () => {
      const now = { nowMs: Date.now() };
      const overview = connections.overview();
      const { text, tooltip } = statusBar(overview, now);
      return [text, ...tooltip, ...overviewRows(overview, now).flatMap(wordsOf)].join('\n');
    },
    isConfirmed: () => {
      const state = employee.state(server);
      return state?.kind === 'connected' && state.unconfirmedSinceMs === undefined;
    },
    dispose: async () => {
      await Promise.all(clients.map((client) => client.close().catch(() => undefined)));
      await gateway.dispose();
      await employee.dispose();
    },
  };
}

const wordsOf = (row: Row): string[] => [
  ...[row.label, row.description, row.accessibilityLabel, ...row.tooltip],
  ...row.children.flatMap(wordsOf),
];
