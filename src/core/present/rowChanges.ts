// Which rows must be drawn again after a change.
import type { Row } from './row.ts';

interface PlacedRow {
  readonly row: Row;
  readonly parentId: string | undefined;
  readonly childIds: readonly string[];
}

export interface RowIndex {
  readonly roots: readonly string[];
  readonly byId: ReadonlyMap<string, PlacedRow>;
}

export function indexRows(rows: readonly Row[]): RowIndex {
  const byId = new Map<string, PlacedRow>();
  const place = (list: readonly Row[], parentId: string | undefined): readonly string[] =>
    list.map((row) => {
      const childIds = place(row.children, row.id);
      byId.set(row.id, { row, parentId, childIds });
      return row.id;
    });
  return { roots: place(rows, undefined), byId };
}

/** The topmost rows that look different or have other children; `all` when the roots themselves changed. */
export function changedRows(before: RowIndex, after: RowIndex): 'all' | readonly string[] {
  if (before.roots.join('\n') !== after.roots.join('\n')) return 'all';
  const changed = new Set<string>();
  for (const [id, { row, childIds }] of after.byId) {
    const old = before.byId.get(id);
    if (old !== undefined && look(old.row, old.childIds) !== look(row, childIds)) changed.add(id);
  }
  return [...changed].filter((id) => !hasAncestor(id, changed, after));
}

const look = (row: Row, childIds: readonly string[]): string =>
  JSON.stringify([{ ...row, children: [] }, childIds]);

function hasAncestor(id: string, changed: ReadonlySet<string>, { byId }: RowIndex): boolean {
  for (let at = byId.get(id)?.parentId; at !== undefined; at = byId.get(at)?.parentId) {
    if (changed.has(at)) return true;
  }
  return false;
}
