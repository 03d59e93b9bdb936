// Pages with the text for another client's file: nobody's file, and forgotten when they are closed.
import { Uri, window, workspace } from 'vscode';
import type { Disposable } from '../core/ports.ts';
import { shownOnce } from '../core/present/clientDocument.ts';
import type { KnownClient } from '../core/present/clientSnippets.ts';
import { clientScheme } from './ids.ts';

export interface ClientPages extends Disposable {
  readonly show: (id: string, client: KnownClient, document: string) => Promise<void>;
}

export function registerClientPages(): ClientPages {
  const documents = new Map<string, string>();
  const subscriptions = [
    workspace.registerTextDocumentContentProvider(clientScheme, {
      provideTextDocumentContent: ({ path }) =>
        documents.get(path) ?? shownOnce({ language: path.endsWith('.toml') ? 'toml' : 'json' }),
    }),
    workspace.onDidCloseTextDocument(({ uri }) => {
      if (uri.scheme === clientScheme) documents.delete(uri.path);
    }),
  ];
  return {
    show: async (id, { name, language }, document) => {
      const path = `/${id}/${name}.${language === 'toml' ? 'toml' : 'jsonc'}`;
      documents.set(path, document);
      const opened = await workspace.openTextDocument(Uri.from({ scheme: clientScheme, path }));
      await window.showTextDocument(opened, { preview: false });
    },
    dispose: () => {
      for (const one of subscriptions) one.dispose();
    },
  };
}
