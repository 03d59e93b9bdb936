// Asks VS Code to list the tools of a server that was just connected. Without it they appear with the
// first chat message only. The command is VS Code's own and not promised: where it is missing or refuses,
// nothing is lost but that.
import { commands, workspace } from 'vscode';
import type { Overview } from '../core/overview.ts';
import type { Clock } from '../core/ports.ts';
import { isOpen } from '../core/connection/state.ts';
import { extensionId } from './ids.ts';

/** VS Code takes over a changed list of servers after half a second; then again, in case it was busy. */
const delaysMs = [600, 1_200, 2_400, 5_000];

export function startServer(
  serverId: string,
  deps: {
    readonly actions: { overview(): Overview };
    readonly hasSession: (serverId: string) => boolean;
    readonly clock: Pick<Clock, 'schedule'>;
  },
): void {
  // VS Code would ask about trust in words that are not ours; and some people want no server to start.
  const autostart = workspace.getConfiguration('chat.mcp').get('autostart');
  if (!workspace.isTrusted || autostart === 'never') return;
  const attempt = (delays: readonly number[]) => {
    const [delayMs, ...later] = delays;
    if (delayMs === undefined) return;
    deps.clock.schedule(delayMs, () => {
      const server = deps.actions.overview().connections.find(({ id }) => id === serverId);
      if (server === undefined || !isOpen(server.state) || deps.hasSession(serverId)) return;
      const id = `${extensionId}/${server.label}`;
      const options = { waitForLiveTools: true };
      commands.executeCommand('workbench.mcp.startServer', id, options).then(undefined, () => 0);
      attempt(later);
    });
  };
  attempt(delaysMs);
}
