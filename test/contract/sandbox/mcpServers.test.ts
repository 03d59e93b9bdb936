import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { eventually } from '../../support/eventually.ts';
import { startSandbox, type Sandbox } from '../../support/sandbox.ts';
import { createEmployee, type Employee, type Tokens } from './employee.ts';

interface Connected {
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;
  readonly call: (tool: string, input?: Record<string, unknown>) => Promise<string>;
}

describe('sandbox: MCP servers behind the bearer check', () => {
  let acme: Sandbox;
  let employee: Employee;
  let alice: Tokens;
  const open: Client[] = [];
  before(async function () {
    this.timeout(30_000);
    acme = await startSandbox();
    employee = createEmployee(acme.line);
    alice = await employee.signIn('alice');
  });
  after(async () => {
    await Promise.all(open.map((client) => client.close()));
    await acme.stop();
  });

  const urlOf = (server: string) => acme.line.servers.find(({ id }) => id === server)!.url;

  async function connect(server: string, token: string): Promise<Connected> {
    const client = new Client({ name: 'test', version: '1' });
    const transport = new StreamableHTTPClientTransport(new URL(urlOf(server)), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    });
    await client.connect(transport);
    open.push(client);
    return {
      client,
      transport,
      async call(name, input = {}) {
        const answer = await client.callTool({ name, arguments: input });
        return (answer.content as { text: string }[]).map(({ text }) => text).join('\n');
      },
    };
  }

  const ask = (server: string, headers: Record<string, string>, body?: unknown) =>
    fetch(urlOf(server), {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'application/json, text/event-stream',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  const expectedTools = {
    tickets: ['close_ticket', 'create_ticket', 'read_ticket', 'search_tickets'],
    docs: ['read_page', 'search_docs'],
    builds: ['list_builds', 'run_build'],
  };
  for (const [server, names] of Object.entries(expectedTools)) {
    it(`serves the tools of ${server}`, async () => {
      const { client } = await connect(server, await employee.access(server, alice));
      const { tools } = await client.listTools();
      assert.deepEqual(tools.map(({ name }) => name).sort(), names);
      assert.equal(client.getServerVersion()?.name, `acme-${server}`);
    });
  }

  it('serves the reference server unchanged', async () => {
    const { client, call } = await connect(
      'everything',
      await employee.access('everything', alice),
    );
    assert.equal(client.getServerVersion()?.name, 'mcp-servers/everything');
    assert.ok((await client.listTools()).tools.some(({ name }) => name === 'get-sum'));
    assert.match(await call('get-sum', { a: 40, b: 2 }), /42/);
  });

  it('says who asked, and keeps tickets', async () => {
    const { call } = await connect('tickets', await employee.access('tickets', alice));
    const created = await call('create_ticket', { title: 'Coffee is out' });
    assert.match(created, /#104 open Coffee is out\n\nAsked by alice\./);
    assert.match(await call('close_ticket', { id: 104 }), /#104 closed Coffee is out/);
    assert.match(await call('search_tickets', { query: 'coffee' }), /^1 tickets\n#104 closed/);
    assert.match(await call('read_ticket', { id: 999 }), /no ticket #999/);
  });

  it('challenges a request without a token as RFC 9728 says', async () => {
    const response = await ask('tickets', {});
    const metadata = `${new URL(urlOf('tickets')).origin}/.well-known/oauth-protected-resource/mcp`;
    assert.equal(response.status, 401);
    assert.equal(
      response.headers.get('www-authenticate'),
      `Bearer resource_metadata="${metadata}", scope="tickets:read tickets:write"`,
    );
    const document = (await (await fetch(metadata)).json()) as Record<string, unknown>;
    assert.equal(document['resource'], urlOf('tickets'));
    assert.deepEqual(document['authorization_servers'], [
      acme.line.servers.find(({ id }) => id === 'tickets')!.authorizationServer,
    ]);
    assert.deepEqual(document['scopes_supported'], ['tickets:read', 'tickets:write']);
  });

  it("refuses unknown tokens and another server's, even of the same authorization server", async () => {
    for (const token of ['nonsense', await employee.access('builds', alice)]) {
      const response = await ask('everything', { authorization: `Bearer ${token}` });
      assert.equal(response.status, 401);
      assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer error="invalid_token"/);
    }
  });

  it('asks for the scope a writing tool needs', async () => {
    const readOnly = await employee.access('tickets', alice, 'tickets:read');
    const { transport, call } = await connect('tickets', readOnly);
    assert.match(await call('search_tickets'), /Asked by alice/);
    const response = await ask(
      'tickets',
      { authorization: `Bearer ${readOnly}`, 'mcp-session-id': transport.sessionId ?? '' },
      { jsonrpc: '2.0', id: 9, method: 'tools/call', params: { name: 'close_ticket' } },
    );
    assert.equal(response.status, 403);
    assert.match(
      response.headers.get('www-authenticate') ?? '',
      /^Bearer error="insufficient_scope", resource_metadata="[^"]+", scope="tickets:write"$/,
    );
  });

  it("does not serve one person's session to another", async () => {
    const { transport } = await connect('docs', await employee.access('docs', alice));
    const other = createEmployee(acme.line);
    const bob = await other.access('docs', await other.signIn('bob'));
    const response = await ask(
      'docs',
      { authorization: `Bearer ${bob}`, 'mcp-session-id': transport.sessionId ?? '' },
      { jsonrpc: '2.0', id: 1, method: 'tools/list' },
    );
    assert.equal(response.status, 404);
  });

  it('refuses revoked and expired access tokens', async () => {
    const revoked = await employee.access('docs', alice);
    await acme.admin.revokeAccess('alice', 'docs');
    assert.equal((await ask('docs', { authorization: `Bearer ${revoked}` })).status, 401);
    await acme.admin.faults({ accessTokenSeconds: 1 });
    const brief = await employee.access('docs', alice);
    await eventually('the access token expires', async () => {
      return (await ask('docs', { authorization: `Bearer ${brief}` })).status === 401;
    });
    await acme.admin.faults({ accessTokenSeconds: 3600 });
  });

  it('keeps serving access tokens after the session that led to them has ended', async () => {
    const other = createEmployee(acme.line);
    const { call } = await connect('docs', await other.access('docs', await other.signIn('bob')));
    await acme.admin.endSession('bob');
    assert.match(await call('search_docs'), /Asked by bob/);
  });

  it('reports progress and streams a log while a build runs', async () => {
    const { client } = await connect('builds', await employee.access('builds', alice));
    const log: unknown[] = [];
    const progress: number[] = [];
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
      log.push(params.data);
    });
    const answer = await client.callTool(
      { name: 'run_build', arguments: { seconds: 0.2 } },
      undefined,
      { onprogress: (step) => progress.push(step.progress) },
    );
    assert.match(JSON.stringify(answer.content), /ok after 0\.2 s.*Asked by alice/);
    assert.deepEqual(progress, [1, 2, 3, 4, 5]);
    assert.deepEqual(log[0], 'checkout (1/5)');
    assert.equal(log.length, 5);
  });

  it('stops a build nobody waits for', async () => {
    const { client, call } = await connect('builds', await employee.access('builds', alice));
    const cancel = new AbortController();
    const running = client.callTool({ name: 'run_build', arguments: { seconds: 60 } }, undefined, {
      signal: cancel.signal,
    });
    cancel.abort();
    await assert.rejects(running);
    assert.doesNotMatch(await call('list_builds'), /60 s/);
  });
});
