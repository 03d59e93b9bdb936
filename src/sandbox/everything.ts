// The reference server of the MCP project, unchanged: its own factory, as its own HTTP entry uses it.
// That entry itself would listen on every interface of the machine without asking who is there.
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { Tools } from './mcpServer.ts';

interface Reference {
  readonly createServer: () => {
    readonly server: McpServer;
    readonly cleanup: (sessionId: string) => void;
  };
}

const entry = '@modelcontextprotocol/server-everything/dist/server/index.js';

/** Loads the package, which ships without types. */
export async function loadEverything(): Promise<Tools> {
  const { createServer } = (await import(entry)) as Reference;
  return {
    open() {
      const { server, cleanup } = createServer();
      return { server, close: cleanup };
    },
  };
}
