// Asks for a client secret once; it goes straight to the password store.
import { window } from 'vscode';
import { ConnectError } from '../core/errors.ts';
import { cleanText } from '../core/present/plainText.ts';
import { Secret } from '../core/secret.ts';
import type { Actions } from './actions.ts';
import { chooseClient } from './choices.ts';

/** @throws user.cancelled, storage.unavailable */
export async function promptForClientSecret(
  actions: Pick<Actions, 'registrations'>,
  from: unknown,
): Promise<void> {
  const registrations = await actions.registrations();
  const owners = registrations.secretOwners();
  if (owners.length === 0) {
    void window.showInformationMessage('No client secret is needed by the organization profile.');
    return;
  }
  const owner = await chooseClient(owners, from, 'Whose client secret?');
  const value = await window.showInputBox({
    title: `Client secret for ${cleanText(owner.label)}`,
    prompt: "Kept in this computer's password store, never in settings.",
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() === '' ? 'Enter the client secret.' : undefined),
  });
  if (value === undefined) throw new ConnectError('user.cancelled');
  await registrations.storeClientSecret(owner, new Secret(value.trim()));
  void window.showInformationMessage(`The client secret for ${cleanText(owner.label)} is stored.`);
}
