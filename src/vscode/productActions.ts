// The product behind the views: core's connections, and a change once the gateway listens.
import type { Connections } from '../core/connections.ts';
import type { Clock, Disposable, Event, Fetch } from '../core/ports.ts';
import type { Actions } from './actions.ts';

export interface ProductDeps {
  readonly onDidListen: Event<void>;
  /** Where an administrator's file would be. */
  readonly managedPath: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
}

export function createActions(
  connections: Connections,
  { onDidListen, managedPath, ...outbound }: ProductDeps,
): Actions {
  return {
    overview: () => connections.overview(),
    onDidChange: (listener): Disposable => {
      const subscriptions = [connections.onDidChange(listener), onDidListen(listener)];
      return {
        dispose: () => {
          for (const subscription of subscriptions) subscription.dispose();
        },
      };
    },
    signIn: (identityProvider, signal, options) =>
      connections.signIn(identityProvider, signal, options),
    signOut: (identityProvider) => connections.signOut(identityProvider),
    reconnect: (serverId) => connections.reconnect(serverId),
    reconnectAll: () => connections.reconnectAll(),
    turnOff: (serverId) => connections.turnOff(serverId),
    turnOn: (serverId) => connections.turnOn(serverId),
    checkNow: () => connections.checkNow(),
    registrations: () => connections.registrations(),
    continueInBrowser: (serverId) => connections.continueInBrowser(serverId),
    forgetEverything: () => connections.forgetEverything(),
    discover: async () => {
      const { createDiscovery } = await import('../core/protocol.ts');
      return createDiscovery(outbound);
    },
    managedProfile: () => (connections.overview().managed ? managedPath : undefined),
  };
}
