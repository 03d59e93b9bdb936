// The Docs server: the company's handbook, to read.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import { answer, callerOf, failure } from './caller.ts';
import type { Tools } from './mcpServer.ts';

const pages: ReadonlyMap<string, { readonly title: string; readonly text: string }> = new Map([
  [
    'expenses',
    {
      title: 'Expenses',
      text: 'Hand in receipts within 30 days. Trains before planes. Lunch with a customer is paid.',
    },
  ],
  [
    'on-call',
    {
      title: 'On-call rota',
      text: 'A week each, change on Wednesday at 10:00. Whoever is woken up may sleep late.',
    },
  ],
  [
    'releases',
    {
      title: 'How we release',
      text: 'Every merge builds; Tuesday and Thursday ship. Nothing ships on a Friday.',
    },
  ],
]);

const readOnly = { readOnlyHint: true, openWorldHint: false };

export function createDocs(): Tools {
  return {
    open() {
      const server = new McpServer({ name: 'acme-docs', version: '1.0.0', title: 'Docs' });
      addTools(server);
      return { server };
    },
  };
}

function addTools(server: McpServer): void {
  server.registerTool(
    'search_docs',
    {
      title: 'Search the handbook',
      description: 'Finds pages of the company handbook; all pages without words.',
      inputSchema: { query: z.string().default('').describe('Words to look for') },
      annotations: readOnly,
    },
    ({ query }, extra) => {
      const found = [...pages].filter(([, { title, text }]) =>
        `${title} ${text}`.toLowerCase().includes(query.toLowerCase()),
      );
      const lines = found.map(([page, { title }]) => `${page}: ${title}`);
      return answer([`${found.length} pages`, ...lines], callerOf(extra));
    },
  );
  server.registerTool(
    'read_page',
    {
      title: 'Read a page',
      description: 'Text of one page of the company handbook.',
      inputSchema: { page: z.string().describe('Name of the page, as search_docs gives it') },
      annotations: readOnly,
    },
    ({ page }, extra) => {
      const found = pages.get(page);
      if (found === undefined) return failure(`There is no page "${page}".`);
      return answer([found.title, '', found.text], callerOf(extra));
    },
  );
}
