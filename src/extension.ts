// Composition root: the only file that sees every layer.
import { env, ExtensionKind, UIKind, version, window, type ExtensionContext } from 'vscode';
import { Connections } from './core/connections.ts';
import type { RedirectReceiver, StartRedirectReceiver } from './core/ports.ts';
import { createWitness } from './core/witness.ts';
import type { GatewayDeps } from './gateway/gateway.ts';
import { startOnDemand } from './gateway/onDemand.ts';
import { managedProfilePath } from './node/managedProfilePath.ts';
import { networkMark } from './node/networkMark.ts';
import type { SupportDeps } from './node/supportTools.ts';
import { systemClock as clock } from './node/systemClock.ts';
import { createHost, type Host } from './vscode/host.ts';
import { registerMcpProvider, serverAddress } from './vscode/mcpProvider.ts';
import { createActions } from './vscode/productActions.ts';
import { onDidChangeSettings, readSettings } from './vscode/settings.ts';
import { registerUriRedirect } from './vscode/uriRedirect.ts';
import { registerViews } from './vscode/views.ts';

const signInTimeoutMs = 5 * 60_000;
const { platform } = process;

/** Ends when the profile is known: a command that starts the extension waits for it. */
export async function activate(context: ExtensionContext): Promise<void> {
  const { id, packageJSON } = context.extension as { id: string; packageJSON: { version: string } };
  const host = createHost(context, clock);
  const witness = createWitness({ fetch: hostFetch, openUrl: host.openUrl });
  const redirect = registerUriRedirect({ extensionId: id, clock, timeoutMs: signInTimeoutMs });
  const managed = { path: managedProfilePath(platform), trustedUids: [0], platform };
  // Only a browser on this computer can come back to this computer's loopback address.
  const isHere =
    env.uiKind === UIKind.Desktop &&
    (env.remoteName === undefined || context.extension.extensionKind === ExtensionKind.UI);
  const startReceiver = isHere ? () => startLoopback(connections) : redirect.start;
  const connections: Connections = createConnections({ ...host, ...witness }, startReceiver, {
    version: packageJSON.version,
    storageFolder: context.globalStorageUri.fsPath,
  });
  const outbound = { fetch: witness.fetch, clock };
  const gateway = startGateway(connections, { ...outbound, log: host.log });
  const product = { onDidListen: gateway.onDidListen, managedPath: managed.path, ...outbound };
  const actions = createActions(connections, product);
  const load = () =>
    connections.load(async () => {
      const { loadProfile } = await import('./node/loadProfile.ts');
      return loadProfile(managed, readSettings().profile);
    });

  const mcp = registerMcpProvider({ actions, clock, ...gateway });
  const addressOf = (serverId: string) => serverAddress(gateway.address(), serverId);
  const support = loadSupport(context, {
    ...{ connections, gateway, clock, log: host.log, witnessed: witness.counts },
    isOffered: (serverId) => mcp.isOffered(serverId),
    versions: { extension: packageJSON.version, editor: version },
  });
  const otherClients = loadOtherClients(connections, { ...host, ...outbound });
  const views = { extensionVersion: packageJSON.version, support, addressOf, otherClients };
  context.subscriptions.push(
    host.channel,
    redirect,
    { dispose: () => connections.dispose() },
    { dispose: () => gateway.dispose() },
    registerViews(actions, host, views),
    mcp,
    onDidChangeSettings(() => {
      load().catch((error: unknown) => {
        host.log.error('the profile could not be loaded', { reason: String(error) });
      });
    }),
    window.onDidChangeWindowState(({ focused }) => {
      // After a sleep the timers have not run: ask before the first call does.
      if (focused) void connections.checkStale();
    }),
  );
  await load();
}

/** VS Code's own, looked up at each call: through the proxy and with the system's certificates. */
const hostFetch: typeof fetch = (input, init) => fetch(input, init);

const startGateway = (
  connections: Connections,
  deps: Pick<GatewayDeps, 'fetch' | 'clock' | 'log'>,
) =>
  startOnDemand(connections, deps.log, async (onDidChange) => {
    const { openingOf } = await import('./gateway/opening.ts');
    const editor = env.appName;
    const own = { ...deps, editor, platform, environment: process.env };
    // Agent-host sessions know no sockets.
    const isForAgentHost = () => connections.overview().harnesses?.agentHost === true;
    const transport = () => (isForAgentHost() ? 'tcp' : 'socket');
    return openingOf(connections, { ...own, transport }, onDidChange);
  });

/** Loaded once something has changed. */
const loadOtherClients =
  (connections: Connections, { preferences, log, fetch }: Host & Pick<GatewayDeps, 'fetch'>) =>
  async () => {
    const { openOtherClients } = await import('./gateway/otherClients.ts');
    const environment = process.env;
    return openOtherClients(connections, { preferences, log, fetch, clock, platform, environment });
  };

/** Loaded when a command of support runs. */
const loadSupport =
  (
    { globalStorageUri, logUri }: ExtensionContext,
    deps: Pick<
      SupportDeps,
      'connections' | 'gateway' | 'clock' | 'log' | 'witnessed' | 'isOffered' | 'versions'
    >,
  ) =>
  async () => {
    const { createSupportTools } = await import('./node/supportTools.ts');
    const { workspaceHere } = await import('./vscode/workspaceHere.ts');
    return createSupportTools({
      ...deps,
      ...{ platform, environment: process.env, workspace: workspaceHere },
      ...{ globalStorage: globalStorageUri.fsPath, logs: logUri.fsPath },
    });
  };

async function startLoopback(connections: Connections): Promise<RedirectReceiver> {
  const { startLoopbackReceiver } = await import('./node/loopbackReceiver.ts');
  const { organization = '' } = connections.overview();
  return startLoopbackReceiver({ organization, timeoutMs: signInTimeoutMs });
}

const createConnections = (
  host: Host & { fetch: typeof fetch },
  startReceiver: StartRedirectReceiver,
  { version, storageFolder }: { version: string; storageFolder: string },
) =>
  new Connections({
    ...host,
    store: host.secrets,
    openWindows: async () => {
      const { openWindowMeans } = await import('./node/windowMeans.ts');
      const environment = process.env;
      return openWindowMeans({ storageFolder, environment, platform, version, log: host.log });
    },
    startReceiver,
    networkMark,
    random: Math.random,
    clientVersion: version,
    checkIntervalMinutes: () => readSettings().checkIntervalMinutes,
  });
