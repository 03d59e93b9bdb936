// The official MCP clients, of both SDKs and in both kinds of the protocol, hear and are asked the same
// behind the gateway as before the server itself.
import assert from 'node:assert/strict';
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { eventually } from '../../support/eventually.ts';
import type { Bridge } from './bridge.ts';
import { startFront } from './front.ts';
import { startTestServer, type Era, type TestServer } from './server/testServer.ts';

const token = 'let-me-in';
const model = {
  role: 'assistant' as const,
  content: { type: 'text' as const, text: 'forty-two' },
  model: 'm',
};
const form = {
  action: 'accept' as const,
  content: { username: 'ada', email: 'a@b.c', name: 'Ada' },
};
const roots = { roots: [{ uri: 'file:///work' }] };
const capabilities = { sampling: {}, elicitation: {}, roots: {} };

/** What a script needs of a client, whichever SDK it is of. */
interface Speaker {
  readonly client: Client | ModernClient;
  /** Times the list of tools was said to have changed. */
  readonly changes: { tools: number };
  readonly hasSessions: boolean;
}

async function older(url: string): Promise<Speaker> {
  const changes = { tools: 0 };
  const onChanged = () => {
    changes.tools++;
  };
  const client = new Client(
    { name: 'older', version: '1' },
    { capabilities, listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged } } },
  );
  client.setRequestHandler(CreateMessageRequestSchema, () => model);
  client.setRequestHandler(ElicitRequestSchema, () => form);
  client.setRequestHandler(ListRootsRequestSchema, () => roots);
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return { client, changes, hasSessions: true };
}

async function modern(url: string, era: Era): Promise<Speaker> {
  const changes = { tools: 0 };
  const onChanged = () => {
    changes.tools++;
  };
  const client = new ModernClient(
    { name: 'modern', version: '2' },
    {
      capabilities,
      versionNegotiation: { mode: 'auto' },
      listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged } },
    },
  );
  client.setRequestHandler('sampling/createMessage', () => model);
  client.setRequestHandler('elicitation/create', () => form);
  client.setRequestHandler('roots/list', () => roots);
  await client.connect(new ModernTransport(new URL(url)));
  assert.equal(client.getNegotiatedProtocolVersion(), era);
  return { client, changes, hasSessions: era === '2025-11-25' };
}

/** Everything that can be said, and what came of it. */
async function converse({ client, changes, hasSessions }: Speaker): Promise<unknown[]> {
  const heard: unknown[] = [];
  const call = async (name: string, args: Record<string, unknown> = {}) => {
    heard.push([name, (await client.callTool({ name, arguments: args })).content]);
  };
  heard.push((await client.listTools()).tools.map(({ name }) => name));
  heard.push((await client.listPrompts()).prompts.map(({ name }) => name));
  heard.push(await client.readResource({ uri: 'test://template/1/data' }));
  heard.push(await client.getPrompt({ name: 'test_simple_prompt' }));
  await call('test_simple_text');
  await call('test_error_handling');
  await heardOnTheWay(client, heard);
  await cancelled(client, heard);
  const questions = hasSessions
    ? ['test_sampling', 'test_elicitation', 'test_list_roots', 'test_reconnection']
    : ['sampling', 'elicitation', 'list_roots', 'multi_round'].map(
        (name) => `test_input_required_result_${name}`,
      );
  for (const name of questions) await call(name, { prompt: 'how many?', message: 'who?' });
  await call('test_trigger_tool_change');
  await eventually('the change is heard', () => changes.tools > 0);
  await assert.rejects(client.callTool({ name: 'test_unheard_of' }), (error: Error) => {
    heard.push(error.message);
    return true;
  });
  return heard;
}

async function heardOnTheWay(client: Speaker['client'], heard: unknown[]): Promise<void> {
  const progress: unknown[] = [];
  const options = { onprogress: (one: unknown) => progress.push(one) };
  const asked = { name: 'test_tool_with_progress' };
  const { content } = await (client instanceof Client
    ? client.callTool(asked, undefined, options)
    : client.callTool(asked, options));
  heard.push([progress, content]);
}

async function cancelled(client: Speaker['client'], heard: unknown[]): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const asked = { name: 'test_slow', arguments: { ms: 60_000 } };
  const call =
    client instanceof Client
      ? client.callTool(asked, undefined, { signal })
      : client.callTool(asked, { signal });
  setTimeout(() => {
    controller.abort('changed my mind');
  }, 100);
  await assert.rejects(call, (error: Error) => {
    heard.push(error.message);
    return true;
  });
}

describe('the official clients through the gateway', function () {
  this.timeout(60_000);
  const open: (TestServer | Bridge | { close(): Promise<void> })[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  const cases: [name: string, era: Era, connect: (url: string) => Promise<Speaker>][] = [
    ['SDK v1, 2025-11-25', '2025-11-25', older],
    ['SDK v2, 2025-11-25', '2025-11-25', (url) => modern(url, '2025-11-25')],
    ['SDK v2, 2026-07-28', '2026-07-28', (url) => modern(url, '2026-07-28')],
  ];
  for (const [name, era, connect] of cases) {
    it(`${name}: the same words`, async () => {
      const server = await startTestServer(era);
      const guarded = await startTestServer(era, token);
      const front = await startFront(guarded.url, token);
      open.push(server, guarded, front);
      const said: unknown[][] = [];
      for (const { url } of [server, front]) {
        const speaker = await connect(url);
        open.push(speaker.client);
        said.push(await converse(speaker));
      }
      const [direct, through] = said;
      assert.ok(JSON.stringify(direct).includes(era === '2025-11-25' ? 'taken up' : 'state-ok'));
      assert.deepEqual(through, direct);
    });
  }
});
