// What both ways of adding to the profile share: whether they may, the catalogue's list, what was found,
// and the one place that writes the setting.
import { commands, ConfigurationTarget, window, workspace } from 'vscode';
import { methodChoices } from '../core/presets/answers.ts';
import type { Finding } from '../core/presets/findings.ts';
import type { ClientAuthenticationMethod } from '../core/client/clientRegistration.ts';
import { ConnectError } from '../core/errors.ts';
import { cleanText } from '../core/present/plainText.ts';
import { commandIds, settingKeys, settingsSection } from './ids.ts';
import type { Ask, Question } from './questions.ts';
import { oneOf, type Choice } from './quickInput.ts';

/** @throws profile.invalid when VS Code does not write it, e.g. because settings.json has a mistake */
export async function writeProfile(profile: object): Promise<void> {
  try {
    const configuration = workspace.getConfiguration(settingsSection);
    await configuration.update(settingKeys.profile, profile, ConfigurationTarget.Global);
  } catch (cause) {
    const facts = { key: 'settings.json', reason: 'could not be written' };
    throw new ConnectError('profile.invalid', facts, { cause });
  }
}

interface CataloguePreset {
  readonly label: string;
  readonly status: 'works' | 'unverified' | 'announced' | 'doesNotIssue';
  readonly asOf: string;
  readonly source: string;
  readonly instead?: string;
}

const statusWords = {
  works: 'works',
  unverified: 'not verified',
  announced: 'announced, not there yet',
  doesNotIssue: 'does not issue grants for MCP servers',
} as const;

/** One of the catalogue, or undefined for one that is not in it. What does not work today needs a second yes. */
export async function choosePreset<P extends CataloguePreset>(
  ask: Ask,
  title: string,
  { presets, another }: { readonly presets: readonly P[]; readonly another: string },
): Promise<P | undefined> {
  const choices = presets.map((preset) => ({
    label: preset.label,
    description: `${statusWords[preset.status]} · as of ${preset.asOf}`,
    icon: 'instead' in preset ? 'circle-slash' : 'plug',
    answer: { preset },
  }));
  const own = { label: another, icon: 'globe', description: 'looked up by its address' };
  const { preset } = await ask(
    oneOf<{ preset: P | undefined }>({
      title,
      placeholder: 'Choose from the catalogue, or bring your own',
      choices: () => [{ ...own, answer: { preset: undefined } }, ...choices],
    }),
  );
  if (preset?.instead !== undefined) await ask(insist({ ...preset, instead: preset.instead }));
  return preset;
}

const addAnyway = 'Add Anyway';

/** A dialog, because all of it is to be read. */
const insist =
  (preset: CataloguePreset & { readonly instead: string }): Question<true> =>
  async () => {
    const { label, status, asOf, source, instead } = preset;
    const detail = `As of ${asOf}, seen in: ${source}.\n\nWhat works instead: ${instead}\n\nAdded anyway, it will not connect before that changes.`;
    const chosen = await window.showWarningMessage(
      `${label}: ${statusWords[status]}.`,
      { modal: true, detail },
      // The first is what Enter chooses.
      { title: 'Cancel', isCloseAffordance: true },
      { title: addAnyway },
    );
    if (chosen?.title !== addAnyway) throw new ConnectError('user.cancelled');
    return true;
  };

const groups = {
  missing: 'Will not work like this',
  there: 'To know and do there',
  unclear: 'Unclear',
  found: 'Found',
} as const;
const icons = { missing: 'warning', there: 'info', unclear: 'question', found: 'pass' } as const;

/** What was found, below the way on. */
export function review<T>(findings: readonly Finding[], answer: T): readonly Choice<T>[] {
  const kinds = ['missing', 'there', 'unclear', 'found'] as const;
  const lines = kinds.flatMap((kind) =>
    findings
      .filter((one) => one.kind === kind)
      .map(({ label, detail }, index) => ({
        label,
        detail,
        icon: icons[kind],
        ...(index === 0 ? { group: groups[kind] } : {}),
      })),
  );
  const isDoubtful = findings.some(({ kind }) => kind === 'missing');
  const label = isDoubtful ? 'Continue Anyway' : 'Continue';
  return [{ label, description: 'Nothing is written yet', icon: 'arrow-right', answer }, ...lines];
}

const methodWords: Record<ClientAuthenticationMethod, { label: string; detail: string }> = {
  none: { label: 'Nothing', detail: 'A public client (none).' },
  client_secret_basic: {
    label: 'A client secret, in the header',
    detail: "client_secret_basic; the secret is kept in this computer's password store.",
  },
  client_secret_post: {
    label: 'A client secret, in the form',
    detail: "client_secret_post; the secret is kept in this computer's password store.",
  },
  private_key_jwt: {
    label: 'A key of this computer',
    detail: 'private_key_jwt; the public half is registered there, the private one never leaves.',
  },
};
const saidWords = {
  metadata: 'offered by its metadata',
  catalogue: 'known from the catalogue',
  nobody: 'as it was registered: nothing says which',
} as const;

/** How the client proves who it is; not asked where only one way is possible. */
export async function chooseMethod(
  ask: Ask,
  title: string,
  known: Parameters<typeof methodChoices>,
): Promise<ClientAuthenticationMethod> {
  const choices = methodChoices(...known);
  const [only] = choices;
  if (only !== undefined && choices.length === 1) return only.method;
  return ask(
    oneOf<ClientAuthenticationMethod>({
      title,
      placeholder: 'How is the client registered to prove who it is?',
      choices: () =>
        choices.map(({ method, said }) => ({
          ...methodWords[method],
          description: saidWords[said],
          answer: method,
        })),
    }),
  );
}

const nextSteps = {
  createDeviceKey: 'Create Device Key…',
  setClientSecret: 'Store Client Secret…',
  addServer: 'Add Server…',
  signIn: 'Sign In',
} as const;

/** Says that it is there, and offers what is missing, `otherwise` when nothing is; not waited for. */
export async function offerNext(
  label: string,
  method: ClientAuthenticationMethod,
  {
    row,
    otherwise,
  }: { readonly row: string; readonly otherwise: keyof typeof nextSteps | undefined },
): Promise<void> {
  const key = { private_key_jwt: 'createDeviceKey', none: otherwise } as const;
  const step = method in key ? key[method as keyof typeof key] : 'setClientSecret';
  const next = step && { title: nextSteps[step], command: commandIds[step] };
  const chosen = await window.showInformationMessage(
    `${cleanText(label)} is in your profile now.`,
    ...(next === undefined ? [] : [next.title]),
    'Open Profile',
  );
  if (next !== undefined && chosen === next.title) await commands.executeCommand(next.command, row);
  if (chosen === 'Open Profile') await commands.executeCommand(commandIds.openProfile);
}
