// The connections, as the gateway sees them.
import type { Connections } from '../core/connections.ts';
import { ConnectError } from '../core/errors.ts';
import type { Upstreams } from './upstream.ts';

export function connectionUpstreams(
  connections: Connections,
  sentence: Upstreams['sentence'],
): Upstreams {
  return {
    sentence,
    onDidChange: connections.onDidChange,
    access: (serverId) => {
      const connection = connections.connection(serverId);
      if (connection === undefined) return undefined;
      const { gate, server } = connection;
      if (gate instanceof ConnectError) return { open: false, error: gate };
      return {
        open: true,
        upstream: {
          url: server.url,
          closed: gate,
          accessToken: (signal) => connection.accessToken(signal),
          replaceToken: (refused, signal) => connection.replaceToken(refused, signal),
          widen: (scopes, refused, signal) => connection.widen(scopes, refused, signal),
          streamOpened: () => connection.streamOpened(),
          refuse: (error) => {
            connection.refuse(error);
          },
          called: (call) => {
            connection.record.called(call);
          },
          toolsListed: (tools) => {
            connection.record.toolsListed(tools);
          },
        },
      };
    },
  };
}
