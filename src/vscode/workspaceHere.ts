// Folders and the file of the open workspace, as far as they are on this computer.
import { workspace, type Uri } from 'vscode';

export function workspaceHere(): { folders: readonly string[]; file: string | undefined } {
  const here = (uri: Uri | undefined): readonly string[] =>
    uri?.scheme === 'file' ? [uri.fsPath] : [];
  return {
    folders: (workspace.workspaceFolders ?? []).flatMap(({ uri }) => here(uri)),
    file: here(workspace.workspaceFile)[0],
  };
}
