// Makes this computer's key and shows its public half. The private one never comes here.
import { env, EventEmitter, languages, Uri, window, workspace } from 'vscode';
import { Disposable as Subscription } from 'vscode';
import type { OwnedClient } from '../core/client/clientOwners.ts';
import type { Registrations } from '../core/client/registrations.ts';
import { ConnectError } from '../core/errors.ts';
import type { Disposable } from '../core/ports.ts';
import { deviceKeyTexts, type DeviceKeyTexts } from '../core/present/deviceKeyDocument.ts';
import { cleanText } from '../core/present/plainText.ts';
import type { Actions } from './actions.ts';
import { chooseClient } from './choices.ts';
import { deviceKeyScheme } from './ids.ts';

export interface DeviceKeyView extends Disposable {
  /** @throws user.cancelled, storage.unavailable, profile.missing */
  readonly create: (from: unknown) => Promise<void>;
}

export function registerDeviceKeyView(actions: Pick<Actions, 'registrations'>): DeviceKeyView {
  const documents = new Map<string, string>();
  const changes = new EventEmitter<Uri>();
  const registration = workspace.registerTextDocumentContentProvider(deviceKeyScheme, {
    onDidChange: changes.event,
    provideTextDocumentContent: ({ path }) => documents.get(path) ?? '',
  });
  const open = async (owner: OwnedClient, document: string): Promise<void> => {
    const uri = Uri.from({
      scheme: deviceKeyScheme,
      path: `/${owner.kind}/${owner.id}/device-key.jsonc`,
    });
    documents.set(uri.path, document);
    changes.fire(uri);
    const opened = await workspace.openTextDocument(uri);
    await languages.setTextDocumentLanguage(opened, 'jsonc');
    await window.showTextDocument(opened, { preview: false });
  };
  return {
    create: async (from) => {
      const registrations = await actions.registrations();
      const owners = registrations.deviceKeyOwners();
      if (owners.length === 0) {
        void window.showInformationMessage('No device key is needed by the organization profile.');
        return;
      }
      const owner = await chooseClient(owners, from, 'Whose device key?');
      const texts = deviceKeyTexts(owner, await keyOf(registrations, owner));
      await open(owner, texts.document);
      void offerCopies(owner, texts);
    },
    dispose: () => {
      Subscription.from(registration, changes).dispose();
    },
  };
}

/** The key there is, unless the person wants another and says so twice. */
async function keyOf(registrations: Registrations, owner: OwnedClient) {
  const existing = await registrations.deviceKey(owner);
  if (existing === undefined) return registrations.createDeviceKey(owner);
  const show = { label: '$(eye) Show the Key', detail: 'To register or compare it' };
  const replace = {
    label: '$(refresh) Replace It…',
    detail: 'With a new one, e.g. when this computer was out of your hands',
  };
  const title = `This computer has a key for ${cleanText(owner.label)}`;
  const chosen = await window.showQuickPick([show, replace], { title });
  if (chosen === undefined) throw new ConnectError('user.cancelled');
  if (chosen === show) return existing;
  const button = 'Replace Key';
  const detail = `Nothing connects with ${cleanText(owner.label)} until the new key is registered there.`;
  const question = `Replace this computer's key for ${cleanText(owner.label)}?`;
  const confirmed = await window.showWarningMessage(question, { modal: true, detail }, button);
  if (confirmed !== button) throw new ConnectError('user.cancelled');
  return registrations.createDeviceKey(owner, { replace: true });
}

async function offerCopies(owner: OwnedClient, { key, keySet }: DeviceKeyTexts): Promise<void> {
  const copies = { 'Copy Key': key, 'Copy Key Set': keySet };
  const chosen = await window.showInformationMessage(
    `Register this key for ${cleanText(owner.label)}, then reconnect.`,
    ...(Object.keys(copies) as (keyof typeof copies)[]),
  );
  if (chosen === undefined) return;
  await env.clipboard.writeText(copies[chosen]);
  window.setStatusBarMessage('Copied', 2_000);
}
