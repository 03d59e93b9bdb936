// An MCP server behind the bearer check, on the SDK's Streamable HTTP transport with sessions.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import express, { type Express, type Request, type Response } from 'express';
import type { AccessToken, AccessTokens } from './accessTokens.ts';
import { createBearerCheck, type BearerCheck, type Refusal } from './bearerCheck.ts';
import type { ServerEntry } from './catalogue.ts';
import type { Endpoint, Note } from './front.ts';

/** What a server is about; the rest is the same for all. */
export interface Tools {
  /** One protocol server per session. */
  readonly open: () => { readonly server: McpServer; readonly close?: (sessionId: string) => void };
  /** Scopes a tool needs beyond having access at all. */
  readonly scopesFor?: (tool: string) => readonly string[];
  /** Back to the data it started with. */
  readonly reset?: () => void;
}

export interface McpServerOptions {
  readonly entry: ServerEntry;
  readonly url: string;
  /** Issuer of the authorization server. */
  readonly issuer: string;
  readonly tools: Tools;
  readonly tokens: AccessTokens;
  readonly note: (request: IncomingMessage) => Note;
}

const metadataPath = '/.well-known/oauth-protected-resource/mcp';

export const mcpServerEndpoints: readonly Endpoint[] = [
  { path: '/mcp', leg: 'mcp' },
  { path: metadataPath, leg: 'metadata' },
];

interface Session {
  readonly transport: StreamableHTTPServerTransport;
  readonly person: string;
}

export function createMcpServer(options: McpServerOptions): Express {
  const { entry, url, issuer, tokens, note } = options;
  const check = createBearerCheck({
    server: entry.id,
    scopes: entry.scopes,
    metadataUrl: new URL(metadataPath, url).href,
    tokens,
  });
  const sessions = new Map<string, Session>();
  const app = express().disable('x-powered-by').disable('etag');
  app.get(metadataPath, (_request, response) => {
    response.json({
      resource: url,
      resource_name: `${entry.label} of Acme`,
      authorization_servers: [issuer],
      scopes_supported: entry.scopes,
      bearer_methods_supported: ['header'],
    });
  });
  app.all(
    '/mcp',
    (request, response, next) => {
      const found = check.check(request);
      if ('challenge' in found) {
        refuse(response, found, note(request));
        return;
      }
      Object.assign(note(request), { person: found.is.person, server: entry.id });
      Object.assign(request, { auth: authInfo(found) });
      response.locals['is'] = found.is;
      next();
    },
    express.json({ limit: '4mb' }),
    (request, response) =>
      serve({ options, check, sessions }, request, response, response.locals['is'] as AccessToken),
  );
  return app;
}

function authInfo({ token, is }: { readonly token: string; readonly is: AccessToken }) {
  return {
    token,
    clientId: is.clientId,
    scopes: [...is.scopes],
    expiresAt: Math.floor(is.expiresAtMs / 1000),
    extra: { person: is.person },
  };
}

function refuse(response: Response, refusal: Refusal, note: Note): void {
  const { status, error, challenge } = refusal;
  if (error !== undefined) note.error = error;
  response
    .status(status)
    .set('www-authenticate', `Bearer ${challenge}`)
    .json({ error: error ?? 'unauthorized' });
}

interface Context {
  readonly options: McpServerOptions;
  readonly check: BearerCheck;
  readonly sessions: Map<string, Session>;
}

async function serve(
  { options, check, sessions }: Context,
  request: Request,
  response: Response,
  token: AccessToken,
): Promise<void> {
  const note = options.note(request);
  const { method, tool } = describeCall(request.body);
  const detail = tool ?? method;
  if (detail !== undefined) note.detail = detail;
  const needed = tool === undefined ? [] : (options.tools.scopesFor?.(tool) ?? []);
  if (needed.some((scope) => !token.scopes.includes(scope))) {
    refuse(response, check.insufficientScope(needed), note);
    return;
  }
  const id = request.get('mcp-session-id');
  const session = id === undefined ? undefined : sessions.get(id);
  if (id !== undefined && session?.person !== token.person) {
    // Another person's session is as unknown as none: its id is no credential.
    response.status(404).json(rpcError('Session not found'));
    return;
  }
  const transport =
    session?.transport ?? (await openSession(options.tools, sessions, token.person));
  await transport.handleRequest(request, response, request.body);
}

async function openSession(
  tools: Tools,
  sessions: Map<string, Session>,
  person: string,
): Promise<StreamableHTTPServerTransport> {
  const { server, close } = tools.open();
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => {
      sessions.set(id, { transport, person });
    },
  });
  server.server.onclose = () => {
    const id = transport.sessionId;
    if (id === undefined) return;
    sessions.delete(id);
    close?.(id);
  };
  await server.connect(transport);
  return transport;
}

const rpcError = (message: string) => ({
  jsonrpc: '2.0',
  error: { code: -32001, message },
  id: null,
});

// Only what reads like a name gets into the ledger: a client can put anything here, a token too.
const methodName = /^[a-z]{1,16}(\/[a-zA-Z_]{1,20}){0,2}$/;
const toolName = /^(?=.{1,48}$)[a-z]+([-_][a-z]+)*$/;

function describeCall(body: unknown): { readonly method?: string; readonly tool?: string } {
  if (typeof body !== 'object' || body === null || !('method' in body)) return {};
  const { method } = body;
  if (typeof method !== 'string' || !methodName.test(method)) return {};
  if (method !== 'tools/call' || !('params' in body)) return { method };
  const { params } = body;
  const tool =
    typeof params === 'object' && params !== null && 'name' in params ? params.name : undefined;
  return typeof tool === 'string' && toolName.test(tool) ? { method, tool } : { method };
}
