// Lists of tools as they pass: put together from their pages, and held against the one before. Attacker: a
// server that is trusted by what it listed first, and later says something else under the same names.
import { createHash } from 'node:crypto';
import type { ToolSummary } from '../core/connection/state.ts';
import type { ToolChanges } from '../core/server/toolChanges.ts';
import { toolSummaries } from '../core/server/toolSummaries.ts';

export interface ToolPage {
  /** Whose list it is, and where in it the page begins; undefined at its beginning. */
  readonly session: string | undefined;
  readonly cursor: unknown;
  readonly tools: readonly unknown[];
  readonly nextCursor: unknown;
}

export interface WholeList {
  readonly tools: readonly ToolSummary[];
  /** undefined: it is as it was, or the first. */
  readonly changes: ToolChanges | undefined;
}

/** Of all pages together: what is watched, and what is on record. */
const maxWatched = 10_000;
const maxTools = 1_000;
/** Lists whose next page was not asked for yet. */
const maxBegun = 8;

export class ToolLists {
  readonly #begun = new Map<string, readonly Listed[]>();
  #last: readonly Listed[] | undefined;

  /** @returns the whole list when this was its last page */
  add({ session, cursor, tools, nextCursor }: ToolPage): WholeList | undefined {
    const before = cursor === undefined ? [] : this.#begun.get(keyOf(session, cursor));
    if (before === undefined) return undefined;
    this.#begun.delete(keyOf(session, cursor));
    const all = [...before, ...tools.slice(0, maxWatched).flatMap(listed)].slice(0, maxWatched);
    if (nextCursor !== undefined) this.#begin(keyOf(session, nextCursor), all);
    // Any other is the end to some clients, and a page to go on from to some.
    const goesOn = typeof nextCursor === 'string' && nextCursor !== '';
    return goesOn ? undefined : this.#whole(all);
  }

  #begin(key: string, all: readonly Listed[]): void {
    this.#begun.set(key, all);
    const [oldest] = this.#begun.keys();
    if (oldest !== undefined && this.#begun.size > maxBegun) this.#begun.delete(oldest);
  }

  /** Another grant, or another time: what is listed next is the first again. */
  forget(): void {
    this.#begun.clear();
    this.#last = undefined;
  }

  #whole(all: readonly Listed[]): WholeList {
    const changes = this.#last === undefined ? undefined : changesBetween(this.#last, all);
    this.#last = all;
    return { tools: all.slice(0, maxTools).map(({ summary }) => summary), changes };
  }
}

interface Listed {
  readonly summary: ToolSummary;
  /** Of all that the server says of it. */
  readonly digest: string;
}

const listed = (tool: unknown): Listed[] =>
  toolSummaries([tool]).map((summary) => ({ summary, digest: digestOf(tool) }));

const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('base64');

/** A cursor may be as long as a server likes. */
const keyOf = (session: string | undefined, cursor: unknown): string =>
  digestOf([session ?? null, cursor]);

function changesBetween(
  before: readonly Listed[],
  after: readonly Listed[],
): ToolChanges | undefined {
  const [were, are] = [digestsOf(before), digestsOf(after)];
  const added = [...are.keys()].filter((name) => !were.has(name));
  const removed = [...were.keys()].filter((name) => !are.has(name));
  const kept = [...are.keys()].filter((name) => were.has(name));
  const changed = kept.filter((name) => were.get(name) !== are.get(name));
  const isSame = added.length + removed.length + changed.length === 0;
  return isSame ? undefined : { added, removed, changed };
}

/** Of all that have a name: which of them a client takes is not ours to know. */
function digestsOf(tools: readonly Listed[]): ReadonlyMap<string, string> {
  const digests = new Map<string, string>();
  for (const { summary, digest } of tools)
    digests.set(summary.name, (digests.get(summary.name) ?? '') + digest);
  return digests;
}
