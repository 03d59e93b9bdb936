// Composition root: the only file that sees every layer.
import { env, UIKind, window, type ExtensionContext } from 'vscode';
import { Connections } from './core/connections.ts';
import type { StartRedirectReceiver } from './core/ports.ts';
import { sentenceAt } from './core/refusal.ts';
import { connectionUpstreams } from './gateway/connectionUpstreams.ts';
import { startOnDemand } from './gateway/onDemand.ts';
import { managedProfilePath } from './node/managedProfilePath.ts';
import { systemClock as clock } from './node/systemClock.ts';
import { createHost, type Host } from './vscode/host.ts';
import { registerMcpProvider } from './vscode/mcpProvider.ts';
import { createActions } from './vscode/productActions.ts';
import { onDidChangeSettings, readSettings } from './vscode/settings.ts';
import { registerUriRedirect } from './vscode/uriRedirect.ts';
import { registerViews } from './vscode/views.ts';

const signInTimeoutMs = 5 * 60_000;
const { platform } = process;

export function activate(context: ExtensionContext): void {
  const { id, packageJSON } = context.extension as { id: string; packageJSON: { version: string } };
  const host = createHost(context, clock);
  const redirect = registerUriRedirect({ extensionId: id, clock, timeoutMs: signInTimeoutMs });
  const managed = { path: managedProfilePath(platform, process.env), trustedUids: [0], platform };
  const connections = createConnections(host, redirect.start, packageJSON.version);
  const gateway = startOnDemand(connections, {
    upstreams: connectionUpstreams(connections, (serverId, error) =>
      sentenceAt(connections.overview(), serverId, error),
    ),
    fetch: hostFetch,
    clock,
    log: host.log,
    platform,
    environment: process.env,
  });
  const actions = createActions(connections, gateway.onDidListen, managed.path);
  const load = () =>
    connections.load(async () => {
      const { loadProfile } = await import('./node/loadProfile.ts');
      return loadProfile(managed, readSettings().profile);
    });

  context.subscriptions.push(
    host.channel,
    redirect,
    { dispose: () => connections.dispose() },
    { dispose: () => gateway.dispose() },
    registerViews(actions, host, packageJSON.version),
    registerMcpProvider({ actions, clock, ...gateway }),
    onDidChangeSettings(() => void load()),
    window.onDidChangeWindowState(({ focused }) => {
      // After a sleep the timers have not run: ask before the first call does.
      if (focused) void connections.checkStale();
    }),
  );
  void load();
}

/** VS Code's own, looked up at each call: through the proxy and with the system's certificates. */
const hostFetch: typeof fetch = (input, init) => fetch(input, init);

function createConnections(host: Host, byUri: StartRedirectReceiver, version: string): Connections {
  // A browser on another computer cannot come back to this one's loopback address.
  const isRemote = env.uiKind === UIKind.Web || env.remoteName !== undefined;
  const byLoopback: StartRedirectReceiver = async () => {
    const { startLoopbackReceiver } = await import('./node/loopbackReceiver.ts');
    const { organization = '' } = connections.overview();
    return startLoopbackReceiver({ organization, timeoutMs: signInTimeoutMs });
  };
  const connections: Connections = new Connections({
    ...host,
    fetch: hostFetch,
    store: host.secrets,
    startReceiver: isRemote ? byUri : byLoopback,
    random: Math.random,
    clientVersion: version,
    checkIntervalMinutes: () => readSettings().checkIntervalMinutes,
  });
  return connections;
}
