// Lets a suite inside the extension host ask for what only a person at the browser can do.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { confirmSignOut, isSignInPage, isSignOutPage, signInAs } from './signInPage.ts';

/** Who sits at the company's pages: a person who does what they ask, or somebody who closes or ignores them. */
export type Visitor = { readonly person: string } | 'closes' | 'ignores';

export interface Seen {
  /** Addresses of pages opened since the last question, without query. */
  readonly pages: readonly string[];
  /** Dialogs of VS Code's own since the last question. */
  readonly dialogs: readonly string[];
}

export interface BridgeRequests {
  '/visitor': { readonly visitor: Visitor };
  '/seen': Record<string, never>;
  '/screenshot': { readonly name: string };
  /** A desktop VS Code opens its pages here instead of in the person's own browser. */
  '/open': { readonly url: string };
}

export interface Bridge {
  readonly url: string;
  noteDialog(text: string): void;
  close(): Promise<void>;
}

interface BridgeOptions {
  readonly context: BrowserContext;
  /** The workbench, where it is a page; every other page is one the extension opened. */
  readonly workbench?: Page;
  readonly artifacts: string;
}

/** Answers a suite's requests on a free loopback port and deals with the pages that open. */
export async function startBridge(options: BridgeOptions): Promise<Bridge> {
  const { context, workbench, artifacts } = options;
  const pages: string[] = [];
  const dialogs: string[] = [];
  const state: { visitor: Visitor } = { visitor: 'ignores' };

  async function receive(page: Page): Promise<void> {
    // VS Code opens an empty window first.
    await page.waitForURL(/^https?:/, { waitUntil: 'domcontentloaded' });
    pages.push(page.url().split('?')[0] ?? '');
    const { visitor } = state;
    if (visitor === 'ignores') return;
    if (visitor === 'closes') await page.close();
    else if (await isSignInPage(page)) await signInAs(page, visitor.person);
    else if (await isSignOutPage(page)) await confirmSignOut(page);
  }
  context.on('page', (page) => {
    if (page === workbench) return;
    // A page that closes itself meanwhile is no failure of the suite.
    receive(page).catch((error: unknown) => {
      if (!page.isClosed()) console.error(error);
    });
  });

  const handlers: { [P in keyof BridgeRequests]: (body: BridgeRequests[P]) => unknown } = {
    '/visitor': ({ visitor }) => {
      state.visitor = visitor;
      return {};
    },
    '/seen': (): Seen => ({ pages: pages.splice(0), dialogs: dialogs.splice(0) }),
    '/screenshot': async ({ name }) => {
      await workbench?.screenshot({ path: path.join(artifacts, `${name}.png`) });
      return {};
    },
    '/open': async ({ url }) => {
      await (await context.newPage()).goto(url);
      return {};
    },
  };

  const server = createServer((request, response) => {
    const answer = async (): Promise<unknown> => {
      const handler = (handlers as Record<string, (body: never) => unknown>)[request.url ?? ''];
      if (handler === undefined) throw new Error(`no such request: ${String(request.url)}`);
      return handler((await readJson(request)) as never);
    };
    answer().then(
      (body) => response.end(JSON.stringify(body)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    noteDialog: (text) => void dialogs.push(text),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString() || '{}');
}
