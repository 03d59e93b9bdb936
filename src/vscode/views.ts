// Everything a person sees and can run, in one subscription.
import { Disposable as Subscription, window } from 'vscode';
import { drawMs, gathered } from '../core/gathering.ts';
import type { Disposable, Event } from '../core/ports.ts';
import type { Actions } from './actions.ts';
import { registerAuthProvider } from './authProvider.ts';
import { registerCommands, type CommandDeps } from './commands.ts';
import { registerConnectionTree } from './connectionTree.ts';
import { registerContextKeys } from './contextKeys.ts';
import type { Host } from './host.ts';
import type { OtherClientsDeps } from './otherClients.ts';
import type { NotificationDeps } from './notifications.ts';
import type { ShadowLookoutDeps } from './shadowLookout.ts';
import { registerStatusBarItem } from './statusBar.ts';

export function registerViews(
  actions: Actions,
  host: Host,
  {
    extensionVersion,
    addressOf,
    ...given
  }: Pick<CommandDeps, 'extensionVersion' | 'support' | 'otherClients'> & {
    /** What VS Code dials, by server id. */
    readonly addressOf: (serverId: string) => string | undefined;
  },
): Disposable {
  const { clock, log, openUrl, preferences, channel } = host;
  const loaded: {
    support?: ReturnType<CommandDeps['support']>;
    clients?: ReturnType<CommandDeps['otherClients']>;
  } = {};
  // One for all: what a command changes, the row sees.
  const support = () => (loaded.support ??= given.support());
  const otherClients = () => (loaded.clients ??= given.otherClients());
  const lazy = { support, otherClients };
  // Each call of a tool changes something.
  const drawn = {
    overview: () => actions.overview(),
    onDidChange: gathered(actions.onDidChange, clock, drawMs),
  };
  const tree = registerConnectionTree(drawn, clock, addressOf);
  const showLog = () => {
    channel.show();
  };
  return Subscription.from(
    registerContextKeys(actions),
    registerStatusBarItem(drawn, clock),
    tree,
    registerCommands({ actions, clock, openUrl, log, showLog, extensionVersion, ...lazy }),
    watchLater({ actions, clock, preferences, log, tree, ...lazy, onDidFocus }),
    registerAuthProvider({
      actions,
      signIn: async () => {
        const { signIn } = await import('./commandHandlers.ts');
        return signIn({ actions, clock, openUrl });
      },
    }),
  );
}

const onDidFocus: Event<void> = (listener) =>
  window.onDidChangeWindowState(({ focused }) => {
    if (focused) listener();
  });

/** There is nothing to tell before something changes. */
function watchLater(deps: NotificationDeps & ShadowLookoutDeps & OtherClientsDeps): Disposable {
  const state: { watching?: Disposable; isOver?: true; loading?: true } = {};
  const start = async () => {
    if (state.loading !== undefined) return;
    state.loading = true;
    const { registerNotifications } = await import('./notifications.ts');
    const { registerShadowLookout } = await import('./shadowLookout.ts');
    const { registerOtherClients } = await import('./otherClients.ts');
    subscription.dispose();
    if (state.isOver !== undefined) return;
    state.watching = Subscription.from(
      registerNotifications(deps),
      registerShadowLookout(deps),
      registerOtherClients(deps),
    );
  };
  const subscription = deps.actions.onDidChange(() => void start());
  return {
    dispose: () => {
      state.isOver = true;
      subscription.dispose();
      state.watching?.dispose();
    },
  };
}
