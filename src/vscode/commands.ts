// The commands, registered; what they do is loaded when somebody runs one.
import { commands, Disposable as Subscription } from 'vscode';
import type { Clock, Disposable, Log, OpenUrl } from '../core/ports.ts';
import type { Actions } from './actions.ts';
import type { CommandHandlers } from './commandHandlers.ts';
import { commandIds } from './ids.ts';
import type { OpenedClients } from './otherClients.ts';
import type { SupportTools } from './support.ts';

export type CommandName = keyof typeof commandIds;

export interface CommandDeps {
  readonly actions: Actions;
  readonly clock: Pick<Clock, 'now' | 'schedule'>;
  readonly openUrl: OpenUrl;
  readonly log: Log;
  readonly showLog: () => void;
  readonly extensionVersion: string;
  /** Loaded when a command of support runs. */
  readonly support: () => Promise<SupportTools>;
  /** Loaded once something has changed. */
  readonly otherClients: () => Promise<OpenedClients>;
}

export function registerCommands(deps: CommandDeps): Disposable {
  const loaded: { handlers?: Promise<CommandHandlers> } = {};
  const load = async (): Promise<CommandHandlers> => {
    const { createCommandHandlers } = await import('./commandHandlers.ts');
    return createCommandHandlers(deps);
  };
  const registrations = Object.entries(commandIds).map(([name, id]) =>
    commands.registerCommand(id, async (from: unknown) => {
      const handlers = await (loaded.handlers ??= load());
      await handlers.run(name as CommandName, from);
    }),
  );
  return Subscription.from(...registrations, {
    dispose: () => {
      void loaded.handlers?.then((handlers) => {
        handlers.dispose();
      });
    },
  });
}
