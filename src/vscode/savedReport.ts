// Where a drill's report goes when a person wants to keep it: two files side by side.
import { Uri, window, workspace } from 'vscode';
import { drillMarkdown } from '../core/drill/markdown.ts';
import { verdictOf, type DrillReport } from '../core/drill/report.ts';
import { showMarkdown } from './reportView.ts';

/** Says how it ended, and writes Markdown and JSON where the person wants them. */
export async function offerToSave(report: DrillReport, home: string): Promise<void> {
  const save = 'Save Report…';
  const ended = `The revocation drill ended: ${verdictOf(report)}.`;
  if ((await window.showInformationMessage(ended, save)) !== save) return;
  const folder = workspace.workspaceFolders?.[0]?.uri ?? Uri.file(home);
  const target = await window.showSaveDialog({
    title: 'Save the report as Markdown, and as JSON beside it',
    filters: { Markdown: ['md'] },
    defaultUri: Uri.joinPath(folder, `revocation-drill-${report.reportId}.md`),
  });
  if (target === undefined) return;
  const base = target.path.replace(/\.md$/, '');
  const files = {
    [`${base}.md`]: drillMarkdown(report),
    [`${base}.json`]: `${JSON.stringify(report, undefined, 2)}\n`,
  };
  try {
    for (const [path, text] of Object.entries(files)) {
      await workspace.fs.writeFile(target.with({ path }), new TextEncoder().encode(text));
    }
  } catch {
    // The report is still on the screen.
    void window.showErrorMessage('The report could not be written there. Choose another folder.');
    return offerToSave(report, home);
  }
  await showMarkdown(target.with({ path: `${base}.md` }));
}
