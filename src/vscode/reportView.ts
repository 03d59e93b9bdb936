// A report as a person reads it: a page that is nobody's file until it is saved.
import { commands, Uri, window, workspace } from 'vscode';
import type { Disposable } from '../core/ports.ts';
import { reportScheme } from './ids.ts';

export interface ReportView extends Disposable {
  readonly show: (name: string, markdown: string) => Promise<void>;
}

export function registerReportView(): ReportView {
  const reports = new Map<string, string>();
  const registration = workspace.registerTextDocumentContentProvider(reportScheme, {
    provideTextDocumentContent: ({ path }) => reports.get(path) ?? '',
  });
  return {
    show: async (name, markdown) => {
      // Each gets a page of its own: one that is open would not be read anew.
      const uri = Uri.from({ scheme: reportScheme, path: `/${reports.size + 1}/${name}.md` });
      reports.set(uri.path, markdown);
      await showMarkdown(uri);
    },
    dispose: () => {
      registration.dispose();
    },
  };
}

/** As it is meant to look; as text where VS Code's own preview is turned off. */
export async function showMarkdown(uri: Uri): Promise<void> {
  try {
    await commands.executeCommand('markdown.showPreview', uri);
  } catch {
    await window.showTextDocument(await workspace.openTextDocument(uri), { preview: false });
  }
}
