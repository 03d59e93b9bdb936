// An MCP server that does next to nothing, so that what is measured is the way there. The tool called says
// how it answers.
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Call {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly arguments?: { readonly bytes?: number } };
}

const text = { content: [{ type: 'text', text: 'x'.repeat(1_024) }] };
/** Between the first event of a stream and its answer. */
const pauseMs = 5;
const progress = { progressToken: 1, progress: 0.5 };
const firstEvent = eventOf({ method: 'notifications/progress', params: progress });
const noise = { level: 'info', data: 'x'.repeat(65_400) };
const largeEvent = Buffer.from(eventOf({ method: 'notifications/message', params: noise }));

const answers: Readonly<Record<string, (call: Call, response: ServerResponse) => unknown>> = {
  initialize: ({ id }, response) => {
    json(response, id, {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'bench', version: '1' },
    });
  },
  'notifications/initialized': (_, response) => response.writeHead(202).end(),
  json: ({ id }, response) => {
    json(response, id, text);
  },
  events: ({ id }, response) => begin(response).end(eventOf({ id, result: text })),
  first: ({ id }, response) => {
    begin(response).write(firstEvent);
    setTimeout(() => response.end(eventOf({ id, result: text })), pauseMs);
  },
  stream: (call, response) => {
    begin(response);
    pour(call, response);
  },
};

/** Events until there are as many bytes as asked for, then the answer. */
function pour({ id, params }: Call, response: ServerResponse): void {
  let left = Math.ceil((params?.arguments?.bytes ?? 0) / largeEvent.length);
  const go = () => {
    for (; left > 0 && !response.destroyed; left--) {
      if (response.write(largeEvent)) continue;
      left--;
      response.once('drain', go);
      return;
    }
    response.end(eventOf({ id, result: text }));
  };
  go();
}

function json(response: ServerResponse, id: number | undefined, result: object): void {
  const body = JSON.stringify({ jsonrpc: '2.0', id, result });
  const length = Buffer.byteLength(body);
  const headers = { 'content-type': 'application/json', 'content-length': length };
  response.writeHead(200, { ...headers, 'mcp-session-id': 'bench' }).end(body);
}

function begin(response: ServerResponse): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  return response;
}

function eventOf(message: object): string {
  return `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
}

const server = createServer((incoming, response) => {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.on('end', () => {
    if (chunks.length === 0) {
      response.writeHead(405).end();
      return;
    }
    const call = JSON.parse(Buffer.concat(chunks).toString()) as Call;
    const answer = answers[call.params?.name ?? call.method];
    if (answer === undefined) response.writeHead(404).end();
    else answer(call, response);
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.on('disconnect', () => process.exit());
process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp` });
