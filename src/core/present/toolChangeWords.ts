// A server that says other things of its tools than when it was connected.
import type { ToolChanges } from '../server/toolChanges.ts';
import { cleanText } from './plainText.ts';

const maxNamed = 4;

/** In one sentence. */
export const toolChangesSentence = (label: string, changes: ToolChanges): string =>
  `${cleanText(label)} changed its tools while they were in use (${toolChangesSummary(changes)}).`;

/** What changed, the kind that deserves a look first. */
export const toolChangesSummary = ({ added, removed, changed }: ToolChanges): string =>
  [...named('changed', changed), ...named('new', added), ...named('gone', removed)].join('; ');

function named(what: string, tools: readonly string[]): readonly string[] {
  if (tools.length === 0) return [];
  const names = tools.slice(0, maxNamed).map((name) => cleanText(name, 40));
  const more = tools.length - names.length;
  return [`${what}: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`];
}
