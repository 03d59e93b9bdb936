// What a server asks for beyond a first access: more scopes, a stronger sign-in, a confirmation, a proof.
import assert from 'node:assert/strict';
import { loopback } from '../support/httpBrowser.ts';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { connectionUpstreams } from '../../src/gateway/connectionUpstreams.ts';
import { Gateway } from '../../src/gateway/gateway.ts';
import { systemClock } from '../../src/node/systemClock.ts';
import { startCompany, type InProcessSandbox } from '../support/company.ts';
import { createEmployee, type Employee } from '../support/employee.ts';
import { eventually } from '../support/eventually.ts';

const scopes = ['notes:read', 'notes:write'];
const server = (id: string, own: object = {}) => ({
  id,
  label: id,
  authorizationServer: 'platform',
  scopes,
  toolScopes: { add_note: ['notes:write'] },
  ...own,
});

describe('what a server asks for beyond a first access', function () {
  this.timeout(30_000);
  const world = {} as { company: InProcessSandbox; alice: Employee; gateway: Gateway };
  const clients: Client[] = [];

  before(async () => {
    world.company = await startCompany({
      identityProvider: { dpop: 'supported' },
      authorizationServers: [
        { id: 'platform', label: 'Platform', dpop: 'supported' },
        { id: 'asking', label: 'Asking', interaction: { intervalSec: 1 } },
      ],
      servers: [
        server('plain'),
        server('mandatory', {
          scopes: [...scopes, 'notes:connect'],
          mandatoryScope: 'notes:connect',
        }),
        server('strong', { stepUp: { acr: 'phr' } }),
        server('bound', { dpop: 'nonce' }),
        server('confirmed', { authorizationServer: 'asking' }),
      ],
    });
  });
  after(() => world.company.stop());
  beforeEach(async () => {
    await world.company.admin.reset();
    const profile = readingAtFirst(world.company.line.profile);
    world.alice = await createEmployee({ profile, person: 'alice' });
    const { connections } = world.alice;
    world.gateway = new Gateway({
      upstreams: connectionUpstreams(connections),
      fetch: (input, init) => fetch(input, init),
      clock: systemClock,
      log: { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 },
      platform: process.platform,
      environment: process.env,
      transport: 'tcp',
    });
    await world.gateway.listen();
    await world.alice.signIn();
    await world.alice.until(() =>
      connections
        .overview()
        .connections.every(({ state }) => !['connecting', 'signedOut'].includes(state.kind)),
    );
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close().catch(() => undefined)));
    await world.gateway.dispose();
    await world.alice.dispose();
  });

  const connect = async (id: string) => {
    const { address } = world.gateway;
    assert.ok(address?.kind === 'tcp');
    const client = new Client({ name: 'test', version: '1' });
    clients.push(client);
    const url = new URL(`http://127.0.0.1:${address.port}/mcp/${id}`);
    const options = { requestInit: { headers: { ...world.gateway.key() } } };
    await client.connect(new StreamableHTTPClientTransport(url, options));
    return client;
  };
  const textOf = (result: unknown) =>
    (result as { content: { text?: string }[] }).content.map(({ text }) => text ?? '').join('\n');
  const add = { name: 'add_note', arguments: { text: 'milk' } };
  const list = { name: 'list_notes', arguments: {} };
  const asked = async (leg: string, since: number) =>
    (await world.company.admin.ledger(since)).filter((entry) => entry.leg === leg).length;

  it('is asked for once for ten calls that need it, and not again when the company says no', async () => {
    const client = await connect('plain');
    const { ledger } = await world.company.admin.state();
    const all = await Promise.all(
      Array.from({ length: 10 }, async () => await client.callTool(add)),
    );
    for (const result of all) assert.match(textOf(result), /milk/);
    assert.equal(await asked('exchange', ledger.last), 1);
    assert.equal(await asked('redemption', ledger.last), 1);

    await world.company.admin.grant('alice', 'plain', ['notes:read']);
    await world.alice.connections.reconnect('plain');
    const later = (await world.company.admin.state()).ledger.last;
    for (let call = 0; call < 3; call++) {
      const refused = await client.callTool(add);
      assert.match(
        textOf(refused),
        /^plain asks for more than Acme allows you there \(notes:write\)/,
      );
    }
    assert.equal(await asked('exchange', later), 1);
    assert.equal(world.alice.state('plain')?.kind, 'connected');
    assert.match(textOf(await client.callTool(list)), /Water/);
  });

  it('is shown as reduced when the company takes it back', async () => {
    const client = await connect('plain');
    await client.callTool(add);
    await world.company.admin.grant('alice', 'plain', ['notes:read']);
    await world.alice.connections.checkNow();
    const state = world.alice.state('plain');
    assert.ok(state?.kind === 'connected');
    assert.deepEqual([state.scopes, state.reducedBy], [['notes:read'], ['notes:write']]);
  });

  it('is given before the first tools where nothing works without it', () => {
    const state = world.alice.state('mandatory');
    assert.ok(state?.kind === 'connected', JSON.stringify(state));
    assert.deepEqual([...state.scopes].sort(), ['notes:connect', 'notes:read']);
  });

  it('is a stronger sign-in: done once by the person, then it is connected', async () => {
    const weak = world.alice.state('strong');
    assert.deepEqual(weak, { kind: 'needsSignIn', code: 'server.stepUpRequired' });
    const { failure } = world.alice.connections.connection('strong')!.snapshot();
    assert.equal(failure?.facts.acrValues, 'phr');
    await world.alice.signIn();
    await world.alice.until(() => world.alice.state('strong')?.kind === 'connected');
    assert.match(textOf(await (await connect('strong')).callTool(list)), /alice/);
  });

  it('is a proof of a key for every request, with a nonce', async () => {
    assert.equal(world.alice.state('bound')?.kind, 'connected');
    const client = await connect('bound');
    assert.match(textOf(await client.callTool(list)), /alice/);
    assert.match(textOf(await client.callTool(add)), /milk/);
  });

  it('is a confirmation in the browser, opened on the click only', async () => {
    const waiting = { kind: 'needsSignIn', code: 'redemption.interactionRequired' };
    assert.deepEqual(world.alice.state('confirmed'), waiting);
    const before = world.alice.opened.length;
    const { connections, opened } = world.alice;
    const seen: string[] = [];
    connections.onDidChange(() => {
      const state = world.alice.state('confirmed');
      if (state?.kind === 'connecting') seen.push(state.step);
    });
    const connecting = connections.continueInBrowser('confirmed');
    await eventually('the page', () => opened.length > before, { withinMs: 5_000, everyMs: 10 });
    await fetch(loopback(`${opened.at(-1)}/confirm`), { method: 'POST' });
    await connecting;
    assert.equal(opened.length, before + 1);
    assert.ok(seen.includes('interaction'));
    assert.equal(world.alice.state('confirmed')?.kind, 'connected');
  });
});

/** The profile of the company, asking for reading first. */
function readingAtFirst(profile: object): object {
  const { servers, ...rest } = profile as { servers: { id: string }[] };
  return {
    ...rest,
    servers: servers.map((one) => ({
      ...one,
      scopes: ['notes:read'],
      writeScopes: ['notes:write'],
    })),
  };
}
