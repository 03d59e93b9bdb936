// Somebody else's client at our sandbox: what the sandbox believes about the protocol is not only what our
// core believes.
import assert from 'node:assert/strict';
import { build } from 'esbuild';
import { decodeJwt } from 'jose';
import { startSandbox, type Sandbox } from '../support/sandbox.ts';
import { sdkConnect, sdkSignIn } from '../support/sdkClient.ts';

/** A tool of each server, and what its answer says. */
const calls: readonly [server: string, call: Parameters<Client['callTool']>[0], says: RegExp][] = [
  ['tickets', { name: 'search_tickets', arguments: { query: '' } }, /#\d+/],
  ['docs', { name: 'search_docs', arguments: { query: '' } }, /\w/],
  ['builds', { name: 'list_builds', arguments: {} }, /\w/],
  ['everything', { name: 'get-sum', arguments: { a: 19, b: 23 } }, /42/],
];
type Client = Awaited<ReturnType<typeof sdkConnect>>;

describe("the MCP SDK's own cross-app access client at Acme", function () {
  this.timeout(30_000);
  const world = {} as { sandbox: Sandbox; since: number };

  before(async () => {
    world.sandbox = await startSandbox();
  });
  after(() => world.sandbox.stop());
  beforeEach(async () => {
    const { ledger } = await world.sandbox.admin.reset();
    world.since = ledger.last;
  });

  const outcomes = async (leg: string) =>
    (await world.sandbox.admin.ledger(world.since))
      .filter((entry) => entry.leg === leg)
      .map(({ outcome, error }) => error ?? outcome);
  const serverNamed = (id: string) =>
    world.sandbox.line.servers.find((server) => server.id === id)!;
  const connect = (id: string, idToken: string) =>
    sdkConnect(world.sandbox.line, serverNamed(id), idToken);

  it('has not a line of ours but the sandbox and a browser', async () => {
    const { metafile } = await build({
      entryPoints: [import.meta.filename],
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      write: false,
      metafile: true,
    });
    const files = Object.keys(metafile.inputs);
    assert.ok(files.includes('test/support/sdkClient.ts'), files.join());
    assert.deepEqual(
      files.filter((file) => file.startsWith('src/')),
      [],
    );
  });

  it('signs in, connects to each server that alice is granted, and calls a tool', async () => {
    const { line } = world.sandbox;
    const idToken = await sdkSignIn(line, 'alice');
    assert.equal(decodeJwt(idToken).iss, line.identityProvider.issuer);
    assert.equal(calls.length, line.servers.length);
    for (const [id, call, says] of calls) {
      const client = await connect(id, idToken);
      const { tools } = await client.listTools();
      assert.ok(tools.some(({ name }) => name === call.name));
      const { content, isError } = await client.callTool(call);
      assert.ok(isError !== true, JSON.stringify(content));
      assert.match(JSON.stringify(content), says);
      await client.close();
    }
    const once = Array<string>(calls.length).fill('ok');
    assert.deepEqual(await outcomes('exchange'), once);
    assert.deepEqual(await outcomes('redemption'), once);
    assert.deepEqual(await outcomes('fallback'), []);
  });

  it('has Docs and nothing else for bob', async () => {
    const idToken = await sdkSignIn(world.sandbox.line, 'bob');
    const docs = await connect('docs', idToken);
    assert.ok((await docs.listTools()).tools.length > 0);
    await docs.close();
    for (const id of ['tickets', 'builds', 'everything']) {
      await assert.rejects(connect(id, idToken), /access_denied/);
    }
    assert.deepEqual(await outcomes('redemption'), ['ok']);
  });

  it('is refused once the company removes a grant, or ends the session', async () => {
    const idToken = await sdkSignIn(world.sandbox.line, 'alice');
    await (await connect('tickets', idToken)).close();
    await world.sandbox.admin.remove('alice', 'tickets');
    await assert.rejects(connect('tickets', idToken), /access_denied/);
    await (await connect('docs', idToken)).close();
    await world.sandbox.admin.endSession('alice');
    await assert.rejects(connect('docs', idToken), /invalid_grant/);
    assert.deepEqual(await outcomes('exchange'), ['ok', 'access_denied', 'ok', 'invalid_grant']);
  });

  it('loses its tools at once when its access is revoked', async () => {
    const idToken = await sdkSignIn(world.sandbox.line, 'alice');
    const client = await connect('tickets', idToken);
    await world.sandbox.admin.revokeAccess('alice', 'tickets');
    await world.sandbox.admin.remove('alice', 'tickets');
    await assert.rejects(client.listTools(), /access_denied/);
    await client.close();
  });
});
