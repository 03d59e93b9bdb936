// The least a proxy can do that calls upstream by `fetch`, as an extension must to honour the editor's proxy
// and certificates.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { announce } from './contestant.ts';
import { listenTwice } from './places.ts';

const [, , url = ''] = process.argv;

async function pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const headers = { 'content-type': 'application/json', 'accept-encoding': 'identity' };
  const answer = await fetch(url, { method: 'POST', headers, body: Buffer.concat(chunks) });
  response.writeHead(answer.status, [...answer.headers.entries()].flat());
  for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    if (!response.write(chunk)) await once(response, 'drain');
  }
  response.end();
}

announce(
  await listenTwice((incoming, response) => {
    void pass(incoming, response);
  }),
);
