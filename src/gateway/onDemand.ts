// The gateway from the first open connection to the last; a window where nobody is signed in never loads it.
import type { Connections } from '../core/connections.ts';
import { Emitter } from '../core/event.ts';
import { isUsable } from '../core/connection/state.ts';
import type { Event, Log } from '../core/ports.ts';
import type { Gateway } from './gateway.ts';
import type { Opening } from './opening.ts';

export interface OnDemandGateway {
  readonly address: () => Gateway['address'];
  /** Header and value for every request. */
  readonly key: () => ReturnType<Gateway['key']>;
  readonly hasSession: Gateway['hasSession'];
  /** Fires once it listens, and when it no longer does. */
  readonly onDidListen: Event<void>;
  dispose(): Promise<void>;
}

export type Wanting = Pick<Connections, 'onDidChange' | 'overview'>;

/** Whether some connection is open, or opens when it is used. */
export const isWanted = (connections: Wanting): boolean =>
  connections.overview().connections.some(({ state }) => isUsable(state));

export function startOnDemand(
  connections: Wanting,
  log: Pick<Log, 'error'>,
  /** Its code is loaded then, not before. */
  load: (onDidChange: () => void) => Promise<Opening>,
): OnDemandGateway {
  const started: { loading?: Promise<void>; opening?: Opening } = {};
  const changed = new Emitter<void>((error) => {
    log.error('a listener of the gateway failed', { reason: String(error) });
  });
  const begin = async () => {
    try {
      started.opening = await load(() => {
        changed.fire();
      });
      look();
    } catch (error) {
      log.error('the gateway cannot be loaded', { reason: String(error) });
      delete started.loading;
    }
  };
  const look = () => {
    if (started.opening !== undefined) started.opening.look();
    else if (isWanted(connections)) started.loading ??= begin();
  };
  const subscription = connections.onDidChange(look);
  return {
    address: () => started.opening?.listening?.address,
    key: () => started.opening?.listening?.key() ?? {},
    hasSession: (serverId) => started.opening?.listening?.hasSession(serverId) === true,
    onDidListen: changed.event,
    dispose: async () => {
      subscription.dispose();
      await started.loading;
      await started.opening?.dispose();
    },
  };
}
