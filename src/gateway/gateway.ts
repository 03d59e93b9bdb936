// The local endpoint VS Code talks to instead of the MCP servers. Invariants: it never sees a token, and
// no status but 2xx and 404 for a reason of access; every request is answered; what is not `/mcp/<id>`
// with this window's key does not exist.
import { setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ConnectError } from '../core/errors.ts';
import type { Clock, Disposable, Fetch, Log } from '../core/ports.ts';
import {
  admit,
  createKey,
  readHead,
  type Admission,
  type Keys,
  type RequestHead,
} from './access.ts';
import { receiveMessage } from './clientMessage.ts';
import { ClientSide } from './clientSide.ts';
import { answerWith } from './clientStream.ts';
import { openEventStream } from './eventStream.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { socketFolders, startListening, type GatewayAddress, type Listening } from './listener.ts';
import { delay } from './relay.ts';
import type { GatewayContext } from './served.ts';
import { endSession } from './sessionEnd.ts';
import { PeerUsers } from './peerUser.ts';
import { Strangers } from './strangers.ts';
import type { Upstreams } from './upstream.ts';

export interface GatewayDeps {
  readonly upstreams: Upstreams;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly log: Log;
  readonly platform: NodeJS.Platform;
  readonly environment: NodeJS.ProcessEnv;
  /** `tcp`: a port of 127.0.0.1, for clients that know no sockets. */
  readonly transport?: 'socket' | 'tcp' | undefined;
  /** Of `tcp`: those to try, in this order, and no other. */
  readonly ports?: readonly number[];
  /** Instead of the window's own key: those of several clients, who share nothing. */
  readonly keys?: Keys;
  readonly limits?: Partial<Limits>;
  /** What VS Code calls itself in a handshake; without: every client is taken for it. */
  readonly editor?: string;
  /** Told when the address is no longer ours: what was published of it must be withdrawn. */
  readonly onLost?: () => void;
}

export class Gateway {
  readonly #deps: GatewayDeps;
  readonly #context: GatewayContext;
  readonly #key = createKey();
  readonly #keys: Keys;
  /** The window's own is at the empty name. */
  readonly #clients = new Map<string, ClientSide>();
  readonly #strangers: Strangers;
  readonly #peers = new PeerUsers();
  readonly #disposed = new AbortController();
  readonly #subscription: Disposable;
  readonly #server: Server;
  #listening: Listening | undefined;
  #isLost = false;
  #watch: Disposable | undefined;

  constructor(deps: GatewayDeps) {
    const { upstreams, fetch, clock, log, editor } = deps;
    const limits = { ...defaultLimits, ...deps.limits };
    this.#deps = deps;
    this.#keys = deps.keys ?? this.#key;
    setMaxListeners(0, this.#disposed.signal);
    const disposed = this.#disposed.signal;
    this.#context = { upstreams, fetch, clock, log, limits, editor, disposed };
    this.#subscription = upstreams.onDidChange(() => {
      for (const client of this.#clients.values()) client.accessChanged();
    });
    this.#strangers = new Strangers(limits.maxStrangers);
    this.#server = this.#createServer(limits);
  }

  /** undefined until it listens, once it is lost, and after `dispose`. */
  get address(): GatewayAddress | undefined {
    return this.#disposed.signal.aborted || this.#isLost ? undefined : this.#listening?.address;
  }

  /** Header and value that every request must carry. Not for disks, logs or command lines. */
  key(): Readonly<Record<string, string>> {
    return this.#key.header();
  }

  /** Whether a client has begun a session there since the connection opened. */
  hasSession(serverId: string): boolean {
    return this.#clients.get('')?.hasSession(serverId) === true;
  }

  /** A key was taken back: everything of its client ends here and now. */
  endClient(clientId: string): void {
    this.#clients.get(clientId)?.end();
    this.#clients.delete(clientId);
  }

  /** @throws gateway.notListening */
  async listen(): Promise<GatewayAddress> {
    const { transport = 'socket', ports, platform, environment, log } = this.#deps;
    this.#listening = await startListening(this.#server, {
      transport,
      ports,
      platform,
      folders: socketFolders(environment),
      onFallback: ({ facts }) => {
        log.warn('the gateway could not use a private socket', facts);
      },
    });
    // An error of a listening server ends nothing; without a listener it would end the host.
    this.#server.on('error', (error: NodeJS.ErrnoException) => {
      log.error('the gateway failed to accept a connection', { systemCode: error.code ?? '' });
    });
    this.#watchAddress(this.#listening);
    return this.#listening.address;
  }

  /** Answers what is under way with a sentence, then lets go of everything. */
  async dispose(): Promise<void> {
    this.#subscription.dispose();
    this.#watch?.dispose();
    this.#disposed.abort(new ConnectError('gateway.closed'));
    this.#server.close();
    this.#server.closeIdleConnections();
    await delay(this.#context.clock, this.#context.limits.lingerMs);
    this.#server.closeAllConnections();
    await this.#listening?.cleanUp();
  }

  #createServer(limits: Limits): Server {
    const server = createServer({
      maxHeaderSize: 16_384,
      headersTimeout: limits.receiveHeadMs,
      requestTimeout: limits.receiveMs,
      connectionsCheckingInterval: limits.receiveHeadMs / 2,
      // Whatever the host was started with.
      insecureHTTPParser: false,
    });
    server.maxConnections = limits.maxConnections;
    server.on('connection', (socket: Socket) => {
      this.#strangers.add(socket);
    });
    // Node.js would answer the last two before anybody has shown a key.
    for (const event of ['request', 'checkContinue', 'checkExpectation']) {
      server.on(event, (request: IncomingMessage, response: ServerResponse) => {
        void this.#answer(request, response);
      });
    }
    return server;
  }

  /** Attacker: another user who makes a folder of the same name after ours was swept from a shared one. */
  #watchAddress(listening: Listening): void {
    const { clock, log, onLost } = this.#deps;
    this.#watch = clock.schedule(this.#context.limits.watchMs, () => {
      void listening.isOurs().then((isOurs) => {
        if (this.#disposed.signal.aborted) return;
        if (isOurs) {
          this.#watchAddress(listening);
          return;
        }
        this.#isLost = true;
        log.error('the address of the gateway was lost');
        onLost?.();
      });
    });
  }

  /** One try around everything: whatever goes wrong, the client hears of it. */
  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#admitted(incoming, response);
    } catch (error) {
      this.#context.log.error('the gateway failed', { reason: String(error) });
      if (!response.headersSent) answerWith(response, 500);
      else response.destroy();
    }
  }

  async #admitted(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    // Sent in one go with a request that was refused: it could be the next guess.
    if (this.#strangers.isRefused(incoming.socket)) return;
    // Node.js takes a request line without a version for HTTP/0.9, and RTSP for HTTP.
    if (incoming.httpVersion !== '1.1') {
      await this.#refuse(400, incoming, response);
      return;
    }
    const head = readHead(incoming.method ?? '', incoming.url ?? '', incoming.rawHeaders);
    const admission = await this.#admission(head, incoming.socket);
    if ('status' in admission) {
      await this.#refuse(admission.status, incoming, response);
      return;
    }
    if (head.headers.has('expect')) response.writeContinue();
    const served = this.#clientOf(admission.clientId, response).servedAs(admission.serverId);
    if (served === undefined || this.#disposed.signal.aborted) {
      answerWith(response, 404);
      return;
    }
    if (admission.method === 'POST') {
      await receiveMessage({ incoming, head, response }, served, this.#context);
      return;
    }
    const [sessionId, another] = head.headers.get('mcp-session-id') ?? [];
    if (another !== undefined) {
      answerWith(response, 400);
      return;
    }
    const session = sessionId === undefined ? undefined : served.sessions.use(sessionId);
    if (admission.method === 'GET')
      openEventStream({ head, session, response }, served, this.#context);
    else endSession({ session, response }, served, this.#context);
  }

  async #admission(head: RequestHead, socket: Socket): Promise<Admission> {
    const admitted = () => admit(head, { host: this.#host(), key: this.#keys });
    const admission = admitted();
    if ('status' in admission) return admission;
    // Before the kernel is asked, which takes its time: one that has the key must not give way to guesses.
    this.#strangers.admit(socket);
    if (this.#listening?.address.kind !== 'tcp') return admission;
    // The key may be taken back meanwhile.
    if (await this.#peers.isOurs(socket)) return admitted();
    this.#context.log.warn('another user of this computer has used a key of the gateway');
    return { status: 404 };
  }

  /** Nothing more is read there, and each guess takes a connection and some time. */
  async #refuse(status: number, { socket }: IncomingMessage, response: ServerResponse) {
    this.#strangers.refuse(socket);
    response.shouldKeepAlive = false;
    await delay(this.#context.clock, this.#context.limits.refusalMs);
    answerWith(response, status);
  }

  /** VS Code calls a socket `localhost`. */
  #host(): string {
    const address = this.#listening?.address;
    return address?.kind === 'tcp' ? `127.0.0.1:${address.port}` : 'localhost';
  }

  #clientOf(clientId = '', response: ServerResponse): ClientSide {
    const client = this.#clients.get(clientId) ?? new ClientSide(this.#context);
    this.#clients.set(clientId, client);
    client.isAnswered(response);
    return client;
  }
}
