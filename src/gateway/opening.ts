// When there is a gateway: made for an open connection, made again when it could not listen or its address
// was lost, let go some time after the last connection closed.
import type { Connections } from '../core/connections.ts';
import type { Disposable } from '../core/ports.ts';
import { connectionUpstreams } from './connectionUpstreams.ts';
import { Gateway, type GatewayDeps } from './gateway.ts';
import { isWanted, type Wanting } from './onDemand.ts';

type OneGateway = Pick<Gateway, 'address' | 'key' | 'hasSession' | 'listen' | 'dispose'>;
type Create = (deps: GatewayDeps) => OneGateway;

/** After the first failure to listen; twice as long after each further one, up to the last. */
const firstRetryMs = 5_000;
const lastRetryMs = 300_000;
/** After the last connection closed: by then an editor has let go of the servers. */
const idleMs = 10_000;

/** In front of the connections of this window. */
export const openingOf = (
  connections: Connections,
  deps: Omit<OpeningNeeds, 'upstreams'>,
  onDidChange: () => void,
): Opening =>
  createOpening(connections, { ...deps, upstreams: connectionUpstreams(connections) }, onDidChange);

export type Opening = Pick<GatewayOpening, 'listening' | 'look' | 'dispose'>;

/** @param onDidChange told whenever another gateway listens, or none */
export const createOpening = (
  connections: Wanting,
  deps: OpeningNeeds,
  onDidChange: () => void,
  create: Create = (ownDeps) => new Gateway(ownDeps),
): Opening => new GatewayOpening(connections, { ...deps, onDidChange, create });

/** What a gateway needs; how it is reached may change while there is one. */
export interface OpeningNeeds extends Omit<GatewayDeps, 'transport'> {
  readonly transport?: () => NonNullable<GatewayDeps['transport']>;
}

interface OpeningDeps extends OpeningNeeds {
  readonly onDidChange: () => void;
  readonly create: Create;
}

/** One gateway after another, never two that are used. */
class GatewayOpening {
  readonly #connections: Wanting;
  readonly #deps: OpeningDeps;
  listening: OneGateway | undefined;
  /** Settles when it listens, or cannot; until it is let go, or tried again. Never rejects. */
  #opening: Promise<void> | undefined;
  /** Settles when those before it are gone. */
  #leaving: Promise<unknown> = Promise.resolve();
  #retry: Disposable | undefined;
  #idle: Disposable | undefined;
  #failures = 0;
  /** What the one that listens, or is about to, was made for. */
  #transport: GatewayDeps['transport'];
  #isOver = false;

  constructor(connections: Wanting, deps: OpeningDeps) {
    this.#connections = connections;
    this.#deps = deps;
  }

  /** Whether one is wanted may have changed. */
  look(): void {
    if (this.#isOver) return;
    if (this.#transport !== this.#deps.transport?.()) this.#letGo();
    if (isWanted(this.#connections)) {
      this.#idle?.dispose();
      this.#idle = undefined;
      this.#opening ??= this.#open();
    } else if (this.listening !== undefined) {
      this.#idle ??= this.#deps.clock.schedule(idleMs, () => {
        this.#letGo();
      });
    }
  }

  async dispose(): Promise<void> {
    this.#isOver = true;
    this.#retry?.dispose();
    this.#idle?.dispose();
    await this.#opening;
    await Promise.all([this.#leaving, this.listening?.dispose()]);
  }

  async #open(): Promise<void> {
    const { clock, log } = this.#deps;
    const transport = this.#deps.transport?.();
    this.#transport = transport;
    const onLost = () => {
      this.#letGo();
    };
    try {
      this.listening = await listening({ ...this.#deps, transport, onLost }, this.#deps.create);
      if (this.#isOver) return;
      this.#failures = 0;
      this.#deps.onDidChange();
      this.look();
    } catch (error) {
      log.error('the gateway cannot listen', { reason: String(error) });
      if (this.#isOver) return;
      this.#retry = clock.schedule(retryDelayMs(this.#failures++), () => {
        this.#opening = undefined;
        this.look();
      });
    }
  }

  /** The next has a key of its own: whoever takes the place of this one may come to see the old. */
  #letGo(): void {
    const { listening } = this;
    if (listening === undefined || this.#isOver) return;
    this.listening = undefined;
    this.#opening = undefined;
    this.#leaving = Promise.all([this.#leaving, listening.dispose()]);
    this.#deps.onDidChange();
    this.look();
  }
}

const retryDelayMs = (failures: number): number =>
  Math.min(firstRetryMs * 2 ** failures, lastRetryMs);

/** @throws gateway.notListening */
async function listening(deps: GatewayDeps, create: Create): Promise<OneGateway> {
  const gateway = create(deps);
  try {
    await gateway.listen();
    return gateway;
  } catch (error) {
    await gateway.dispose();
    throw error;
  }
}
