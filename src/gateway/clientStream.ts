// The answer to one request of the client, as server-sent events that never fall silent. Invariant:
// events of our own begin at an event boundary; half an event is closed off as one nobody reads.
import type { ServerResponse } from 'node:http';
import type { Clock, Disposable } from '../core/ports.ts';

export class ClientStream {
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  readonly #keepAliveMs: number;
  readonly #headers: Record<string, string> = {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  };
  #timer: Disposable | undefined;
  /** Keep-alive comments left out. */
  #writtenAtMs = 0;
  /** The last two characters written. */
  #end = '\n\n';
  /** Under way while the client is behind: one for all that is written meanwhile. */
  #taken: Promise<void> | undefined;
  /** Events of our own that wait for the end of one under way. */
  #notes: Buffer[] = [];

  constructor(response: ServerResponse, clock: Clock, keepAliveMs: number) {
    this.#response = response;
    this.#clock = clock;
    this.#keepAliveMs = keepAliveMs;
    response.on('error', () => {
      this.#stop();
    });
    response.once('close', () => {
      this.#stop();
    });
  }

  get isOpen(): boolean {
    return this.#response.headersSent;
  }

  setHeader(name: string, value: string): void {
    this.#headers[name] = value;
  }

  /** Sends the head, once, without waiting for a first event. */
  open(): void {
    if (this.isGone || this.isOpen) return;
    this.#response.writeHead(200, this.#headers);
    this.#response.flushHeaders();
    this.#writtenAtMs = this.#clock.monotonic();
    this.#keepAlive(this.#keepAliveMs);
  }

  /** A whole answer that is no stream; only before `open`. */
  answer(status: number, message?: object): void {
    if (this.isGone || this.isOpen) return;
    answerWith(this.#response, status, message);
  }

  /** A whole JSON message instead of a stream; only before `open`. */
  answerJson(json: Buffer): void {
    if (this.isGone || this.isOpen) return;
    const headers = {
      ...this.#headers,
      'content-type': 'application/json',
      'content-length': json.length,
    };
    this.#response.writeHead(200, headers).end(json);
  }

  /** Resolves when the client has taken what was written. */
  write(bytes: Buffer): Promise<void> {
    if (this.isGone || bytes.length === 0) return Promise.resolve();
    this.open();
    const passed = this.#withNotes(bytes);
    this.#end = (this.#end + bytes.toString('latin1', Math.max(0, bytes.length - 2))).slice(-2);
    this.#writtenAtMs = this.#clock.monotonic();
    if (this.#response.write(passed)) return Promise.resolve();
    return (this.#taken ??= this.#drained());
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#response.off('drain', done);
        this.#response.off('close', done);
        this.#taken = undefined;
        resolve();
      };
      this.#response.once('drain', done);
      this.#response.once('close', done);
    });
  }

  /** An event of our own. */
  send(message: object): void {
    this.cut();
    void this.write(ownEvent(message));
  }

  /** An event of our own in a stream that goes on: after the event under way. */
  note(message: object): void {
    const event = ownEvent(message);
    if (this.#end === '\n\n') void this.write(event);
    else this.#notes.push(event);
  }

  /** `bytes` with what waits, behind the last event that ends in them. */
  #withNotes(bytes: Buffer): Buffer {
    if (this.#notes.length === 0) return bytes;
    const last = bytes.lastIndexOf('\n\n');
    const endsAtOnce = this.#end.endsWith('\n') && bytes[0] === 10;
    if (last === -1 && !endsAtOnce) return bytes;
    const end = last === -1 ? 1 : last + 2;
    const notes = this.#notes;
    this.#notes = [];
    return Buffer.concat([bytes.subarray(0, end), ...notes, bytes.subarray(end)]);
  }

  /** Makes the client forget half an event: only events of the type `message` are read. */
  cut(): void {
    if (this.#end === '\n\n') return;
    void this.write(Buffer.from(`${this.#end.endsWith('\n') ? '' : '\n'}event: ignored\n\n`));
  }

  end(): void {
    if (this.isGone) return;
    this.open();
    this.#stop();
    this.#response.end();
  }

  /** Nothing more is heard there. */
  get isGone(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }

  /** One timer however much is written: a long stream would set thousands a second. */
  #keepAlive(waitMs: number): void {
    this.#timer = this.#clock.schedule(waitMs, () => {
      if (this.isGone) return;
      const leftMs = this.#writtenAtMs + this.#keepAliveMs - this.#clock.monotonic();
      if (leftMs > 0) {
        this.#keepAlive(leftMs);
        return;
      }
      // A comment in the middle of a line would be data; to a client that does not read, none is due.
      if (this.#end.endsWith('\n') && !this.#response.writableNeedDrain) {
        this.#response.write(': keepalive\n');
      }
      this.#keepAlive(this.#keepAliveMs);
    });
  }

  #stop(): void {
    this.#timer?.dispose();
  }
}

const ownEvent = (message: object): Buffer => Buffer.from(`data: ${JSON.stringify(message)}\n\n`);

/** A whole answer: an empty body, or one JSON message. */
export function answerWith(response: ServerResponse, status: number, message?: object): void {
  const body = message === undefined ? '' : JSON.stringify(message);
  response.writeHead(status, {
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(message === undefined ? {} : { 'content-type': 'application/json' }),
  });
  response.end(body);
}
