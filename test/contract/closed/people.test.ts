// Two people with streams open: nothing of one reaches the other, a change of account closes everything
// first (T8), and nothing secret stays anywhere (T12, T15); a refusal makes nobody sign in elsewhere (T1).
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { connectionRow } from '../../../src/core/present/connectionRow.ts';
import { findSecrets, type Canary } from '../../support/secretSearch.ts';
import { openVendorCompany, type VendorCompany } from '../vendors/vendorCompany.ts';
import { openWindow, textOf, type Window } from './window.ts';

describe('people whose streams are open', function () {
  this.timeout(40_000);
  let at: VendorCompany;
  const windows: Window[] = [];
  before(async () => {
    at = await openVendorCompany({});
  });
  after(() => at.stop());
  beforeEach(() => at.sandbox.admin.reset());
  afterEach(async () => {
    await Promise.all(windows.splice(0).map((one) => one.close()));
  });

  const builds = { only: ['builds', 'tickets'] };
  const openFor = async (person: string, more = {}) => {
    const window = await openWindow(await at.settled(person, builds, more));
    windows.push(window);
    return window;
  };
  /** A build that goes on for half a minute, and what is heard of it. */
  const build = async (client: Client) => {
    const heard: string[] = [];
    const call = client.callTool({ name: 'run_build', arguments: { seconds: 30 } }, undefined, {
      onprogress: (progress) => heard.push(JSON.stringify(progress)),
      timeout: 35_000,
    });
    while (heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    return { heard, call: call.then(textOf, String) };
  };

  it('T8 a change of account closes every stream before the next person asks for anything', async () => {
    for (const person of ['bob', 'carol'])
      await at.sandbox.admin.grant(person, 'builds', ['builds:run']);
    const who = { name: 'alice' };
    const window = await openFor('alice', { person: () => who.name });
    const { employee } = window;
    const bystander = await openFor('bob');
    const [hers, his] = [await window.client('builds'), await bystander.client('builds')];
    const [going, other] = [await build(hers), await build(his)];

    await employee.connections.signOut('acme');
    const ended = await going.call;
    assert.match(ended, /sign/i);
    assert.doesNotMatch(ended, /ok|done/);
    const before = (await at.sandbox.admin.state()).ledger.last;
    assert.deepEqual((await hers.listTools()).tools, []);
    assert.match(textOf(await hers.callTool({ name: 'list_builds', arguments: {} })), /sign/i);
    const meanwhile = (await at.sandbox.admin.ledger(before)).filter(({ leg }) => leg === 'mcp');
    assert.deepEqual(meanwhile, []);

    // The browser would go on as alice.
    await at.sandbox.admin.endSession('alice');
    who.name = 'carol';
    const since = (await at.sandbox.admin.state()).ledger.last;
    await employee.signIn();
    await employee.until(() => employee.state('builds')?.kind === 'connected');
    // The very client, and session, that was alice's.
    const answer = textOf(await hers.callTool({ name: 'list_builds', arguments: {} }));
    assert.match(answer, /carol/);
    const asked = (await at.sandbox.admin.ledger(since)).filter(
      ({ leg, person }) => leg !== 'signIn' && person !== 'bob',
    );
    assert.ok(asked.some(({ leg }) => leg === 'mcp'));
    assert.deepEqual([...new Set(asked.map(({ person }) => person))], ['carol']);

    const progressed = other.heard.length;
    assert.equal(bystander.employee.state('builds')?.kind, 'connected');
    assert.match(
      textOf(await his.callTool({ name: 'list_builds', arguments: {} })),
      /Asked by bob/,
    );
    assert.ok(other.heard.length >= progressed);
    assert.doesNotMatch(JSON.stringify([going.heard, bystander.log]), /carol/);
  });

  it("T3 one window's key, and its sessions, are worth nothing in another", async () => {
    const [alice, bob] = [await openFor('alice'), await openFor('bob')];
    await (await alice.client('tickets')).listTools();
    const since = (await at.sandbox.admin.state()).ledger.last;
    const crossed = await fetch(bob.url('tickets'), {
      method: 'POST',
      headers: { ...alice.gateway.key(), 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    });
    assert.deepEqual([crossed.status, await crossed.text()], [404, '']);
    assert.deepEqual(await at.sandbox.admin.ledger(since), []);
  });

  it('T12 T15 after a whole day nothing secret is in a log, a snapshot, a row or a preference', async () => {
    const canaries: Canary[] = [];
    const preferences = new Map<string, unknown>();
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const sent = new Headers(init?.headers).get('authorization')?.replace(/^\w+ /, '');
      if (sent !== undefined) canaries.push({ kind: 'authorization', value: sent });
      const response = await globalThis.fetch(input, init);
      if (!(response.headers.get('content-type') ?? '').includes('json')) return response;
      const said = (await response.clone().json()) as Record<string, unknown>;
      for (const kind of ['access_token', 'refresh_token', 'id_token']) {
        const value = said[kind];
        if (typeof value === 'string') canaries.push({ kind, value });
      }
      return response;
    };
    const employee = await at.settled('alice', builds, { fetch, preferences });
    const window = await openWindow(employee);
    windows.push(window);
    const client = await window.client('tickets');
    await client.callTool({ name: 'search_tickets', arguments: { query: '' } });
    await at.sandbox.admin.revokeAccess('alice');
    await client.callTool({ name: 'search_tickets', arguments: { query: '' } });
    await at.sandbox.admin.remove('alice', 'tickets');
    await employee.connections.checkNow();
    await client.callTool({ name: 'search_tickets', arguments: { query: '' } });
    const key = Object.values(window.gateway.key())[0]!.replace('Bearer ', '');
    const overview = employee.connections.overview();
    const context = { nowMs: Date.now(), organization: 'Acme' } as never;
    const traces = new Map([
      ['the log', employee.log.join('\n')],
      ['the log of the gateway', window.log.join('\n')],
      ['the snapshots', JSON.stringify(overview)],
      ['the rows', inspect(overview.connections.map((one) => connectionRow(one, context)))],
      ['the preferences', JSON.stringify([...preferences])],
      ['a dump', inspect(employee.connections, { depth: 12, maxStringLength: null })],
      ['the environment', JSON.stringify(process.env)],
    ]);
    assert.ok(new Set(canaries.map(({ kind }) => kind)).size === 4, 'too few secrets were seen');
    assert.deepEqual(findSecrets([...canaries, { kind: 'the key', value: key }], traces), []);
    // In SecretStorage the sign-in alone: no access to any server.
    const accesses = canaries.filter(({ kind }) => kind === 'authorization');
    assert.deepEqual(
      findSecrets(
        accesses,
        new Map([['SecretStorage', [...employee.secrets.values()].join('\n')]]),
      ).filter((one) => one.startsWith('authorization')),
      [],
    );
  });

  it('T1 denied, removed and refused: no other sign-in, at the authorization server or in a browser', async () => {
    await at.sandbox.admin.remove('alice', 'tickets');
    const window = await openFor('alice');
    const { employee } = window;
    assert.equal(employee.state('tickets')?.kind, 'notGranted');
    const client = await window.client('builds');
    await at.sandbox.admin.revokeAccess('alice');
    await at.sandbox.admin.remove('alice', 'builds');
    const refused = await client.callTool({ name: 'list_builds', arguments: {} });
    assert.equal(refused.isError, true);
    await assert.rejects(window.client('tickets'), /does not give you access to Tickets/);
    const issuer = new URL(at.sandbox.line.identityProvider.issuer);
    const opened = employee.opened.map((url) => new URL(url));
    // The company's own sign-in, once: no other party's, and no later one.
    assert.deepEqual(
      opened.map(({ port, pathname }) => [port, pathname]),
      [[issuer.port, '/authorize']],
    );
    assert.deepEqual(await at.ledger('fallback'), []);
  });

  it('T1 the bundle cannot register a client, nor find out where one would', () => {
    const files = readdirSync('dist').filter((name) => /^extension.*\.cjs$/.test(name));
    const code = files.map((name) => readFileSync(`dist/${name}`, 'utf8')).join('\n');
    assert.ok(code.includes('urn:ietf:params:oauth:token-type:id-jag'), 'this is another bundle');
    assert.doesNotMatch(code, /registration_endpoint|dynamicClientRegistration|client_name/);
  });
});
