// Leaves nothing of this person on this computer, after a yes to exactly that.
import { window } from 'vscode';
import { ConnectError } from '../core/errors.ts';
import { cleanText } from '../core/present/plainText.ts';
import type { Actions } from './actions.ts';

const names = new Intl.ListFormat('en-GB');
const yes = 'Forget Everything';

/** @throws user.cancelled, storage.unavailable */
export async function forgetEverything(
  actions: Pick<Actions, 'forgetEverything' | 'registrations'>,
): Promise<void> {
  const registrations = await actions.registrations();
  const keys = registrations.deviceKeyOwners().length > 0;
  const chosen = await window.showWarningMessage(
    'Forget everything that Enterprise MCP keeps on this computer?',
    {
      modal: true,
      detail: [
        'You are signed out everywhere, and access is given back where that is possible. Stored client secrets, the history, and what you turned off are deleted. The organization profile stays.',
        ...(keys
          ? ['Keys of this computer are deleted too: an administrator has to register new ones.']
          : []),
      ].join('\n\n'),
    },
    yes,
  );
  if (chosen !== yes) throw new ConnectError('user.cancelled');
  const untold = await actions.forgetEverything();
  if (untold.length === 0) {
    void window.showInformationMessage('Everything is forgotten, and access was given back.');
    return;
  }
  const who = names.format(untold.map((name) => cleanText(name)));
  // To be read whole: it is what somebody may have to look after elsewhere.
  void window.showWarningMessage('Everything is forgotten on this computer.', {
    modal: true,
    detail: `${who} could not be told. What was given there ends by itself; an administrator can end it sooner.`,
  });
}
