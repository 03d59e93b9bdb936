// Composition root: the only file that sees every layer.
import { env, UIKind, window, type ExtensionContext } from 'vscode';
import { Connections } from './core/connections.ts';
import { sentenceAt } from './core/refusal.ts';
import { connectionUpstreams } from './gateway/connectionUpstreams.ts';
import { startOnDemand } from './gateway/onDemand.ts';
import { managedProfilePath } from './node/managedProfilePath.ts';
import { systemClock as clock } from './node/systemClock.ts';
import { createHost } from './vscode/host.ts';
import { registerMcpProvider } from './vscode/mcpProvider.ts';
import { createActions } from './vscode/productActions.ts';
import { onDidChangeSettings, readSettings } from './vscode/settings.ts';
import { registerUriRedirect } from './vscode/uriRedirect.ts';
import { registerViews } from './vscode/views.ts';

const signInTimeoutMs = 5 * 60_000;

export function activate(context: ExtensionContext): void {
  const { id, packageJSON } = context.extension;
  const version = String((packageJSON as { version?: unknown }).version);
  const host = createHost(context, clock);
  const { log } = host;
  const redirect = registerUriRedirect({ extensionId: id, clock, timeoutMs: signInTimeoutMs });
  // A browser on another computer cannot come back to this one's loopback address.
  const isRemote = env.uiKind === UIKind.Web || env.remoteName !== undefined;
  const managed = {
    path: managedProfilePath(process.platform, process.env),
    trustedUids: [0],
    platform: process.platform,
  };

  const connections: Connections = new Connections({
    // VS Code's own: through the proxy and with the certificates of the system.
    fetch: (input, init) => fetch(input, init),
    clock,
    store: host.secrets,
    preferences: host.preferences,
    openUrl: host.openUrl,
    startReceiver: async () => {
      if (isRemote) return redirect.start();
      const { startLoopbackReceiver } = await import('./node/loopbackReceiver.ts');
      const { organization = '' } = connections.overview();
      return startLoopbackReceiver({ organization, timeoutMs: signInTimeoutMs });
    },
    log,
    random: Math.random,
    clientVersion: version,
    checkIntervalMinutes: () => readSettings().checkIntervalMinutes,
  });
  const upstreams = connectionUpstreams(connections, (serverId, error) =>
    sentenceAt(connections.overview(), serverId, error),
  );
  const gateway = startOnDemand(connections, {
    upstreams,
    fetch: (input, init) => fetch(input, init),
    clock,
    log,
    platform: process.platform,
    environment: process.env,
  });
  const actions = createActions(connections, gateway.onDidListen, managed.path);
  const load = () =>
    connections.load(async () => {
      const { loadProfile } = await import('./node/loadProfile.ts');
      return loadProfile(managed, readSettings().profile);
    });
  const whenFocused = ({ focused }: { focused: boolean }) => {
    // After a sleep the timers have not run: ask before the first call does.
    if (focused) void connections.checkStale();
  };

  context.subscriptions.push(
    host.channel,
    redirect,
    { dispose: () => connections.dispose() },
    { dispose: () => gateway.dispose() },
    registerViews(actions, host, version),
    registerMcpProvider({ actions, clock, ...gateway }),
    onDidChangeSettings(() => void load()),
    window.onDidChangeWindowState(whenFocused),
  );
  void load();
}
