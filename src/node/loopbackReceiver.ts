// Where the browser comes back after company sign-in on a desktop: http://127.0.0.1 on any free port,
// for one answer that carries our state. Whatever else knocks gets a page and changes nothing.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConnectError } from '../core/errors.ts';
import type { RedirectReceiver } from '../core/ports.ts';
import { page } from './receiverPage.ts';

const path = '/callback';
/** The page must arrive before the listener goes, milliseconds. */
const lingerMs = 2_000;

interface Wanted {
  readonly state: string;
  readonly resolve: (url: URL) => void;
  readonly cancel: () => void;
}

/**
 * Starts listening; `wait` once, then `dispose`, which ends a wait that is still pending.
 * @param timeoutMs how long `wait` waits for the person
 * @throws gateway.notListening when no local port can be had
 * @see RFC 8252 §7.3
 */
export async function startLoopbackReceiver(options: {
  organization: string;
  timeoutMs: number;
}): Promise<RedirectReceiver> {
  const arrivals: { wanted?: Wanted } = {};
  const server = createServer({ maxHeaderSize: 16_384 }, (request, response) => {
    const url = URL.parse(request.url ?? '', redirectUri());
    const isCallback = request.method === 'GET' && url?.pathname === path;
    const { wanted } = arrivals;
    // Only the address we gave out: a page that reaches us under another name is an attacker's.
    const isOurs = request.headers.host === new URL(redirectUri()).host;
    if (!isOurs || !isCallback || url.searchParams.get('state') !== wanted?.state) {
      answer(response, 404, page(options.organization, 'unknown'));
      return;
    }
    delete arrivals.wanted;
    const refused = url.searchParams.has('error');
    answer(response, 200, page(options.organization, refused ? 'refused' : 'done'));
    wanted.resolve(url);
  });
  const redirectUri = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  await listen(server);
  return {
    redirectUri: redirectUri(),
    wait: (state, signal) => {
      const { promise, resolve, reject } = deferred<URL>();
      const timer = setTimeout(() => {
        reject(new ConnectError('user.timedOut'));
      }, options.timeoutMs);
      const cancel = () => {
        reject(new ConnectError('user.cancelled'));
      };
      if (signal.aborted || !server.listening) cancel();
      signal.addEventListener('abort', cancel, { once: true });
      arrivals.wanted = { state, resolve, cancel };
      return promise.finally(() => {
        clearTimeout(timer);
        signal.removeEventListener('abort', cancel);
        delete arrivals.wanted;
      });
    },
    dispose: () => {
      arrivals.wanted?.cancel();
      server.close();
      setTimeout(() => {
        server.closeAllConnections();
      }, lingerMs).unref();
    },
  };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const facts = cause.code === undefined ? {} : { systemCode: cause.code };
      reject(new ConnectError('gateway.notListening', facts, { cause }));
    });
    server.listen(0, '127.0.0.1', resolve);
  });
}

function answer(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    connection: 'close',
  });
  response.end(html);
}

function deferred<T>() {
  const parts: { resolve?: (value: T) => void; reject?: (error: ConnectError) => void } = {};
  const promise = new Promise<T>((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return {
    promise,
    resolve: parts.resolve as (value: T) => void,
    reject: parts.reject as (error: ConnectError) => void,
  };
}
