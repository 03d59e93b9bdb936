import { ResourceTemplate, type McpServer } from '@modelcontextprotocol/server';
import { dot } from './samples.ts';

export function addResources(server: McpServer): void {
  const plain = { mimeType: 'text/plain' };
  server.registerResource('static text', 'test://static-text', plain, ({ href: uri }) => ({
    contents: [{ uri, ...plain, text: 'This is the content of the static text resource.' }],
  }));
  server.registerResource('watched', 'test://watched-resource', plain, ({ href: uri }) => ({
    contents: [{ uri, ...plain, text: 'Watched' }],
  }));
  const png = { mimeType: 'image/png' };
  server.registerResource('static binary', 'test://static-binary', png, ({ href: uri }) => ({
    contents: [{ uri, ...png, blob: dot }],
  }));
  const json = { mimeType: 'application/json' };
  server.registerResource(
    'template',
    new ResourceTemplate('test://template/{id}/data', { list: undefined }),
    json,
    ({ href: uri }, { id }) => {
      const data = { id, templateTest: true, data: `Data for ID: ${String(id)}` };
      return { contents: [{ uri, ...json, text: JSON.stringify(data) }] };
    },
  );
}
