// The open connections as VS Code's MCP servers. Invariant: `provide` holds nothing secret, for VS Code
// writes it to disk in clear; the gateway's key is added in `resolve`, which never asks anybody anything.
// Only where the organization lets agent-host sessions in, which are never resolved, it is in both: of use
// to whoever reads that disk as this user while the window is open, and to nobody after.
import { EventEmitter, lm, McpHttpServerDefinition, Uri, Disposable as Subscription } from 'vscode';
import type { Overview } from '../core/overview.ts';
import type { Clock, Disposable } from '../core/ports.ts';
import { createOffer, type Offer, type OfferedServer } from '../core/offer.ts';
import { isDecided, isSettled } from '../core/readiness.ts';
import { isUsable, type StateKind } from '../core/connection/state.ts';
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
  /** Whether VS Code has begun to use a server since its connection opened. */
  readonly hasSession: (serverId: string) => boolean;
  readonly clock: Pick<Clock, 'schedule'>;
}

/** How long VS Code keeps the servers it remembers while the first connections come up. */
const settleMs = 5_000;
/** How long a call waits for a connection that is just being made. */
const connectMs = 15_000;

export interface McpProvider extends Disposable {
  /** Whether VS Code is offered this server now. */
  isOffered(serverId: string): boolean;
}

export function registerMcpProvider(deps: McpDeps): McpProvider {
  const { actions, address, key, clock } = deps;
  const isListening = () => address() !== undefined;
  const changed = new EventEmitter<void>();
  const offer = createOffer(clock, () => {
    changed.fire();
  });
  const hasMoved = movesOf(address);
  const update = () => {
    // What was published may lead to somebody else now.
    if (hasMoved() && offer.servers().length > 0) changed.fire();
    if (address() === undefined) return;
    const overview = actions.overview();
    const fresh = offer.update(openServers(overview), endedServers(overview));
    if (fresh.length > 0) void startAll(fresh, deps);
  };
  // Until then the answer would be "none", and tools known from the last time would blink.
  const settled = until(
    () => isSettled(actions.overview(), isListening()),
    actions.onDidChange,
    clock,
    settleMs,
  );
  const subscription = actions.onDidChange(update);
  const definitions = () =>
    definitionsOf(offer, address(), isForAgentHost(actions.overview()) ? key() : {});
  const registration = lm.registerMcpServerDefinitionProvider(mcpProviderId, {
    onDidChangeMcpServerDefinitions: changed.event,
    provideMcpServerDefinitions: async () => {
      await settled;
      update();
      return definitions();
    },
    resolveMcpServerDefinition: async ({ label }: McpHttpServerDefinition) => {
      const decided = () => isDecided(actions.overview(), label, isListening());
      await until(decided, actions.onDidChange, clock, connectMs);
      update();
      const overview = actions.overview();
      const isOpenNow = openServers(overview).some((one) => one.label === label);
      const found = definitions().find((one) => one.label === label);
      if (found === undefined || !isOpenNow) throw await reason(overview, label, isListening());
      // A new object: the one VS Code handed in is the stored one.
      return Object.assign(found, { headers: { ...key() } });
    },
  });
  const all = Subscription.from(registration, subscription, offer, changed);
  return {
    isOffered: (serverId) => offer.servers().some(({ id }) => id === serverId),
    dispose: () => {
      all.dispose();
    },
  };
}

/** What VS Code dials, as it writes it itself. */
export const serverAddress = (at: GatewayAddress | undefined, serverId: string) =>
  at === undefined ? undefined : uriOf(at, pathOf(serverId)).toString(true);

async function startAll(serverIds: readonly string[], deps: McpDeps): Promise<void> {
  const { startServer } = await import('./mcpStart.ts');
  for (const id of serverIds) startServer(id, deps);
}

async function reason(...about: Parameters<typeof isDecided>): Promise<Error> {
  const { whyNotOffered } = await import('../core/present/notOffered.ts');
  return whyNotOffered(...about);
}

const openServers = ({ connections }: Overview) =>
  connections
    .filter(({ state }) => isUsable(state))
    .map(({ id, label, url }) => ({ id, label, url }));

/** By the company or by the person: nobody is on the way to open them again. */
const endings: readonly StateKind[] = [
  'accessRemoved',
  'sessionEnded',
  'stopped',
  'signedOut',
  'turnedOff',
];
const endedServers = ({ connections }: Overview): ReadonlySet<string> =>
  new Set(connections.filter(({ state }) => endings.includes(state.kind)).map(({ id }) => id));

/** Whether the address is another than the last time it was asked for. */
function movesOf(address: McpDeps['address']): () => boolean {
  const last = { address: address() };
  return () => {
    const now = address();
    const hasMoved = now !== last.address;
    last.address = now;
    return hasMoved;
  };
}

const isForAgentHost = ({ harnesses }: Overview): boolean => harnesses?.agentHost === true;

const definitionsOf = (
  offer: Offer,
  at: GatewayAddress | undefined,
  headers: Readonly<Record<string, string>>,
) => (at === undefined ? [] : offer.servers().map((server) => definition(server, at, headers)));

const pathOf = (serverId: string): string => `/mcp/${serverId}`;

/**
 * The version is the real server and how often it was offered: tools that VS Code remembers from before
 * (none, when it last listed them after a removal) are listed anew.
 */
const definition = (
  server: OfferedServer,
  address: GatewayAddress,
  headers: Readonly<Record<string, string>>,
): McpHttpServerDefinition =>
  new McpHttpServerDefinition(
    server.label,
    uriOf(address, pathOf(server.id)),
    { ...headers },
    server.openings > 1 ? `${server.url} ${server.openings}` : server.url,
  );

function uriOf(address: GatewayAddress, path: string): Uri {
  return address.kind === 'tcp'
    ? Uri.from({ scheme: 'http', authority: `127.0.0.1:${address.port}`, path })
    : Uri.from({
        scheme: address.kind === 'socket' ? 'unix' : 'pipe',
        path: address.path,
        fragment: path,
      });
}
