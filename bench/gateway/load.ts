// The client: calls a target, as many at a time as it is told, and says how long each took.
import { Agent, request, type IncomingMessage } from 'node:http';
import type { Target } from './contestant.ts';

export type Job =
  | { readonly kind: 'begin'; readonly target: Target; readonly connections: number }
  | { readonly kind: 'calls'; readonly tool: Tool; readonly parallel: number; readonly ms: number }
  | { readonly kind: 'stream'; readonly bytes: number };
export type Tool = 'json' | 'events' | 'first';

export interface Measured {
  /** Of each call, milliseconds: until its first byte, or to its end. */
  readonly latencies: readonly number[];
  readonly elapsedMs: number;
  readonly bytes: number;
}

interface At extends Target {
  readonly agent: Agent;
}

/** Where it calls. */
const now: { at?: At } = {};

async function post(message: object, take: (chunk: Buffer) => void): Promise<IncomingMessage> {
  if (now.at === undefined) throw new Error('there is no target');
  const body = JSON.stringify({ jsonrpc: '2.0', ...message });
  const { where, path, headers, agent } = now.at;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request({
      ...{ ...where, path, agent, method: 'POST' },
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-11-25',
      },
    });
    outgoing.once('response', resolve).once('error', reject).end(body);
  });
  answer.on('data', take);
  await new Promise((resolve, reject) => answer.once('end', resolve).once('error', reject));
  if (answer.statusCode !== 200 && answer.statusCode !== 202)
    throw new Error(`answered ${answer.statusCode} at ${JSON.stringify(where)}${path}`);
  return answer;
}

const toolsCall = (id: number, name: string, args = {}) => ({
  id,
  method: 'tools/call',
  params: { name, arguments: args },
});

/** @throws when the answer is none */
async function call(id: number, tool: Tool): Promise<number> {
  const startedAt = performance.now();
  let firstAt = 0;
  const chunks: Buffer[] = [];
  await post(toolsCall(id, tool), (chunk) => {
    if (firstAt === 0) firstAt = performance.now();
    chunks.push(chunk);
  });
  const endedAt = tool === 'first' ? firstAt : performance.now();
  if (!Buffer.concat(chunks).includes(`"id":${id},"result"`)) throw new Error('no answer');
  return endedAt - startedAt;
}

const jobs = {
  begin: async ({ target, connections }: Extract<Job, { kind: 'begin' }>) => {
    now.at?.agent.destroy();
    const at = { ...target, agent: new Agent({ keepAlive: true }) };
    now.at = at;
    const clientInfo = { name: 'bench', version: '1' };
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
    const answer = await post({ id: 0, method: 'initialize', params }, () => undefined);
    const session = String(answer.headers['mcp-session-id']);
    now.at = { ...at, headers: { ...at.headers, 'mcp-session-id': session } };
    await post({ method: 'notifications/initialized' }, () => undefined);
    // A client keeps them: opening them is not what is measured.
    await Promise.all(Array.from({ length: connections }, (_, id) => call(id, 'json')));
    return { latencies: [], bytes: 0 };
  },
  calls: async ({ tool, parallel, ms }: Extract<Job, { kind: 'calls' }>) => {
    const latencies: number[] = [];
    let id = 0;
    const endsAt = performance.now() + ms;
    const one = async () => {
      while (performance.now() < endsAt) latencies.push(await call(++id, tool));
    };
    await Promise.all(Array.from({ length: parallel }, one));
    return { latencies, bytes: 0 };
  },
  stream: async ({ bytes }: Extract<Job, { kind: 'stream' }>) => {
    let length = 0;
    await post(toolsCall(1, 'stream', { bytes }), (chunk) => {
      length += chunk.length;
    });
    if (length < bytes) throw new Error(`${length} bytes of ${bytes}`);
    return { latencies: [], bytes: length };
  },
};

function doing(job: Job) {
  if (job.kind === 'begin') return jobs.begin(job);
  return job.kind === 'calls' ? jobs.calls(job) : jobs.stream(job);
}

async function run(job: Job): Promise<Measured> {
  const startedAt = performance.now();
  const done = await doing(job);
  const elapsedMs = performance.now() - startedAt;
  return { ...done, elapsedMs };
}

process.on('message', (job: Job) => {
  run(job).then(
    (measured) => process.send?.(measured),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
