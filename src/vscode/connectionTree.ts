// Copies the rows of core/present.ts into the view. Elements are row ids, so VS Code keeps its place
// whatever the rows say, and only the rows that changed are drawn again.
import {
  EventEmitter,
  MarkdownString,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState,
  window,
  workspace,
  type Event,
  type TreeDataProvider,
  type TreeView,
} from 'vscode';
import type { Clock, Disposable } from '../core/ports.ts';
import { badge } from '../core/present/view.ts';
import type { Row } from '../core/present/row.ts';
import type { RowIndex } from '../core/present/rowChanges.ts';
import type { Actions } from './actions.ts';
import { commandIds, viewIds } from './ids.ts';

/** How often "3 min ago" is said anew while someone can see it. */
const repaintMs = 30_000;

export interface ConnectionTree extends Disposable {
  /** Rows for below all others, while there are others; reads them anew at each call. */
  showBelow(rows: () => readonly Row[], place?: Place): void;
}

type Place = 'clients' | 'shadows';
type Below = Partial<Record<Place, () => readonly Row[]>>;

const rowsOf = ({ clients, shadows }: Below): readonly Row[] => [
  ...(clients?.() ?? []),
  ...(shadows?.() ?? []),
];

const commandOf = { shadowConnections: commandIds.showShadowConnections } as const;

const noRows: RowIndex = { roots: [], byId: new Map() };

export function registerConnectionTree(
  actions: Pick<Actions, 'overview' | 'onDidChange'>,
  clock: Clock,
  /** What VS Code dials, by server id. */
  addressOf: (serverId: string) => string | undefined,
): ConnectionTree {
  const changes = new EventEmitter<string[] | undefined>();
  let rows = noRows;
  let drawing: Drawing | undefined;
  const below: Below = {};
  const readRows = ({ indexRows, overviewRows, readEditorRules }: Drawing) => {
    const now = { nowMs: clock.now() };
    const above = overviewRows(actions.overview(), now, readEditorRules(addressOf));
    // An empty tree shows the welcome.
    return indexRows(above.length === 0 ? above : [...above, ...rowsOf(below)]);
  };
  const rowsDrawn = async () => {
    if (drawing !== undefined) return rows;
    drawing = await loadDrawing();
    return (rows = readRows(drawing));
  };
  const view = window.createTreeView(viewIds.connections, {
    treeDataProvider: providerOf(changes.event, rowsDrawn, () => rows),
    showCollapseAll: true,
  });
  const update = () => {
    view.badge = badge(actions.overview());
    // Once it comes into sight it is drawn anew.
    if (drawing === undefined || !view.visible) return;
    const next = readRows(drawing);
    const changed = drawing.changedRows(rows, next);
    rows = next;
    if (changed === 'all') changes.fire(undefined);
    else if (changed.length > 0) changes.fire([...changed]);
  };
  update();
  const subscriptions = [
    actions.onDidChange(update),
    onDidChangeRules(update),
    whileVisible(view, clock, update),
    view,
    changes,
  ];
  return {
    showBelow: (read, place = 'shadows') => {
      below[place] = read;
      update();
    },
    dispose: () => {
      for (const one of subscriptions) one.dispose();
    },
  };
}

/** What VS Code lets through is told in its own settings. */
const onDidChangeRules = (update: () => void): Disposable =>
  workspace.onDidChangeConfiguration((change) => {
    if (change.affectsConfiguration('chat')) update();
  });

const providerOf = (
  onDidChangeTreeData: Event<string[] | undefined>,
  rowsDrawn: () => Promise<RowIndex>,
  rows: () => RowIndex,
): TreeDataProvider<string> => ({
  onDidChangeTreeData,
  getChildren: async (id) => {
    const { roots, byId } = await rowsDrawn();
    return [...(id === undefined ? roots : (byId.get(id)?.childIds ?? []))];
  },
  getParent: (id) => rows().byId.get(id)?.parentId,
  getTreeItem: (id) => treeItem(id, rows().byId.get(id)?.row),
});

/** What makes rows, loaded when the view is looked into for the first time. */
const loadDrawing = async () => ({
  ...(await import('../core/present/sideBar.ts')),
  ...(await import('../core/present/rowChanges.ts')),
  ...(await import('./editorSettings.ts')),
});
type Drawing = Awaited<ReturnType<typeof loadDrawing>>;

/** Runs `update` when the view comes into sight and from time to time while it stays there. */
function whileVisible(view: TreeView<string>, clock: Clock, update: () => void): Disposable {
  let next: Disposable | undefined;
  const plan = () => {
    next?.dispose();
    next = view.visible ? clock.schedule(repaintMs, run) : undefined;
  };
  const run = () => {
    update();
    plan();
  };
  const subscription = view.onDidChangeVisibility(run);
  plan();
  return {
    dispose: () => {
      next?.dispose();
      subscription.dispose();
    },
  };
}

function treeItem(id: string, row: Row | undefined): TreeItem {
  // VS Code may ask for a row that went away while its question was under way.
  if (row === undefined) return Object.assign(new TreeItem(''), { id });
  const item = new TreeItem(row.label, collapsible(row));
  item.id = id;
  item.description = row.description;
  item.iconPath = new ThemeIcon(
    row.icon,
    row.color === undefined ? undefined : new ThemeColor(row.color),
  );
  item.tooltip =
    row.tooltip.length === 0
      ? [row.label, row.description].filter((part) => part !== '').join(': ')
      : new MarkdownString(row.tooltip.join('\n\n'));
  item.contextValue = row.contextValue;
  if (row.opens !== undefined) item.command = { title: row.label, command: commandOf[row.opens] };
  item.accessibilityInformation = { label: row.accessibilityLabel };
  return item;
}

function collapsible({ children, expanded }: Row): TreeItemCollapsibleState {
  if (children.length === 0) return TreeItemCollapsibleState.None;
  return expanded ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.Collapsed;
}
