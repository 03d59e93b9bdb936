// The revocation drill, guided: what is taken away, from where; then an administrator does it; then a report.
import { ProgressLocation, window } from 'vscode';
import { drillMarkdown } from '../core/drill/markdown.ts';
import { drillKinds, type DrillKind, type DrillReport } from '../core/drill/report.ts';
import {
  drillSteps,
  dryRunText,
  promisedText,
  timeEntered,
  triggerPrompt,
} from '../core/drill/words.ts';
import { ConnectError } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import { isOpen, isUsable } from '../core/connection/state.ts';
import type { Actions } from './actions.ts';
import { inTurn } from './questions.ts';
import { oneOf, someOf } from './quickInput.ts';
import type { ReportView } from './reportView.ts';
import { offerToSave } from './savedReport.ts';
import type { SupportTools } from './support.ts';

export interface DrillDeps {
  readonly actions: Pick<Actions, 'overview'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly reports: ReportView;
}

interface Drill {
  readonly kind: DrillKind;
  readonly serverIds: readonly string[];
}

const title = 'Revocation Drill';

/** @throws user.cancelled */
export async function runRevocationDrill(deps: DrillDeps, tools: SupportTools): Promise<void> {
  const open = deps.actions.overview().connections.filter(({ state }) => isOpen(state));
  if (open.length === 0) {
    void window.showInformationMessage('Nothing is connected that could be taken away.');
    return;
  }
  const { isDry, ...drill } = await inTurn(async (ask) => ({
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
        placeholder: 'Which of these will be taken away?',
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
  if (drill.serverIds.length === 0) throw new ConnectError('user.cancelled');
  if (isDry) {
    const text = dryRunText(tools.dryRun(drill.kind, drill.serverIds));
    return deps.reports.show('Revocation Drill, Dry Run', text);
  }
  const report = await measured(drill, deps, tools);
  await deps.reports.show('Revocation Drill', drillMarkdown(report));
  await offerToSave(report, tools.shadow.home);
}

function measured(drill: Drill, deps: DrillDeps, tools: SupportTools): Promise<DrillReport> {
  const promised = promisedText(tools.dryRun(drill.kind, drill.serverIds));
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
          ...drill,
          signal: cancelled.signal,
          triggered: () => {
            progress.report({ message: 'waiting for the administrator…' });
            return triggered(drill, deps);
          },
          onProgress: (closed, all) => {
            progress.report({ message: `${closed} of ${all} closed, promised ${promised}…` });
          },
        });
      },
    ),
  );
}

/** When it was done, which the administrator knows best. @throws user.cancelled */
async function triggered(drill: Drill, deps: DrillDeps): Promise<number> {
  const { clock } = deps;
  for (let seenAtMs: number | undefined; ;) {
    const entered = await window.showInputBox({
      title: `${title}: Waiting for the Administrator`,
      prompt: triggerPrompt(drill.kind, seenAtMs, clock.now()),
      placeHolder: 'Just now, or a time of today such as 14:03:20',
      ignoreFocusOut: true,
      validateInput: (text) =>
        timeEntered(text, clock.now()) === undefined
          ? 'Enter a time of today that has passed, such as 14:03:20.'
          : undefined,
    });
    const atMs = entered === undefined ? undefined : timeEntered(entered, clock.now());
    if (atMs === undefined) throw new ConnectError('user.cancelled');
    seenAtMs = closedAtMs(drill, deps);
    if (seenAtMs === undefined || atMs <= seenAtMs) return atMs;
  }
}

/** When the first of them was closed, if any is: it was done before that. */
function closedAtMs({ serverIds }: Drill, { actions }: DrillDeps): number | undefined {
  const closed = actions
    .overview()
    .connections.filter(({ id, state }) => serverIds.includes(id) && !isUsable(state));
  return closed.length === 0
    ? undefined
    : Math.min(...closed.map(({ changedAtMs }) => changedAtMs));
}
