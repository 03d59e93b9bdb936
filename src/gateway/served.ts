// What the gateway keeps of one server: the sessions clients have there, and their event streams.
import { setMaxListeners } from 'node:events';
import type { ConnectError } from '../core/errors.ts';
import type { Clock, Fetch, Log } from '../core/ports.ts';
import type { ClientStream } from './clientStream.ts';
import type { Limits } from './limits.ts';
import { Sessions, type Session } from './session.ts';
import type { Upstreams } from './upstream.ts';

/** What every part of the gateway works with. */
export interface GatewayContext {
  readonly upstreams: Upstreams;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Limits;
  /** Aborts when the gateway goes. */
  readonly disposed: AbortSignal;
}

/** An event stream a client listens to. */
export interface Listener {
  readonly stream: ClientStream;
  /** undefined: of a session the gateway does not know. */
  readonly session: Session | undefined;
}

const changes = ['tools', 'prompts', 'resources'];

export class Served {
  readonly id: string;
  readonly sessions: Sessions;
  readonly listeners = new Set<Listener>();
  /** Whether clients believe the connection open. */
  #isOpen: boolean | undefined;
  /** The open connection's signal, as last seen. */
  #closed: AbortSignal | undefined;

  constructor(id: string, maxSessions: number, onEvicted: (session: Session) => void) {
    this.id = id;
    this.sessions = new Sessions(maxSessions, onEvicted);
  }

  /** Makes clients list again when access came or went: that is how tools vanish and return. */
  accessIs(isOpen: boolean): void {
    const before = this.#isOpen;
    this.#isOpen = isOpen;
    if (before === undefined || before === isOpen) return;
    for (const { stream } of this.listeners) {
      for (const what of changes) {
        stream.send({ jsonrpc: '2.0', method: `notifications/${what}/list_changed` });
      }
    }
  }

  /** Tells clients the moment `closed` aborts. */
  follow(closed: AbortSignal): void {
    if (this.#closed === closed) return;
    this.#closed = closed;
    // One listener per request under way: many are no leak.
    setMaxListeners(0, closed);
    const onClosed = () => {
      if (this.#closed === closed) this.accessIs(false);
    };
    closed.addEventListener('abort', onClosed, { once: true });
  }

  end(): void {
    for (const { stream } of this.listeners) stream.end();
  }

  /** Streams of sessions that are gone end, so that the client opens one for the session it has now. */
  endOrphans(): void {
    for (const { stream, session } of this.listeners) {
      if (session === undefined || !this.sessions.has(session)) stream.end();
    }
  }
}

/** The log knows codes and facts, never what was said. */
export function logRefusal(log: Log, what: string, { code, facts }: ConnectError): void {
  const message = `${what}: ${code}`;
  if (code === 'user.cancelled') log.debug(message);
  else log.warn(message, facts);
}
