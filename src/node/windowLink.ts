// The link between the windows of one person on one computer: who leads, and what happens when that ends.
// Whoever cannot be linked is alone, which is slower and as safe: each use of a refresh token is locked.
import { createServer, type Server, type Socket } from 'node:net';
import { ConnectError } from '../core/errors.ts';
import { Emitter } from '../core/event.ts';
import type { Disposable, Event, Log } from '../core/ports.ts';
import type { Answer, Role, WindowLink } from '../core/windows/link.ts';
import { AnsweringEnd, AskingEnd } from './windowLinkEnds.ts';
import { linkKey, linkName, openPrivateFolder } from './windowLinkFolder.ts';
import { pipeSeat, socketSeat, type Claim, type Seat } from './windowLinkSeat.ts';
import { WindowSocket } from './windowLinkSocket.ts';

export interface WindowLinkOptions {
  /** The extension's own folder, the same for all windows. */
  readonly storageFolder: string;
  /** Where the private folder may be made: XDG_RUNTIME_DIR or the temporary folder. */
  readonly runtimeFolder: string;
  readonly platform: NodeJS.Platform;
  /** Of the extension, for the log. */
  readonly version: string;
  readonly log: Log;
}

/** Windows that lost their leader do not all knock in the same millisecond. */
const jitterMs = 50;
/** A window that is alone looks for company again after so long, milliseconds. */
const lonelyMs = 5_000;
/** Of one election; a window that has lost so often goes on alone for now. */
const mostRounds = 40;

/** Never rejects: a link that cannot be made is one that stays alone. */
export async function openWindowLink(options: WindowLinkOptions): Promise<WindowLink> {
  const { storageFolder, platform, log } = options;
  const name = linkName(storageFolder);
  const made = await Promise.all([
    linkKey(storageFolder),
    platform === 'win32'
      ? pipeSeat(`\\\\.\\pipe\\enterprise-mcp-${name}`)
      : openPrivateFolder(options.runtimeFolder, name).then(socketSeat),
  ]).catch((error: unknown) => {
    log.warn('this window cannot be linked with others', ConnectError.from(error).facts);
  });
  return new SocketLink(made === undefined ? undefined : { key: made[0], seat: made[1] }, options);
}

interface Means {
  readonly key: Buffer;
  readonly seat: Seat;
}

export class SocketLink implements WindowLink {
  readonly onDidChangeRole: Event<Role>;
  readonly onMessage: Event<unknown>;
  readonly #means: Means | undefined;
  readonly #options: Pick<WindowLinkOptions, 'version' | 'log'>;
  readonly #roles: Emitter<Role>;
  readonly #messages: Emitter<unknown>;
  readonly #server: Server;
  #role: Role = 'choosing';
  #answer: Answer = () => Promise.reject(new ConnectError('gateway.closed'));
  #leader: AskingEnd | undefined;
  #leading: WindowSocket | undefined;
  readonly #followers = new Set<AnsweringEnd>();
  #claim: Claim | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(means: Means | undefined, options: Pick<WindowLinkOptions, 'version' | 'log'>) {
    this.#means = means;
    this.#options = options;
    const failed = (error: unknown) => {
      options.log.error('a listener of the window link failed', { reason: String(error) });
    };
    this.#roles = new Emitter(failed);
    this.#messages = new Emitter(failed);
    this.onDidChangeRole = this.#roles.event;
    this.onMessage = this.#messages.event;
    this.#server = createServer((socket) => void this.#welcome(socket));
    this.#server.maxConnections = 256;
    this.#server.on('error', () => undefined);
    void this.#choose();
  }

  get role(): Role {
    return this.#role;
  }

  get others(): number {
    return this.#leader === undefined ? this.#followers.size : 1;
  }

  settled(): Promise<Role> {
    if (this.#role !== 'choosing') return Promise.resolve(this.#role);
    return new Promise((resolve) => {
      const subscription: Disposable = this.onDidChangeRole((role) => {
        if (role === 'choosing') return;
        subscription.dispose();
        resolve(role);
      });
    });
  }

  request(method: string, params: unknown, signal?: AbortSignal): Promise<unknown> {
    if (this.#role === 'leader') {
      return this.#answer(method, params, signal ?? new AbortController().signal);
    }
    return this.#leader === undefined
      ? Promise.reject(new ConnectError('gateway.closed', { reason: 'no window leads' }))
      : this.#leader.request(method, params, signal);
  }

  broadcast(message: unknown): void {
    this.#leader?.tell(message);
    for (const follower of this.#followers) follower.tell(message);
  }

  handle(answer: Answer): void {
    this.#answer = answer;
  }

  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#retry);
    this.#leader?.close();
    this.#become('alone');
    void this.#stepDown();
  }

  /** Ends when this window leads, follows or is alone. */
  async #choose(): Promise<void> {
    this.#become('choosing');
    const role = await this.#election().catch((error: unknown) => {
      this.#options.log.warn('this window cannot be linked with others', {
        systemCode: (error as NodeJS.ErrnoException).code ?? 'UNKNOWN',
      });
      return 'alone' as const;
    });
    if (this.#isDisposed) return void this.#stepDown();
    if (role === 'alone' && this.#means !== undefined) {
      this.#retry = setTimeout(() => void this.#choose(), lonelyMs).unref();
    }
    this.#become(role);
  }

  async #election(): Promise<Exclude<Role, 'choosing'>> {
    const { seat } = this.#means ?? {};
    if (seat === undefined) return 'alone';
    for (let round = 0; round < mostRounds && !this.#isDisposed; round++) {
      const dialled = await seat.dial();
      if (typeof dialled !== 'string') {
        const found = await this.#follow(dialled);
        if (found !== 'gone') return found === 'leader' ? 'follower' : 'alone';
      } else if (dialled === 'nobody') {
        const claim = await seat.take(this.#server);
        if (claim !== undefined) {
          this.#lead(claim);
          return 'leader';
        }
      }
      await new Promise((resolve) => setTimeout(resolve, Math.random() * jitterMs));
    }
    return 'alone';
  }

  /** Who has the seat: a window of ours, one that ended just now, or somebody who does not know our key. */
  async #follow(socket: Socket): Promise<'leader' | 'gone' | 'stranger'> {
    const { key } = this.#means ?? {};
    if (key === undefined) return 'stranger';
    const connection = new WindowSocket(socket);
    const isGreeted = await connection.greet(key, this.#options.version).then(
      () => true,
      () => false,
    );
    if (!isGreeted) return connection.isCut ? 'stranger' : 'gone';
    if (this.#isDisposed) {
      connection.close();
      return 'gone';
    }
    // Registered first: whoever hears that a question failed must not find this window a follower still.
    void connection.closed.then(() => this.#lost(connection));
    this.#leader = new AskingEnd(connection, (message) => {
      this.#messages.fire(message);
    });
    this.#leading = connection;
    return 'leader';
  }

  /** The leader's window closed, or was killed: the others choose anew. */
  async #lost(connection: WindowSocket): Promise<void> {
    if (this.#leading !== connection) return;
    this.#leading = undefined;
    this.#leader = undefined;
    if (this.#isDisposed) return;
    this.#become('choosing');
    await new Promise((resolve) => setTimeout(resolve, Math.random() * jitterMs));
    await this.#choose();
  }

  #lead(claim: Claim): void {
    this.#claim = claim;
    claim.onDoubt = () => void this.#doubt(claim);
  }

  /** Another window has the seat: two must never lead for longer than it takes to see it. */
  async #doubt(claim: Claim): Promise<void> {
    if (this.#claim !== claim || (await claim.holds().catch(() => false))) return;
    if (this.#claim !== claim || this.#isDisposed) return;
    await this.#stepDown();
    await this.#choose();
  }

  async #stepDown(): Promise<void> {
    const claim = this.#claim;
    this.#claim = undefined;
    for (const follower of this.#followers) follower.close();
    this.#followers.clear();
    if (claim === undefined) return;
    // The pointer first: whoever comes now must not come here.
    await claim.release().catch(() => undefined);
    this.#server.close();
  }

  async #welcome(socket: Socket): Promise<void> {
    const { key } = this.#means ?? {};
    const connection = new WindowSocket(socket);
    const claim = this.#claim;
    try {
      if (key === undefined) throw new ConnectError('gateway.closed');
      await connection.welcome(key, this.#options.version);
    } catch {
      connection.close();
      return;
    }
    // It may have knocked before this window knew that it leads.
    if (this.#isDisposed || (claim !== undefined && claim !== this.#claim)) {
      connection.close();
      return;
    }
    this.#join(connection);
    if (claim !== undefined) void this.#doubt(claim);
  }

  #join(connection: WindowSocket): void {
    const end: AnsweringEnd = new AnsweringEnd(connection, {
      answer: (method, params, signal) => this.#answer(method, params, signal),
      onMessage: (message) => {
        // Told by one, heard by all.
        for (const other of this.#followers) if (other !== end) other.tell(message);
        this.#messages.fire(message);
      },
    });
    this.#followers.add(end);
    connection.send({ kind: 'heard', id: 0 });
    void connection.closed.then(() => this.#followers.delete(end));
  }

  #become(role: Role): void {
    if (this.#role === role) return;
    this.#role = role;
    this.#roles.fire(role);
  }
}
