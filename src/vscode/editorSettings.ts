// VS Code's own settings that decide whether a server of ours is used, and by whom.
import { workspace } from 'vscode';
import { blockOf, type ServerLists } from '../core/harness/serverLists.ts';
import type { EditorRules } from '../core/present/editorRules.ts';

/** @param addressOf what VS Code dials, by server id */
export function readEditorRules(addressOf: (serverId: string) => string | undefined): EditorRules {
  const lists = serverLists();
  return {
    blockOf: ({ id, label }) => blockOf(lists, { label, address: addressOf(id) }),
    usesAgentHost: usesAgentHost(),
  };
}

function serverLists(): ServerLists {
  const mcp = workspace.getConfiguration('chat.mcp');
  const customizations = workspace.getConfiguration('chat.customizations');
  return {
    access: mcp.get('access'),
    allowed: mcp.get('allowedServers'),
    denied: mcp.get('deniedServers'),
    managedOnly: mcp.get('allowManagedServersOnly'),
    pluginsOnly: customizations.get('strictPluginOnlyCustomization'),
  };
}

/** Read as VS Code 1.139 decides which kind of session a person gets first. */
function usesAgentHost(): boolean {
  const chat = workspace.getConfiguration('chat');
  return (
    chat.get('editor.preferCopilotHarness') === true ||
    chat.get('defaultToCopilotHarness') === true ||
    chat.get('editor.localAgent.enabled') === false
  );
}
