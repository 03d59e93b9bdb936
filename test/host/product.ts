// The extension seen through VS Code's API, as an agent in VS Code sees it.
import * as vscode from 'vscode';
import { eventually } from '../support/eventually.ts';

export const extensionId = 'enterprise-mcp.enterprise-mcp';

export interface Product {
  readonly activate: () => Promise<void>;
  readonly run: (command: string, ...values: unknown[]) => Thenable<unknown>;
  /** Names of the tools VS Code lists for one of Acme's servers. */
  readonly tools: (server: ServerName) => readonly string[];
  /** Starts the server as VS Code does before an agent's first call, until it answers. */
  readonly start: (server: ServerName) => Promise<void>;
  /** Waits until VS Code offers the server's tools again, without anybody starting anything. */
  readonly back: (server: ServerName) => Promise<void>;
  /** Waits until VS Code offers none of the server's tools any more. */
  readonly gone: (server: ServerName) => Promise<void>;
  /** When that was, looked for closely from now on; wall clock, milliseconds. */
  readonly goneAt: (server: ServerName) => Promise<number>;
  readonly call: (tool: string, input: object, withinMs?: number) => Promise<string>;
  /** The answer of a tool that only reads. */
  readonly ask: (server: ServerName) => Promise<string>;
}

/** A tool of each server that only reads, so that VS Code does not ask before the call. */
const readingTools = {
  Tickets: { name: 'search_tickets', input: { query: '' } },
  Docs: { name: 'search_docs', input: { query: '' } },
  Builds: { name: 'list_builds', input: {} },
  Everything: { name: 'echo', input: { message: 'good morning' } },
} as const;

export type ServerName = keyof typeof readingTools;
export const serverNames = Object.keys(readingTools) as readonly ServerName[];

/** VS Code puts a server's own title, or its name, before each of its tools. */
const toolPrefixes: Record<ServerName, RegExp> = {
  Tickets: /^mcp_(acme-)?tickets_/,
  Docs: /^mcp_(acme-)?docs_/,
  Builds: /^mcp_(acme-)?builds_/,
  Everything: /^mcp_(?!(acme-)?(tickets|docs|builds)_)/,
};

const isUnknownTool = (error: unknown): boolean =>
  error instanceof Error && /was not contributed|does not list/.test(error.message);

/** `listForgets`: the tool list of the extension host loses tools; in VS Code 1.105 it only grows. */
export function createProduct({ listForgets }: { readonly listForgets: boolean }): Product {
  const tools = (server: ServerName): string[] =>
    vscode.lm.tools.map(({ name }) => name).filter((name) => toolPrefixes[server].test(name));

  async function call(tool: string, input: object, withinMs = 10_000): Promise<string> {
    const name = vscode.lm.tools.find((known) => known.name.endsWith(`_${tool}`))?.name;
    if (name === undefined) throw new Error(`VS Code does not list ${tool}`);
    // Some failures make VS Code wait for ever.
    const cancel = new vscode.CancellationTokenSource();
    const timer = setTimeout(() => {
      cancel.cancel();
    }, withinMs);
    try {
      const options = { input, toolInvocationToken: undefined };
      const { content } = await vscode.lm.invokeTool(name, options, cancel.token);
      return content
        .map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : ''))
        .join('\n');
    } finally {
      clearTimeout(timer);
      cancel.dispose();
    }
  }

  const ask = (server: ServerName): Promise<string> =>
    call(readingTools[server].name, readingTools[server].input);

  const isGone = async (server: ServerName): Promise<boolean> => {
    if (listForgets) return tools(server).length === 0;
    return ask(server).then(() => false, isUnknownTool);
  };

  return {
    async activate() {
      const extension = vscode.extensions.getExtension(extensionId);
      if (extension === undefined) throw new Error('the extension is not there');
      await extension.activate();
    },
    run: (command, ...values) => vscode.commands.executeCommand(command, ...values),
    tools,
    call,
    ask,
    async start(server) {
      await eventually(
        `${server} starts and answers`,
        async () => {
          await vscode.commands.executeCommand(
            'workbench.mcp.startServer',
            `${extensionId}/${server}`,
            { waitForLiveTools: true },
          );
          return tools(server).length > 0 && (await ask(server));
        },
        { everyMs: 200 },
      );
    },
    async back(server) {
      await eventually(
        `VS Code offers the tools of ${server} again`,
        async () => tools(server).length > 0 && (await ask(server)),
        { withinMs: 5_000 },
      );
    },
    async gone(server) {
      await eventually(`VS Code offers no tool of ${server}`, () => isGone(server), {
        withinMs: 3_000,
      });
    },
    goneAt: (server) =>
      eventually(
        `VS Code offers no tool of ${server}`,
        async () => (await isGone(server)) && Date.now(),
        { withinMs: 5_000, everyMs: 5 },
      ),
  };
}
