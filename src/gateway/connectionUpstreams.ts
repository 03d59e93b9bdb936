// The connections, as the gateway sees them.
import { isOpen } from '../core/connection/state.ts';
import type { Connections } from '../core/connections.ts';
import { ConnectError } from '../core/errors.ts';
import { sentenceAt } from '../core/present/refusal.ts';
import type { Upstreams } from './upstream.ts';

type Connection = NonNullable<ReturnType<Connections['connection']>>;

export function connectionUpstreams(
  connections: Connections,
  sentence: Upstreams['sentence'] = (serverId, error) =>
    sentenceAt(connections.overview(), serverId, error),
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
          grant: () => grantOf(connection),
          tools: () => connection.snapshot().tools,
          called: (call) => {
            connection.record.called(call);
          },
          toolsListed: (tools) => {
            connection.record.toolsListed(tools);
          },
          toolsChanged: (changes) => {
            connection.record.toolsChanged(changes);
          },
        },
      };
    },
  };
}

function grantOf({ state, server: { writeScopes, hideWriteTools: hidesWriteTools } }: Connection) {
  if (!isOpen(state)) return undefined;
  const { scopes, reducedBy: missing } = state;
  return { scopes, missing, writeScopes, hidesWriteTools };
}
