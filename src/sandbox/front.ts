// The one door every party of the company stands behind: refuses foreign hosts, is slow or down when
// told to, and writes the ledger.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultSwitches, WayDown } from './faults.ts';
import type { Ledger, Leg, PartyKind } from './ledger.ts';
import { isLoopbackHost } from './loopback.ts';

export interface Endpoint {
  /** Path as it is known; `:name` stands for one segment. */
  readonly path: string;
  readonly leg: Leg;
}

export interface Party {
  readonly kind: PartyKind;
  readonly id: string;
  readonly endpoints: readonly Endpoint[];
  isDown(): boolean;
}

/** What a handler knows about its request, for the ledger. */
export interface Note {
  leg?: Leg;
  person?: string;
  server?: string;
  detail?: string;
  error?: string;
}

export interface Front {
  guard(party: Party, listener: RequestListener): RequestListener;
  /** The note of a request that came through `guard`. */
  readonly note: (request: IncomingMessage) => Note;
}

const outcomeOf = (status: number) => {
  if (status === 0 || status >= 500) return 'error';
  return status >= 400 ? 'denied' : 'ok';
};

export function createFront(deps: { ledger: Ledger; faults: FaultSwitches }): Front {
  const { ledger, faults } = deps;
  const notes = new WeakMap<IncomingMessage, Note>();
  const noteOf = (request: IncomingMessage): Note => {
    const note = notes.get(request) ?? {};
    notes.set(request, note);
    return note;
  };

  async function serve(
    party: Party,
    listener: RequestListener,
    exchange: { request: IncomingMessage; response: ServerResponse },
  ): Promise<void> {
    const { request, response } = exchange;
    const requestId = randomUUID();
    response.setHeader('x-request-id', requestId);
    const record = recorder(ledger, party, { request, requestId, note: noteOf(request) });
    onHead(response, record);
    response.once('close', () => {
      record(0);
    });
    if (!isLoopbackHost(request.headers.host)) {
      // DNS rebinding: a page of another site must not talk to us under its own name.
      response.writeHead(421).end();
      return;
    }
    if (faults.current.latencyMs > 0) await sleep(faults.current.latencyMs);
    if (!party.isDown()) {
      listener(request, response);
      return;
    }
    noteOf(request).error = 'down';
    outages[faults.current.downAs](response);
  }

  return {
    note: noteOf,
    guard: (party, listener) => (request, response) => {
      serve(party, listener, { request, response }).catch((error: unknown) => {
        console.error(error);
        request.socket.destroy();
      });
    },
  };
}

const refuseAll =
  (status: number, headers: Readonly<Record<string, string>> = {}) =>
  (response: ServerResponse) =>
    response
      .writeHead(status, { 'content-type': 'text/plain', ...headers })
      .end('Down for maintenance.\n');

/** What somebody meets who comes to a party that is down. */
const outages: Readonly<Record<WayDown, (response: ServerResponse) => unknown>> = {
  reset: (response) => response.destroy(),
  unavailable: refuseAll(503),
  error: refuseAll(500),
  busy: refuseAll(429),
  busyForSeconds: refuseAll(429, { 'retry-after': '20' }),
  page: (response) =>
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end('<!doctype html><title>Welcome to our Wi-Fi</title>\n'),
  silent: () => undefined,
};

/** Writes one entry per request, the first time it is called. */
function recorder(
  ledger: Ledger,
  party: Party,
  asked: { readonly request: IncomingMessage; readonly requestId: string; readonly note: Note },
): (status: number) => void {
  const { request, requestId, note } = asked;
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const known = party.endpoints.find((endpoint) => matches(endpoint.path, path));
  const done = { yes: false };
  return (status) => {
    if (done.yes) return;
    done.yes = true;
    const { leg = known?.leg ?? 'other', ...rest } = note;
    ledger.add({
      requestId,
      party: party.kind,
      id: party.id,
      // A path we do not know is the client's own text and may hold anything.
      endpoint: known?.path ?? '(unknown)',
      method: request.method ?? '',
      leg,
      outcome: outcomeOf(status),
      status,
      ...rest,
    });
  };
}

/** Streams answer long after their head: the ledger must not wait for their end. */
function onHead(response: ServerResponse, listener: (status: number) => void): void {
  const writeHead = response.writeHead.bind(response) as (...all: unknown[]) => ServerResponse;
  response.writeHead = (status: number, ...rest: unknown[]) => {
    listener(status);
    return writeHead(status, ...rest);
  };
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const parts = path.split('/');
  return (
    wanted.length === parts.length &&
    wanted.every((part, index) => part.startsWith(':') || part === parts[index])
  );
}
