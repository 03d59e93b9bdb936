// What the gateway keeps of one server: the sessions clients have there, and their event streams.
import { setMaxListeners } from 'node:events';
import { ConnectError } from '../core/errors.ts';
import type { Clock, Fetch, Log } from '../core/ports.ts';
import type { ClientStream } from './clientStream.ts';
import type { Limits } from './limits.ts';
import { isReadOnly } from './readOnlyGrant.ts';
import { Sessions, type Session } from './session.ts';
import { ToolLists } from './toolLists.ts';
import type { RequestId } from './mcpMessage.ts';
import type { Grant, Upstreams } from './upstream.ts';

/** What every part of the gateway works with. */
export interface GatewayContext {
  readonly upstreams: Upstreams;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Limits;
  /** The name of the client that does not ask for the rest of a broken-off answer; without: none does. */
  readonly editor: string | undefined;
  /** Aborts when the gateway goes. */
  readonly disposed: AbortSignal;
}

/** An event stream a client listens to. */
export interface Listener {
  readonly stream: ClientStream;
  /** undefined: of a session the gateway does not know. */
  readonly session: Session | undefined;
}

/** A `subscriptions/listen` of a client without sessions. */
export interface Subscription {
  readonly stream: ClientStream;
  readonly id: RequestId;
  /** The server has agreed to it, which must be the first thing to be heard. */
  readonly isAgreed: () => boolean;
  /** What it wants to hear, by the names of the protocol. */
  readonly wants: Readonly<Record<string, unknown>>;
}

const changes = ['tools', 'prompts', 'resources'];
const changeOf = (what: string) => ({
  jsonrpc: '2.0',
  method: `notifications/${what}/list_changed`,
});

const isServersDoing = (why: unknown): boolean =>
  ConnectError.is(why) && /^(server|network)\./.test(why.code);

export class Served {
  readonly id: string;
  readonly sessions: Sessions;
  readonly listeners = new Set<Listener>();
  readonly subscriptions = new Set<Subscription>();
  /** Of the connection that is open. */
  readonly lists = new ToolLists();
  /** Whether clients believe the connection open. */
  #isOpen: boolean | undefined;
  /** The open connection's signal, as last seen. */
  #closed: AbortSignal | undefined;
  /** What was granted when last seen, in one string. */
  #grant: string | undefined;
  /** Counts the states of the lists. */
  #listsNow = 0;

  constructor(id: string, maxSessions: number, onEvicted: (session: Session) => void) {
    this.id = id;
    this.sessions = new Sessions(maxSessions, onEvicted);
  }

  /**
   * Makes clients list again when access came or went: that is how tools vanish and return.
   * @param why it went
   */
  accessIs(isOpen: boolean, why?: unknown): void {
    const before = this.#isOpen;
    this.#isOpen = isOpen;
    if (before === undefined || before === isOpen) return;
    // Attacker: a server that has itself closed for a moment to list other tools with nothing to hold them against.
    if (!isOpen && !isServersDoing(why)) this.lists.forget();
    // An event under way ends here: upstream's stream has.
    for (const { stream } of this.listeners) stream.cut();
    this.#listsChanged();
  }

  /** Makes clients list again when the company grants more or less than before. */
  grantIs(grant: Grant | undefined): void {
    if (grant === undefined) return;
    const before = this.#grant;
    this.#grant = JSON.stringify([isReadOnly(grant), ...[...grant.scopes].sort()]);
    if (before === undefined || before === this.#grant) return;
    this.lists.forget();
    this.#listsChanged();
  }

  /** A client that begins lists for the first time. */
  begins(session: Session): void {
    session.knownLists = this.#listsNow;
  }

  /** Between two of its event streams a client hears nothing: what it missed is the first it hears. */
  listens(listener: Listener): void {
    this.listeners.add(listener);
    if (listener.session !== undefined && listener.session.knownLists !== this.#listsNow) {
      this.#tell(listener);
    }
  }

  #tell({ stream, session }: Listener): void {
    if (stream.isGone) return;
    for (const what of changes) stream.note(changeOf(what));
    if (session !== undefined) session.knownLists = this.#listsNow;
  }

  #listsChanged(): void {
    this.#listsNow++;
    for (const listener of this.listeners) this.#tell(listener);
    for (const what of changes) {
      for (const { stream, id, wants, isAgreed } of this.subscriptions) {
        if (wants[`${what}ListChanged`] !== true || !isAgreed()) continue;
        const _meta = { 'io.modelcontextprotocol/subscriptionId': id };
        stream.note({ ...changeOf(what), params: { _meta } });
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
      if (this.#closed === closed) this.accessIs(false, closed.reason);
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
