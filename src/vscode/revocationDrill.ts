// The revocation drill, guided: what is taken away, from where; then an administrator does it; then a report.
import { ProgressLocation, Uri, window, workspace } from 'vscode';
import { drillMarkdown } from '../core/drill/markdown.ts';
import { drillKinds, verdictOf, type DrillKind, type DrillReport } from '../core/drill/report.ts';
import { drillSteps, dryRunText, timeEntered } from '../core/drill/words.ts';
import { ConnectError } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import { isOpen } from '../core/connection/state.ts';
import type { Actions } from './actions.ts';
import { inTurn } from './questions.ts';
import { oneOf, someOf } from './quickInput.ts';
import type { SupportTools } from './support.ts';

export interface DrillDeps {
  readonly actions: Pick<Actions, 'overview'>;
  readonly clock: Pick<Clock, 'now'>;
}

const title = 'Revocation Drill';

/** @throws user.cancelled */
export async function runRevocationDrill(
  { actions, clock }: DrillDeps,
  tools: Pick<SupportTools, 'dryRun' | 'rehearse'>,
): Promise<void> {
  const { connections, organization = '' } = actions.overview();
  const open = connections.filter(({ state }) => isOpen(state));
  const { kind, serverIds, isDry } = await inTurn(async (ask) => ({
    kind: await ask(
      oneOf<DrillKind>({
        title,
        placeholder: 'What will an administrator do?',
        choices: () =>
          (Object.keys(drillKinds) as DrillKind[]).map((one) => ({
            label: drillKinds[one],
            detail: drillSteps[one],
            answer: one,
          })),
      }),
    ),
    serverIds: await ask(
      someOf<string>({
        title,
        placeholder: 'At which connected servers?',
        choices: open.map(({ id, label }) => ({ label, answer: id, picked: true })),
      }),
    ),
    isDry: await ask(
      oneOf<boolean>({
        title,
        placeholder: 'Each server is called a few times, with nothing changed',
        choices: () => [
          { label: 'Begin', icon: 'play', answer: false },
          { label: 'Only Say What Would Be Measured', icon: 'eye', answer: true },
        ],
      }),
    ),
  }));
  if (isDry) return show(dryRunText(tools.dryRun(kind, serverIds)));
  const report = await measured({ kind, serverIds, organization }, clock, tools);
  await show(drillMarkdown(report));
  await offerToSave(report);
}

function measured(
  drill: { kind: DrillKind; serverIds: readonly string[]; organization: string },
  clock: Pick<Clock, 'now'>,
  tools: Pick<SupportTools, 'rehearse'>,
): Promise<DrillReport> {
  const { kind, serverIds } = drill;
  return Promise.resolve(
    window.withProgress(
      { location: ProgressLocation.Notification, title, cancellable: true },
      async (progress, cancellation) => {
        const cancelled = new AbortController();
        cancellation.onCancellationRequested(() => {
          cancelled.abort();
        });
        progress.report({ message: 'calling each server…' });
        return tools.rehearse({
          kind,
          serverIds,
          signal: cancelled.signal,
          triggered: () => triggered(kind, clock),
          onProgress: (closed, all) => {
            progress.report({ message: `${closed} of ${all} closed…` });
          },
        });
      },
    ),
  );
}

/** When it was done, which the administrator knows best. @throws user.cancelled */
async function triggered(kind: DrillKind, clock: Pick<Clock, 'now'>): Promise<number> {
  const now = new Date(clock.now()).toTimeString().slice(0, 8);
  const entered = await window.showInputBox({
    title: `${title}: ${drillSteps[kind]}`,
    prompt: 'When was it done? Your local time; the time now if it has just been done.',
    value: now,
    ignoreFocusOut: true,
    validateInput: (text) =>
      timeEntered(text, clock.now()) === undefined
        ? 'Enter a time of today that has passed, such as 14:03:20.'
        : undefined,
  });
  const atMs = timeEntered(entered ?? '', clock.now());
  if (atMs === undefined) throw new ConnectError('user.cancelled');
  return atMs;
}

async function show(content: string): Promise<void> {
  const document = await workspace.openTextDocument({ language: 'markdown', content });
  await window.showTextDocument(document, { preview: false });
}

async function offerToSave(report: DrillReport): Promise<void> {
  const save = 'Save Report…';
  const chosen = await window.showInformationMessage(
    `The revocation drill ended: ${verdictOf(report)}.`,
    save,
  );
  if (chosen !== save) return;
  const target = await window.showSaveDialog({
    title: 'Save the report as Markdown and JSON',
    filters: { Markdown: ['md'] },
    defaultUri: Uri.joinPath(
      workspace.workspaceFolders?.[0]?.uri ?? Uri.file('/'),
      `revocation-drill-${report.reportId}.md`,
    ),
  });
  if (target === undefined) return;
  const write = (uri: Uri, text: string) =>
    workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  await write(target, drillMarkdown(report));
  const json = target.with({ path: `${target.path.replace(/\.md$/, '')}.json` });
  await write(json, `${JSON.stringify(report, undefined, 2)}\n`);
}
