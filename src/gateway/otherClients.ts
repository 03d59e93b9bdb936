// Other MCP clients, for one window: a gateway of their own, loaded once somebody has a key.
import type { Connections } from '../core/connections.ts';
import { OtherClients, type OtherClientsDeps } from '../core/harness/otherClients.ts';
import type { ClientServing, ServingDeps } from './clientServing.ts';

type Deps = Omit<OtherClientsDeps, 'connections'> & Omit<ServingDeps, 'upstreams'>;

export interface OpenedClients {
  readonly clients: OtherClients;
  dispose(): Promise<void>;
}

export function openOtherClients(connections: Connections, deps: Deps): OpenedClients {
  const clients = new OtherClients({ ...deps, connections });
  const held: { serving?: Promise<ClientServing | undefined> } = {};
  const load = async () => {
    try {
      const { serveOtherClients } = await import('./clientServing.ts');
      const { connectionUpstreams } = await import('./connectionUpstreams.ts');
      const upstreams = connectionUpstreams(connections);
      return serveOtherClients(connections, clients, { ...deps, upstreams });
    } catch (error) {
      deps.log.error('the gateway of other clients cannot be loaded', { reason: String(error) });
      delete held.serving;
      return undefined;
    }
  };
  const look = () => {
    if (clients.hashes.size > 0) held.serving ??= load();
  };
  const subscription = clients.onDidChange(look);
  look();
  return {
    clients,
    dispose: async () => {
      subscription.dispose();
      clients.dispose();
      await (await held.serving)?.dispose();
    },
  };
}
