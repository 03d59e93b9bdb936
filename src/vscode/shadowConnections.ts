// Shows which of the company's servers other programs' files set up too, and opens the place. Nothing of
// theirs is changed without a yes to exactly that.
import { commands, Range, Uri, window, workspace } from 'vscode';
import { ConnectError } from '../core/errors.ts';
import type { Removal } from '../core/shadow/filesRead.ts';
import { afterRemoval, removalQuestion } from '../core/shadow/removalWords.ts';
import type { FileEntry, Shadow } from '../core/shadow/shadows.ts';
import type { ShadowReport, ShadowWatch } from '../core/shadow/shadowWatch.ts';
import { keepsSignIns, placeOf, shadowWords } from '../core/shadow/shadowWords.ts';
import { inTurn } from './questions.ts';
import { oneOf, type Choice } from './quickInput.ts';

export interface ShadowConnections {
  readonly watch: Pick<ShadowWatch, 'lookNow' | 'look' | 'report' | 'onDidChange'>;
  readonly remove: (entry: FileEntry) => Promise<Removal>;
  /** The person's folder, shown as `~`. */
  readonly home: string;
}

/** Only this ends the sign-ins VS Code made for itself; an extension cannot. */
const endSignInsCommand = 'workbench.action.removeDynamicAuthenticationProviders';
const endSignInsTitle = 'Authentication: Remove Dynamic Authentication Providers';

type Task = () => Promise<void>;
type Answer = { readonly shadow: Shadow } | { readonly task: Task };

/** @throws user.cancelled */
export async function showShadowConnections(deps: ShadowConnections): Promise<void> {
  const task = await inTurn(async (ask): Promise<Task> => {
    const answer = await ask(
      oneOf<Answer>({
        title: 'Servers Set Up Without the Company',
        busy: 'Looking through the files of other programs…',
        placeholder: 'Choose one to see what to do about it',
        choices: async () => choicesOf(await deps.watch.lookNow(), deps.home),
      }),
    );
    if ('task' in answer) return answer.task;
    const { title, advice } = shadowWords(answer.shadow);
    const choices = () => tasksOf(answer.shadow, deps);
    return ask(oneOf<Task>({ title, placeholder: advice, choices }));
  });
  await task();
}

function choicesOf({ shadows, unreadable }: ShadowReport, home: string): readonly Choice<Answer>[] {
  const found = shadows.map((shadow): Choice<Answer> => {
    const { title, how, advice } = shadowWords(shadow);
    const description = `${how} · ${placeOf(shadow.entry, home)}`;
    const icon = shadow.kind === 'sameServer' ? 'warning' : 'info';
    return { label: title, description, detail: advice, icon, answer: { shadow } };
  });
  const nothing: Choice<Answer> = {
    label: 'No server of your company is set up in another file',
    icon: 'pass',
  };
  const unread = unreadable.map(({ client, file, reason }, index): Choice<Answer> => ({
    label: `${client}: not readable`,
    description: placeOf({ file }, home),
    detail: `What is set up there is not known: ${reason}. Open it and look.`,
    icon: 'question',
    answer: { task: () => openAt(file, 1) },
    ...(index === 0 ? { group: 'Not known' } : {}),
  }));
  return [...(found.length === 0 ? [nothing] : found), ...unread, keptSignIns];
}

const keptSignIns: Choice<Answer> = {
  label: 'Remove Sign-Ins That VS Code Keeps…',
  detail: 'They outlive the entry; only VS Code’s own command removes them.',
  icon: 'sign-out',
  group: 'Sign-ins',
  answer: { task: () => endSignIns() },
};

function tasksOf(shadow: Shadow, deps: ShadowConnections): readonly Choice<Task>[] {
  const { entry } = shadow;
  const open: Choice<Task> = {
    label: 'Open the File',
    description: placeOf(entry, deps.home),
    icon: 'go-to-file',
    answer: () => openAt(entry.file, entry.lines.first),
  };
  const remove: Choice<Task> = {
    label: 'Remove This Entry…',
    detail: 'You see what is removed before anything is.',
    icon: 'trash',
    answer: () => removeEntry(shadow, deps),
  };
  const endOwn = { ...keptSignIns, answer: () => endSignIns() };
  const isRemovable = entry.span !== undefined && !entry.managed;
  return [open, ...(isRemovable ? [remove] : []), ...(keepsSignIns(entry) ? [endOwn] : [])];
}

async function openAt(file: string, line: number): Promise<void> {
  const selection = new Range(line - 1, 0, line - 1, 0);
  await window.showTextDocument(Uri.file(file), { selection, preview: false });
}

async function removeEntry(shadow: Shadow, deps: ShadowConnections): Promise<void> {
  const { entry } = shadow;
  const { message, detail, yes } = removalQuestion(shadow, deps.home);
  if ((await window.showWarningMessage(message, { modal: true, detail }, yes)) !== yes) {
    throw new ConnectError('user.cancelled');
  }
  const unsaved = workspace.textDocuments.some(
    ({ isDirty, uri }) => isDirty && uri.scheme === 'file' && uri.fsPath === entry.file,
  );
  const ended = unsaved ? 'changed' : await deps.remove(entry);
  if (ended === 'removed') await deps.watch.lookNow();
  await tellEnd(shadow, ended, deps.home);
}

async function tellEnd(shadow: Shadow, ended: Removal, home: string): Promise<void> {
  const { entry } = shadow;
  const sentence = afterRemoval(shadow, ended, home);
  if (ended !== 'removed') {
    const open = 'Open the File';
    if ((await window.showWarningMessage(sentence, open)) === open) {
      await openAt(entry.file, entry.lines.first);
    }
    return;
  }
  const end = 'Remove Sign-Ins…';
  const buttons = keepsSignIns(entry) ? [end] : [];
  if ((await window.showInformationMessage(sentence, ...buttons)) === end) await endSignIns();
}

async function endSignIns(): Promise<void> {
  try {
    await commands.executeCommand(endSignInsCommand);
  } catch {
    // Not promised to extensions: another version of VS Code may name it otherwise.
    void window.showInformationMessage(`Run “${endSignInsTitle}” from the command palette.`);
  }
}
