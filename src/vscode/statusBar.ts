// Copies core/statusBar.ts onto the one status bar item.
import { MarkdownString, StatusBarAlignment, ThemeColor, window } from 'vscode';
import type { Clock, Disposable } from '../core/ports.ts';
import type { Actions } from './actions.ts';
import { commandIds, showConnectionsCommand, statusBarItemId } from './ids.ts';

const commandOf = { signIn: commandIds.signIn, showConnections: showConnectionsCommand } as const;

export function registerStatusBarItem(
  actions: Pick<Actions, 'overview' | 'onDidChange'>,
  clock: Pick<Clock, 'now'>,
): Disposable {
  const item = window.createStatusBarItem(statusBarItemId, StatusBarAlignment.Left);
  item.name = 'Enterprise MCP';
  const drawing: { statusBar?: Drawing['statusBar']; isOver?: true } = {};
  const update = () => {
    if (drawing.statusBar === undefined || drawing.isOver !== undefined) return;
    const { visible, text, tooltip, command, severity, accessibilityLabel } = drawing.statusBar(
      actions.overview(),
      { nowMs: clock.now() },
    );
    item.text = text;
    item.tooltip = new MarkdownString(tooltip.join('\n\n'));
    item.command = commandOf[command];
    item.backgroundColor =
      severity === 'warning' ? new ThemeColor('statusBarItem.warningBackground') : undefined;
    item.accessibilityInformation = { label: accessibilityLabel, role: 'button' };
    if (visible) item.show();
    else item.hide();
  };
  void loadDrawing().then(({ statusBar }) => {
    drawing.statusBar = statusBar;
    update();
  });
  const subscription = actions.onDidChange(update);
  return {
    dispose: () => {
      drawing.isOver = true;
      subscription.dispose();
      item.dispose();
    },
  };
}

/** Behind the activation, which waits for nobody to read. */
const loadDrawing = () => import('../core/present/statusBar.ts');
type Drawing = Awaited<ReturnType<typeof loadDrawing>>;
