// The smallest picture and sound there are: one red dot, and silence.
import type { CallToolResult } from '@modelcontextprotocol/server';

export const dot =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
export const silence = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA==';

export const text = (said: string) => ({ type: 'text' as const, text: said });
export const says = (said: string): CallToolResult => ({ content: [text(said)] });

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));
