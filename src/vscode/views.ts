// Everything a person sees and can run, in one subscription.
import { Disposable as Subscription } from 'vscode';
import type { Disposable } from '../core/ports.ts';
import type { Actions } from './actions.ts';
import { registerAuthProvider } from './authProvider.ts';
import { registerCommands, type CommandDeps } from './commands.ts';
import { registerConnectionTree } from './connectionTree.ts';
import { registerContextKeys } from './contextKeys.ts';
import type { Host } from './host.ts';
import type { NotificationDeps } from './notifications.ts';
import { registerStatusBarItem } from './statusBar.ts';

export function registerViews(
  actions: Actions,
  host: Host,
  { extensionVersion, support }: Pick<CommandDeps, 'extensionVersion' | 'support'>,
): Disposable {
  const { clock, log, openUrl, preferences, channel } = host;
  const showLog = () => {
    channel.show();
  };
  return Subscription.from(
    registerContextKeys(actions),
    registerStatusBarItem(actions, clock),
    registerConnectionTree(actions, clock),
    registerCommands({ actions, clock, openUrl, log, showLog, extensionVersion, support }),
    notifyLater({ actions, clock, preferences }),
    registerAuthProvider({
      actions,
      signIn: async () => {
        const { signIn } = await import('./commandHandlers.ts');
        return signIn({ actions, clock, openUrl });
      },
    }),
  );
}

/** There is nothing to tell before something changes. */
function notifyLater(deps: NotificationDeps): Disposable {
  const state: { notifications?: Disposable; isOver?: true; loading?: true } = {};
  const start = async () => {
    if (state.loading !== undefined) return;
    state.loading = true;
    const { registerNotifications } = await import('./notifications.ts');
    subscription.dispose();
    if (state.isOver === undefined) state.notifications = registerNotifications(deps);
  };
  const subscription = deps.actions.onDidChange(() => void start());
  return {
    dispose: () => {
      state.isOver = true;
      subscription.dispose();
      state.notifications?.dispose();
    },
  };
}
