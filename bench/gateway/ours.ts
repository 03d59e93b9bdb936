// The gateway with everything behind it that works per call in the product: an employee signed in at a
// company of its own, real connections, and a side bar drawn anew. Only the MCP server is another than the
// company's.
import { drawMs, gathering } from '../../src/core/gathering.ts';
import { changedRows, indexRows, type RowIndex } from '../../src/core/present/rowChanges.ts';
import { overviewRows } from '../../src/core/present/sideBar.ts';
import { sentenceAt } from '../../src/core/present/refusal.ts';
import { connectionUpstreams } from '../../src/gateway/connectionUpstreams.ts';
import { Gateway } from '../../src/gateway/gateway.ts';
import type { GatewayAddress } from '../../src/gateway/listener.ts';
import { systemClock } from '../../src/node/systemClock.ts';
import { createEmployee } from '../../test/support/employee.ts';
import { announce, type Target } from './contestant.ts';

const [, , url = '', profile = ''] = process.argv;
const quiet = () => undefined;
const employee = await createEmployee({ profile: JSON.parse(profile), person: 'alice' });
const { connections } = employee;
await employee.signIn();
await employee.until(() =>
  connections.overview().connections.every(({ state }) => state.kind === 'connected'),
);

keepDrawn();

const [served] = connections.overview().connections;
if (served === undefined) throw new Error('there is no server');
const { id, url: companyUrl } = served;

/** As the side bar does. */
function keepDrawn(): void {
  let rows: RowIndex = { roots: [], byId: new Map() };
  const drawing = gathering(systemClock, drawMs, () => {
    const next = indexRows(overviewRows(connections.overview(), { nowMs: Date.now() }));
    changedRows(rows, next);
    rows = next;
  });
  connections.onDidChange(() => {
    drawing.run();
  });
}

async function start(transport: 'tcp' | 'socket'): Promise<Target> {
  const gateway = new Gateway({
    transport,
    upstreams: connectionUpstreams(connections, (serverId, error) =>
      sentenceAt(connections.overview(), serverId, error),
    ),
    fetch: (input, init) => fetch(input === companyUrl ? url : input, init),
    clock: systemClock,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    platform: process.platform,
    environment: process.env,
  });
  const where = whereOf(await gateway.listen());
  process.on('disconnect', () => void gateway.dispose());
  return { where, path: `/mcp/${id}`, headers: { ...gateway.key() } };
}

const whereOf = (address: GatewayAddress): Target['where'] =>
  address.kind === 'tcp' ? { host: '127.0.0.1', port: address.port } : { socketPath: address.path };

announce({ tcp: await start('tcp'), socket: await start('socket') });
