// The gateway from the first open connection on; a window where nobody is signed in never loads it.
import type { Connections } from '../core/connections.ts';
import { Emitter } from '../core/event.ts';
import type { Event } from '../core/ports.ts';
import { isOpen } from '../core/state.ts';
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

export function startOnDemand(connections: Connections, deps: GatewayDeps): OnDemandGateway {
  const { log } = deps;
  const listened = new Emitter<void>((error) => {
    log.error('a listener of the gateway failed', { reason: String(error) });
  });
  const started: { gateway?: Promise<Gateway>; listening?: Gateway; disposed?: true } = {};
  const start = async (): Promise<Gateway> => {
    const { Gateway } = await import('./gateway.ts');
    const gateway = new Gateway(deps);
    await gateway.listen();
    if (started.disposed === undefined) started.listening = gateway;
    listened.fire();
    return gateway;
  };
  const subscription = connections.onDidChange(() => {
    const wanted = connections.overview().connections.some(({ state }) => isOpen(state));
    if (!wanted || started.gateway !== undefined || started.disposed !== undefined) return;
    started.gateway = start();
    started.gateway.catch((error: unknown) => {
      log.error('the gateway cannot listen', { reason: String(error) });
      delete started.gateway;
    });
  });
  return {
    address: () => started.listening?.address,
    key: () => started.listening?.key() ?? {},
    hasSession: (serverId) => started.listening?.hasSession(serverId) === true,
    onDidListen: listened.event,
    dispose: async () => {
      started.disposed = true;
      subscription.dispose();
      await (await started.gateway?.catch(() => undefined))?.dispose();
    },
  };
}
