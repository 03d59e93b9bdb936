// The gateway from the first open connection on; a window where nobody is signed in never loads it.
import type { Connections } from '../core/connections.ts';
import { Emitter } from '../core/event.ts';
import type { Disposable, Event } from '../core/ports.ts';
import { isUsable } from '../core/connection/state.ts';
import type { Gateway, GatewayDeps } from './gateway.ts';

export interface OnDemandGateway {
  readonly address: () => Gateway['address'];
  /** Header and value for every request. */
  readonly key: () => ReturnType<Gateway['key']>;
  readonly hasSession: Gateway['hasSession'];
  /** Fires once it listens. */
  readonly onDidListen: Event<void>;
  dispose(): Promise<void>;
}

type OneGateway = Pick<Gateway, 'address' | 'key' | 'hasSession' | 'listen' | 'dispose'>;

/** After the first failure to listen; twice as long after each further one, up to the last. */
const firstRetryMs = 5_000;
const lastRetryMs = 300_000;

export function startOnDemand(
  connections: Pick<Connections, 'onDidChange' | 'overview'>,
  deps: GatewayDeps,
  create: (deps: GatewayDeps) => Promise<OneGateway> = createGateway,
): OnDemandGateway {
  const { log, clock } = deps;
  const listened = new Emitter<void>((error) => {
    log.error('a listener of the gateway failed', { reason: String(error) });
  });
  const started: {
    /** Settles when it listens, or cannot. Never rejects. */
    opening?: Promise<void>;
    listening?: OneGateway;
    retry?: Disposable;
    failures: number;
    disposed?: true;
  } = { failures: 0 };
  const open = async (): Promise<void> => {
    try {
      started.listening = await openGateway(deps, create);
      if (started.disposed === undefined) listened.fire();
    } catch (error) {
      log.error('the gateway cannot listen', { reason: String(error) });
      if (started.disposed !== undefined) return;
      started.retry = clock.schedule(retryDelayMs(started.failures++), () => {
        delete started.opening;
        openIfWanted();
      });
    }
  };
  const openIfWanted = () => {
    if (started.opening !== undefined || started.disposed !== undefined) return;
    if (!connections.overview().connections.some(({ state }) => isUsable(state))) return;
    started.opening = open();
  };
  const subscription = connections.onDidChange(openIfWanted);
  return {
    address: () => started.listening?.address,
    key: () => started.listening?.key() ?? {},
    hasSession: (serverId) => started.listening?.hasSession(serverId) === true,
    onDidListen: listened.event,
    dispose: async () => {
      started.disposed = true;
      subscription.dispose();
      started.retry?.dispose();
      await started.opening;
      await started.listening?.dispose();
    },
  };
}

const retryDelayMs = (failures: number): number =>
  Math.min(firstRetryMs * 2 ** failures, lastRetryMs);

async function createGateway(deps: GatewayDeps): Promise<OneGateway> {
  const { Gateway } = await import('./gateway.ts');
  return new Gateway(deps);
}

/** @throws gateway.notListening */
async function openGateway(
  deps: GatewayDeps,
  create: (deps: GatewayDeps) => Promise<OneGateway>,
): Promise<OneGateway> {
  const gateway = await create(deps);
  try {
    await gateway.listen();
    return gateway;
  } catch (error) {
    await gateway.dispose();
    throw error;
  }
}
