// The open connections as VS Code's MCP servers. Invariant: `provide` holds nothing secret, for VS Code
// writes it to disk in clear; the gateway's key is added in `resolve`, which never asks anybody anything.
import { EventEmitter, lm, McpHttpServerDefinition, Uri, Disposable as Subscription } from 'vscode';
import type { Overview } from '../core/overview.ts';
import type { Clock, Disposable } from '../core/ports.ts';
import { refusal } from '../core/refusal.ts';
import { isOpen, type ConnectionSnapshot } from '../core/state.ts';
import { until } from '../core/until.ts';
import type { Actions } from './actions.ts';
import { mcpProviderId } from './ids.ts';

/** Where the gateway listens; a server is `/mcp/<id>` there. */
export type GatewayAddress =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'pipe'; readonly path: string }
  | { readonly kind: 'tcp'; readonly port: number };

interface McpDeps {
  readonly actions: Pick<Actions, 'overview' | 'onDidChange'>;
  /** undefined until the gateway listens. */
  readonly address: () => GatewayAddress | undefined;
  /** Header and value that the gateway wants from this window. */
  readonly key: () => Readonly<Record<string, string>>;
  readonly clock: Pick<Clock, 'schedule'>;
}

/** How long VS Code keeps the servers it remembers while the first connections come up. */
const startMs = 5_000;
/** How long a call waits for a connection that is just being made. */
const connectMs = 15_000;

export function registerMcpProvider(deps: McpDeps): Disposable {
  const { actions, address, key, clock } = deps;
  const changed = new EventEmitter<void>();
  const open = () => openConnections(actions.overview(), address());
  // Until then the answer would be "none", and tools known from the last time would blink.
  const started = until(() => isSettled(actions.overview()), actions.onDidChange, clock, startMs);
  let told = '';
  const subscription = actions.onDidChange(() => {
    const now = JSON.stringify(open());
    if (now === told) return;
    told = now;
    changed.fire();
  });
  const registration = lm.registerMcpServerDefinitionProvider(mcpProviderId, {
    onDidChangeMcpServerDefinitions: changed.event,
    provideMcpServerDefinitions: async () => {
      await started;
      return open().map(definition);
    },
    resolveMcpServerDefinition: async ({ label }: McpHttpServerDefinition) => {
      const find = () => actions.overview().connections.find((one) => one.label === label);
      const isDecided = () => find()?.state.kind !== 'connecting';
      await until(isDecided, actions.onDidChange, clock, connectMs);
      const server = open().find((one) => one.label === label);
      if (server === undefined) throw refusal(find(), actions.overview());
      // A new object: the one VS Code handed in is the stored one.
      return Object.assign(definition(server), { headers: { ...key() } });
    },
  });
  return Subscription.from(registration, subscription, changed);
}

interface OpenServer {
  readonly label: string;
  readonly address: GatewayAddress;
  readonly path: string;
  readonly url: string;
}

function openConnections(
  { connections }: Overview,
  address: GatewayAddress | undefined,
): readonly OpenServer[] {
  if (address === undefined) return [];
  return connections
    .filter(({ state }) => isOpen(state))
    .map(({ id, label, url }) => ({ label, address, path: `/mcp/${id}`, url }));
}

/** The version is the real server, so that tools remembered of another one are listed anew. */
const definition = ({ label, address, path, url }: OpenServer): McpHttpServerDefinition =>
  new McpHttpServerDefinition(label, uriOf(address, path), {}, url);

function uriOf(address: GatewayAddress, path: string): Uri {
  return address.kind === 'tcp'
    ? Uri.from({ scheme: 'http', authority: `127.0.0.1:${address.port}`, path })
    : Uri.from({
        scheme: address.kind === 'socket' ? 'unix' : 'pipe',
        path: address.path,
        fragment: path,
      });
}

const isSettled = ({ loaded, people, connections }: Overview): boolean =>
  loaded &&
  people.every(({ session }) => session.kind !== 'restoring') &&
  connections.every(isDecided);

const isDecided = ({ state }: ConnectionSnapshot): boolean => state.kind !== 'connecting';
