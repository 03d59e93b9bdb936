// Tool calls by way of an extension host, from outside of it.
import { Agent, request, type IncomingMessage } from 'node:http';

/** Something that passes calls on, at `/mcp/<server id>`. */
export interface Place {
  readonly where:
    { readonly socketPath: string } | { readonly host: string; readonly port: number };
  readonly authorization: string;
}

interface Client {
  post(message: object): Promise<string>;
  close(): Promise<void>;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** A session at one server. */
async function openClient(place: Place, serverId: string, agent: Agent): Promise<Client> {
  const headers: Record<string, string> = {
    authorization: place.authorization,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  const send = async (method: string, body?: object): Promise<string> => {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ ...place.where, path: `/mcp/${serverId}`, agent, method, headers })
        .once('response', resolve)
        .once('error', reject)
        .end(body && JSON.stringify({ jsonrpc: '2.0', ...body }));
    });
    const text = await textOf(answer);
    const { statusCode = 0 } = answer;
    if (statusCode < 200 || statusCode > 299)
      throw new Error(`${serverId} answered ${statusCode}: ${text}`);
    headers['mcp-session-id'] ??= String(answer.headers['mcp-session-id']);
    return text;
  };
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'bench', version: '1' },
  };
  await send('POST', { id: 0, method: 'initialize', params });
  headers['mcp-protocol-version'] = params.protocolVersion;
  await send('POST', { method: 'notifications/initialized' });
  return {
    post: (message) => send('POST', message),
    close: async () => {
      await send('DELETE');
    },
  };
}

export interface Caller {
  /** Calls a tool so often, in turn at every server. */
  call(count: number): Promise<void>;
  close(): Promise<void>;
}

/** @param options.parallel calls under way at a time */
export async function openCaller(
  place: Place,
  options: { readonly serverIds: readonly string[]; readonly parallel: number },
): Promise<Caller> {
  const { serverIds, parallel } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: parallel });
  const clients = await Promise.all(serverIds.map((id) => openClient(place, id, agent)));
  const made = { calls: 0 };
  const callOnce = async (): Promise<void> => {
    const id = ++made.calls;
    const params = { name: 'list_notes', arguments: {} };
    const client = clients[id % clients.length]!;
    const answer = await client.post({ id, method: 'tools/call', params });
    if (!answer.includes('Water the plants')) throw new Error(`no answer: ${answer}`);
  };
  return {
    async call(count) {
      const end = made.calls + count;
      const work = async (): Promise<void> => {
        while (made.calls < end) await callOnce();
      };
      await Promise.all(Array.from({ length: parallel }, work));
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      agent.destroy();
    },
  };
}
