import type { ToolSummary } from '../connection/state.ts';

export const maxTools = 1_000;
const maxNameLength = 128;

/** Names and read-only marks of a `tools/list` result, the first 1,000; what is malformed is left out. */
export function toolSummaries(tools: unknown): readonly ToolSummary[] {
  if (!Array.isArray(tools)) return [];
  return tools.slice(0, maxTools).flatMap((tool: unknown) => {
    const { name, annotations } = (tool ?? {}) as { name?: unknown; annotations?: unknown };
    if (typeof name !== 'string') return [];
    const { readOnlyHint } = (annotations ?? {}) as { readOnlyHint?: unknown };
    return [{ name: name.slice(0, maxNameLength), readOnly: readOnlyHint === true }];
  });
}
