// The floor: a proxy that passes everything on and knows nothing of it.
import { Agent } from 'node:http';
import { createProxyServer } from 'http-proxy-3';
import { announce } from './contestant.ts';
import { listenTwice } from './places.ts';

const [, , url = ''] = process.argv;
const agent = new Agent({ keepAlive: true });
const proxy = createProxyServer({ target: new URL(url).origin, agent });
proxy.on('error', () => undefined);
announce(
  await listenTwice((incoming, response) => {
    proxy.web(incoming, response);
  }),
);
