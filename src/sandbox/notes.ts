// A server of any vendor: notes to read and to write.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import { answer, callerOf } from './caller.ts';
import type { Tools } from './mcpServer.ts';

export function createNotes(id: string): Tools {
  const notes: string[] = [];
  const reset = () => {
    notes.splice(0, notes.length, 'Water the plants');
  };
  reset();
  return {
    reset,
    open() {
      const server = new McpServer({ name: `acme-${id}`, version: '1.0.0', title: id });
      server.registerTool(
        'list_notes',
        { description: 'All notes.', annotations: { readOnlyHint: true } },
        (extra) => answer(notes, callerOf(extra)),
      );
      server.registerTool(
        'add_note',
        { description: 'Adds a note.', inputSchema: { text: z.string().max(1000) } },
        ({ text }, extra) => {
          notes.push(text);
          return answer([`note ${notes.length}: ${text}`], callerOf(extra));
        },
      );
      return { server };
    },
  };
}
