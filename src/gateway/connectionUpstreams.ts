// The connections, as the gateway sees them.
import { isOpen } from '../core/connection/state.ts';
import type { Connections } from '../core/connections.ts';
import { ConnectError } from '../core/errors.ts';
import type { ToolChanges } from '../core/server/toolChanges.ts';
import type { Upstreams } from './upstream.ts';

type Connection = NonNullable<ReturnType<Connections['connection']>>;

export interface ToolRules {
  /** Whether tools that write are left out of lists while reading alone is granted; without: they are. */
  readonly hidesWriteTools?: (server: Connection['server']) => boolean;
  /** A server that is in use lists other tools than before. */
  readonly onToolsChanged?: (serverId: string, changes: ToolChanges) => void;
}

export function connectionUpstreams(
  connections: Connections,
  sentence: Upstreams['sentence'],
  { hidesWriteTools = () => true, onToolsChanged = () => undefined }: ToolRules = {},
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
          grant: () => grantOf(connection, hidesWriteTools(server)),
          tools: () => connection.snapshot().tools,
          called: (call) => {
            connection.record.called(call);
          },
          toolsListed: (tools) => {
            connection.record.toolsListed(tools);
          },
          toolsChanged: (changes) => {
            onToolsChanged(serverId, changes);
          },
        },
      };
    },
  };
}

function grantOf({ state, server: { writeScopes } }: Connection, hidesWriteTools: boolean) {
  if (!isOpen(state)) return undefined;
  const { scopes, reducedBy: missing } = state;
  return { scopes, missing, writeScopes, hidesWriteTools };
}
