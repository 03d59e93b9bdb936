// What the editor itself keeps from a server that is connected: it says so where nobody looks.
import type { Block } from '../harness/serverLists.ts';
import type { Overview } from '../overview.ts';
import { cleanText } from './plainText.ts';
import { detailRow, rowId, type Row } from './row.ts';

/** As the editor's settings are now. */
export interface EditorRules {
  /** Why the editor will not use a server; undefined: nothing is in the way. */
  readonly blockOf: (server: { readonly id: string; readonly label: string }) => Block | undefined;
  /** Its sessions run outside this window, and take only what any program could. */
  readonly usesAgentHost: boolean;
}

/** Beside the server's name. */
export function blockWords(block: Block, organization: string): string {
  const org = cleanText(organization);
  switch (block) {
    case 'notAllowed':
      return `Blocked by ${org}'s allow-list in VS Code`;
    case 'denied':
      return `Blocked by ${org}'s deny-list in VS Code`;
    case 'off':
      return `MCP servers are turned off in VS Code`;
  }
}

/** Who can do something about it, and what. */
export function blockAdvice(block: Block, organization: string): string {
  const org = cleanText(organization);
  switch (block) {
    case 'notAllowed':
      return `VS Code uses only the MCP servers on a list, and this one is not on it. An administrator at ${org} can add it: “Copy Allow-List Entry for Your Admin” gives the line.`;
    case 'denied':
      return `An administrator at ${org} has put this server on the list of MCP servers that VS Code does not use.`;
    case 'off':
      return `By a policy of ${org}, or a setting, VS Code uses no MCP servers of extensions.`;
  }
}

/** One line where sessions of the agent host get none of the servers; none otherwise. */
export function agentHostRows(
  { harnesses, organization = '', managed, connections }: Overview,
  { usesAgentHost }: Pick<EditorRules, 'usesAgentHost'>,
): readonly Row[] {
  if (!usesAgentHost || harnesses?.agentHost === true || connections.length === 0) return [];
  const org = cleanText(organization);
  const row = detailRow(rowId.agentHost, {
    label: 'Not for agent-host sessions',
    description: managed ? `${org} has not allowed it` : 'not allowed in your settings',
    icon: 'info',
  });
  const who = managed ? `An administrator at ${org}` : 'You';
  const why =
    'Sessions of VS Code’s agent host (Copilot, Claude, Codex) do not use these servers. ' +
    `${who} can allow it: \`harnesses.agentHost\` in the organization profile. Chat sessions of this window use them.`;
  return [
    { ...row, tooltip: [why], accessibilityLabel: `${row.label}, ${row.description}. ${why}` },
  ];
}
