// Interrupts a person only for access that ended while it was in use: one message per cause.
import { commands, window } from 'vscode';
import { announcements, type Announcement } from '../core/present/announcements.ts';
import type { Clock, Disposable, Preferences } from '../core/ports.ts';
import { rowId } from '../core/present/row.ts';
import type { Actions } from './actions.ts';
import { commandIds, showConnectionsCommand } from './ids.ts';

/** Closings of one cause arrive one by one; within this time they are told as one. */
const gatherMs = 1_000;
const mutedKey = 'notifications.muted';
const mute = "Don't Show Again";
const show = 'Show';

const buttons = {
  signIn: { title: 'Sign In', command: commandIds.signIn, rowId: rowId.person },
  copyDetails: {
    title: 'Copy Details',
    command: commandIds.copyDetails,
    rowId: rowId.server,
  },
} as const;

export interface NotificationDeps {
  readonly actions: Pick<Actions, 'overview' | 'onDidChange'>;
  readonly clock: Pick<Clock, 'schedule'>;
  readonly preferences: Preferences;
}

export function registerNotifications(deps: NotificationDeps): Disposable {
  const { actions, clock, preferences } = deps;
  let before = actions.overview();
  let gathering: Disposable | undefined;
  const subscription = actions.onDidChange(() => {
    gathering ??= clock.schedule(gatherMs, () => {
      gathering = undefined;
      const after = actions.overview();
      const news = announcements(before, after);
      before = after;
      if (preferences.get(mutedKey) !== true) for (const one of news) void tell(one, preferences);
    });
  });
  return {
    dispose: () => {
      gathering?.dispose();
      subscription.dispose();
    },
  };
}

async function tell(
  { message, action, subject }: Announcement,
  preferences: Preferences,
): Promise<void> {
  const { title, command, rowId: rowOf } = buttons[action];
  const chosen = await window.showWarningMessage(message, title, show, mute);
  if (chosen === title) await commands.executeCommand(command, rowOf(subject));
  if (chosen === show) await commands.executeCommand(showConnectionsCommand);
  if (chosen === mute) await preferences.set(mutedKey, true);
}
