// How many requests access costs. Times depend on the machine and are measured in bench/.
import assert from 'node:assert/strict';
import { authorizationRequests, refusedRequests } from '../support/authorizationRequests.ts';
import { fleet } from '../support/fleet.ts';
import { startSandbox, type LedgerEntry, type Sandbox } from '../support/sandbox.ts';
import { openWorkplace, type Workplace } from '../support/workplace.ts';

type Client = Awaited<ReturnType<Workplace['client']>>;

const companies: readonly [servers: number, authorizationServers: number, cold: number][] = [
  [1, 1, 5],
  [20, 20, 81],
  [20, 1, 62],
];

for (const [servers, authorizationServers, cold] of companies) {
  describe(`${servers} servers, ${authorizationServers} authorization servers`, function () {
    this.timeout(60_000);
    const world = {} as { sandbox: Sandbox; workplace: Workplace };

    before(async () => {
      world.sandbox = await startSandbox({ setup: fleet({ servers, authorizationServers }) });
      assert.equal(world.sandbox.line.servers.length, servers);
      assert.equal(world.sandbox.line.authorizationServers.length, authorizationServers);
    });
    after(() => world.sandbox.stop());
    beforeEach(async () => {
      await world.sandbox.admin.reset();
      world.workplace = await openWorkplace(world.sandbox.line.profile, 'alice');
    });
    afterEach(() => world.workplace.close());

    /** The ledger of what happens during `task`. */
    async function during(task: () => Promise<unknown>): Promise<readonly LedgerEntry[]> {
      const { ledger } = await world.sandbox.admin.state();
      await task();
      return world.sandbox.admin.ledger(ledger.last);
    }
    const clients = () =>
      Promise.all(world.sandbox.line.servers.map(({ id }) => world.workplace.client(id)));
    /** Whatever it answers, it is served with good access. */
    async function call(client: Client): Promise<void> {
      const { tools } = await client.listTools();
      const tool = tools.find(({ inputSchema }) => (inputSchema.required ?? []).length === 0);
      assert.ok(tool);
      const { isError } = await client.callTool({ name: tool.name, arguments: {} });
      assert.notEqual(isError, true);
    }

    it(`cold: at most ${cold} authorization requests`, async () => {
      const entries = await during(() => world.workplace.arrive());
      assert.equal(authorizationRequests(entries).length, cold);
      assert.equal(refusedRequests(entries).length, 0);
    });

    it('warm: none', async () => {
      await world.workplace.arrive();
      const all = await clients();
      const entries = await during(() => Promise.all(all.map(call)));
      assert.deepEqual(authorizationRequests(entries), []);
      assert.equal(refusedRequests(entries).length, 0);
    });

    it(`every access revoked: at most ${servers * 2} for the next call of each`, async () => {
      await world.workplace.arrive();
      const all = await clients();
      await Promise.all(all.map(call));
      const entries = await during(async () => {
        await world.sandbox.admin.revokeAccess('alice');
        await Promise.all(all.map(call));
      });
      assert.equal(authorizationRequests(entries).length, servers * 2);
      assert.equal(refusedRequests(entries).length, servers);
    });

    it('10 calls at once after a revocation: at most 12, refusals included', async () => {
      await world.workplace.arrive();
      const [server] = world.sandbox.line.servers;
      assert.ok(server);
      const client = await world.workplace.client(server.id);
      await call(client);
      const entries = await during(async () => {
        await world.sandbox.admin.revokeAccess('alice', server.id);
        await Promise.all(Array.from({ length: 10 }, () => call(client)));
      });
      assert.equal(authorizationRequests(entries).length, 2);
      const refused = refusedRequests(entries).length;
      assert.ok(refused >= 1 && refused <= 10, `${refused} refused`);
    });
  });
}
