// Character offsets to lines, counted once for a text.
import type { Lines, Span } from './configuredServer.ts';

/** Says on which lines a span lies. */
export function lineCounter(text: string): (span: Span) => Lines {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const lineAt = (offset: number) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
  return ({ offset, length }) => ({
    first: lineAt(offset),
    last: lineAt(offset + Math.max(0, length - 1)),
  });
}
