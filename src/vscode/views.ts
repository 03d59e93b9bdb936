// Everything a person sees and can run, in one subscription.
import { Disposable as Subscription } from 'vscode';
import type { Disposable } from '../core/ports.ts';
import type { Actions } from './actions.ts';
import { registerAuthProvider } from './authProvider.ts';
import { registerCommands } from './commands.ts';
import { registerConnectionTree } from './connectionTree.ts';
import { registerContextKeys } from './contextKeys.ts';
import type { Host } from './host.ts';
import { registerNotifications } from './notifications.ts';
import { registerStatusBarItem } from './statusBar.ts';

export function registerViews(actions: Actions, host: Host, extensionVersion: string): Disposable {
  const { clock, log, openUrl, preferences, channel } = host;
  const showLog = () => {
    channel.show();
  };
  return Subscription.from(
    registerContextKeys(actions),
    registerStatusBarItem(actions, clock),
    registerConnectionTree(actions, clock),
    registerCommands({ actions, clock, openUrl, log, showLog, extensionVersion }),
    registerNotifications({ actions, clock, preferences }),
    registerAuthProvider({
      actions,
      signIn: async () => {
        const { signIn } = await import('./commandHandlers.ts');
        return signIn({ actions, clock, openUrl });
      },
    }),
  );
}
