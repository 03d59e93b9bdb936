// A client's MCP session, with an id of our own: what upstream calls it never leaves the gateway, and a
// server without sessions has them here too.
import { randomUUID } from 'node:crypto';
import type { ConnectError } from '../core/errors.ts';
import type { Clock, Disposable } from '../core/ports.ts';
import type { RequestHead } from './access.ts';
import { HandedOver } from './handedOver.ts';
import { isRequestId, type McpRequest, type RequestId } from './mcpMessage.ts';
import type { Upstream } from './upstream.ts';

export interface Greeting {
  readonly request: McpRequest;
  readonly head: RequestHead;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** A client that never answers must not fill the memory. */
const maxAsked = 64;

export class Session {
  readonly id = randomUUID();
  /** Made while this was open; what upstream knows of it is gone when it closes. */
  upstream: Upstream;
  /** How the client began, to begin again with when the connection closes and opens. */
  greeting: Greeting | undefined;
  /** Under way, at the connection of this signal. */
  reviving: { readonly closed: AbortSignal; readonly done: Promise<void> } | undefined;
  /** Resolves when later requests may go upstream. */
  readonly initialized: Promise<void>;
  upstreamId: string | undefined;
  /** Protocol version upstream chose. */
  version: string | undefined;
  /** Whether the client asks for the rest of a broken-off answer itself. */
  resumes = false;
  /** Which state of the lists the client has heard of. */
  knownLists = 0;
  /** Events the client knows of may be of an earlier place, where they mean something else. */
  hasMoved = false;
  /** What it has to ask for. */
  readonly handedOver = new HandedOver();
  /** What the server asked and the client has not answered yet: nothing elsewhere is the answer to it. */
  readonly #asked = new Set<RequestId>();
  /** Ends a request under way. */
  readonly inFlight = new Map<RequestId, (error: ConnectError) => void>();
  readonly #release: () => void;
  #timer: Disposable | undefined;

  constructor(upstream: Upstream) {
    this.upstream = upstream;
    let release: () => void = () => undefined;
    this.initialized = new Promise((resolve) => {
      release = resolve;
    });
    this.#release = release;
  }

  get isOver(): boolean {
    return this.upstream.closed.aborted;
  }

  /** Whether the client may still answer something that only this place asked. */
  get isAsked(): boolean {
    return this.#asked.size > 0;
  }

  /** A message of the server on its way to the client. */
  heard({ id, method }: Readonly<Record<string, unknown>>): void {
    const isQuestion = isRequestId(id) && typeof method === 'string';
    if (isQuestion && this.#asked.size < maxAsked) this.#asked.add(id);
  }

  answered(id: RequestId): void {
    this.#asked.delete(id);
  }

  /** Goes on where `place` has been made ready upstream. */
  moveTo({ upstream, upstreamId, version }: Session): void {
    this.upstream = upstream;
    this.upstreamId = upstreamId;
    this.version = version;
    this.hasMoved = true;
    this.resumes = false;
    this.release();
  }

  /** The client may forget `notifications/initialized`; its requests do not wait for ever. */
  hold(clock: Clock, holdMs: number): void {
    this.#timer = clock.schedule(holdMs, () => {
      this.release();
    });
  }

  release(): void {
    this.#timer?.dispose();
    this.#release();
  }
}

/** The sessions at one server, longest idle first. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();
  readonly #max: number;
  readonly #onEvicted: (session: Session) => void;

  constructor(max: number, onEvicted: (session: Session) => void) {
    this.#max = max;
    this.#onEvicted = onEvicted;
  }

  /** The session a request names, which thereby counts as used. */
  use(id: string): Session | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined) return undefined;
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    return session;
  }

  /** Whether a client has a session at the connection that is open now. */
  get isUsed(): boolean {
    return [...this.#sessions.values()].some((session) => !session.isOver);
  }

  has(session: Session): boolean {
    return this.#sessions.has(session.id);
  }

  /** @returns those there were; none is known any more */
  dropAll(): readonly Session[] {
    const all = [...this.#sessions.values()];
    for (const one of all) this.drop(one);
    return all;
  }

  add(session: Session): void {
    if (this.#sessions.size >= this.#max) {
      const all = [...this.#sessions.values()];
      const evicted = all.find(({ inFlight }) => inFlight.size === 0) ?? all[0];
      if (evicted !== undefined) {
        this.drop(evicted);
        this.#onEvicted(evicted);
      }
    }
    this.#sessions.set(session.id, session);
  }

  drop(session: Session): void {
    session.release();
    this.#sessions.delete(session.id);
  }
}
