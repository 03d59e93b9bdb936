// One connection between two windows: frames in and out, nothing unbounded, and the proof that both ends
// can read the same key file, which is what makes them windows of one person.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { ConnectError } from '../core/errors.ts';
import {
  longestFrame,
  longestGreeting,
  readFrame,
  type Frame,
  type FrameOf,
} from '../core/windows/frame.ts';
import { wireVersion } from '../core/windows/link.ts';

/** Who does not introduce itself in this time is nobody, milliseconds. */
const greetingMs = 2_000;
/** More than this waiting to be read, and the other end is given up, bytes. */
const mostUnread = 8 * longestFrame;

export class WindowSocket {
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  /** Who takes the next frame; nobody: nothing is read. */
  #taker: ((frame: Frame | undefined) => void) | undefined;
  #chunks: Buffer[] = [];
  #length = 0;
  #limit = longestGreeting;
  #isCut = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.pause();
    socket.on('data', (chunk: Buffer) => {
      this.#read(chunk);
    });
    // A connection that breaks is closed as well.
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#taker?.(undefined);
        resolve();
      });
    });
  }

  send(frame: Frame): void {
    const line = JSON.stringify(frame) + '\n';
    if (Buffer.byteLength(line) > longestFrame) throw new ConnectError('gateway.messageTooLarge');
    if (!this.#socket.writable) return;
    this.#socket.write(line);
    if (this.#socket.writableLength > mostUnread) this.close();
  }

  close(): void {
    this.#isCut ||= !this.#socket.destroyed;
    this.#socket.destroy();
  }

  /** This end closed it, because of what came or did not come; not the other end. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Takes all frames from now on, once the greeting is over. */
  open(onFrame: (frame: Frame) => void): void {
    this.#limit = longestFrame;
    this.#taker = (frame) => {
      if (frame !== undefined) onFrame(frame);
    };
    this.#socket.resume();
  }

  /**
   * As the window that asks.
   * @throws gateway.closed when the other end is not a window of this person, or is too slow
   */
  async greet(key: Buffer, version: string): Promise<void> {
    const nonce = newNonce();
    this.send({ kind: 'hello', wire: wireVersion, version, nonce });
    const welcome = await this.#next('welcome');
    const exchange = { nonces: [nonce, welcome.nonce], versions: [version, welcome.version] };
    if (!isEqual(welcome.proof, proofOf('leader', key, exchange))) this.#refuse();
    this.send({ kind: 'proof', proof: proofOf('follower', key, exchange) });
    // From here on it hears what the leader tells.
    await this.#next('heard');
  }

  /** As the window that leads. @throws as greet */
  async welcome(key: Buffer, version: string): Promise<void> {
    const hello = await this.#next('hello');
    const nonce = newNonce();
    const exchange = { nonces: [hello.nonce, nonce], versions: [hello.version, version] };
    const proof = proofOf('leader', key, exchange);
    this.send({ kind: 'welcome', wire: wireVersion, version, nonce, proof });
    const answer = await this.#next('proof');
    if (!isEqual(answer.proof, proofOf('follower', key, exchange))) this.#refuse();
  }

  /** The next frame, which must be of this kind and of our wire version. */
  async #next<K extends Frame['kind']>(kind: K): Promise<FrameOf<K>> {
    const timer = setTimeout(() => {
      this.close();
    }, greetingMs);
    const frame = await new Promise<Frame | undefined>((resolve) => {
      if (this.#socket.destroyed) resolve(undefined);
      this.#taker = resolve;
      this.#socket.resume();
    });
    clearTimeout(timer);
    const isOther = frame !== undefined && 'wire' in frame && frame.wire !== wireVersion;
    if (frame?.kind !== kind || isOther) return this.#refuse();
    return frame as FrameOf<K>;
  }

  #refuse(): never {
    this.close();
    throw new ConnectError('gateway.closed', { reason: 'not a window of this person' });
  }

  #read(chunk: Buffer): void {
    let rest = chunk;
    while (rest.byteLength > 0 && !this.#socket.destroyed) {
      if (this.#taker === undefined) {
        // During the greeting one frame is asked for at a time.
        this.#socket.unshift(rest);
        return;
      }
      rest = this.#readFrom(rest);
    }
  }

  /** @returns what is left after one frame */
  #readFrom(chunk: Buffer): Buffer {
    const end = chunk.indexOf(10);
    const part = end === -1 ? chunk : chunk.subarray(0, end);
    this.#length += part.byteLength;
    this.#chunks.push(part);
    if (this.#length > this.#limit) this.close();
    else if (end !== -1) {
      const line = Buffer.concat(this.#chunks).toString('utf8');
      this.#chunks = [];
      this.#length = 0;
      this.#take(line);
    }
    return chunk.subarray(part.byteLength + 1);
  }

  #take(line: string): void {
    try {
      const frame = readFrame(line);
      const taker = this.#taker;
      if (this.#limit === longestGreeting) {
        this.#taker = undefined;
        this.#socket.pause();
      }
      taker?.(frame);
    } catch {
      this.close();
    }
  }
}

const newNonce = (): string => randomBytes(32).toString('hex');

interface Exchange {
  readonly nonces: readonly string[];
  readonly versions: readonly string[];
}

/** The role is in it: an answer cannot be played back to whoever asked. */
function proofOf(role: 'leader' | 'follower', key: Buffer, { nonces, versions }: Exchange): string {
  const said = JSON.stringify([role, wireVersion, ...nonces, ...versions]);
  return createHmac('sha256', key).update(said).digest('hex');
}

const isEqual = (one: string, other: string): boolean =>
  timingSafeEqual(Buffer.from(one, 'hex'), Buffer.from(other, 'hex'));
