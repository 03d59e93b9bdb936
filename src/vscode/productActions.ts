// The product behind the views: core's connections, and a change once the gateway listens.
import type { Connections } from '../core/connections.ts';
import type { Disposable, Event } from '../core/ports.ts';
import type { Actions } from './actions.ts';

/** @param managedPath where an administrator's file would be */
export function createActions(
  connections: Connections,
  onDidListen: Event<void>,
  managedPath: string,
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
    signIn: (identityProvider, signal) => connections.signIn(identityProvider, signal),
    signOut: (identityProvider) => connections.signOut(identityProvider),
    reconnect: (serverId) => connections.reconnect(serverId),
    reconnectAll: () => connections.reconnectAll(),
    turnOff: (serverId) => connections.turnOff(serverId),
    turnOn: (serverId) => connections.turnOn(serverId),
    checkNow: () => connections.checkNow(),
    secretOwners: () => connections.secretOwners(),
    storeClientSecret: (owner, secret) => connections.storeClientSecret(owner, secret),
    managedProfile: () => (connections.overview().managed ? managedPath : undefined),
  };
}
