// An MCP server: its metadata, its check of who may do what, and behind that the SDK.
import type { IncomingMessage } from 'node:http';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { checkAccess, type Caller } from './accessCheck.ts';
import type { AccessTokens } from './accessTokens.ts';
import type { ServerEntry } from './catalogue.ts';
import { deny, type Denial } from './challenge.ts';
import { createProofCheck } from './dpopProof.ts';
import type { Endpoint, Note } from './front.ts';
import { describeCall } from './mcpCall.ts';
import { createMcpSessions, type ServeMcp } from './mcpSessions.ts';
import { resourceMetadata, resourceMetadataPath, type Resource } from './resourceMetadata.ts';
import { createStatelessMcp } from './statelessMcp.ts';

/** What a server is about; the rest is the same for all. */
export interface Tools {
  /** One protocol server per session. */
  readonly open: () => { readonly server: McpServer; readonly close?: (sessionId: string) => void };
  /** Scopes a tool needs beyond having access at all. */
  readonly scopesFor?: (tool: string) => readonly string[];
  /** From now on a tool says something else of itself, also to those who have listed it. */
  readonly rewrite?: () => void;
  /** Back to the data it started with. */
  readonly reset?: () => void;
}

export interface McpServerOptions extends Resource {
  readonly entry: ServerEntry;
  readonly tools: Tools;
  readonly tokens: AccessTokens;
  readonly note: (request: IncomingMessage) => Note;
}

export function mcpServerEndpoints(entry: ServerEntry, url: string): readonly Endpoint[] {
  const metadata = resourceMetadataPath(entry, url);
  return [
    { path: new URL(url).pathname, leg: 'mcp' },
    ...(metadata === undefined ? [] : [{ path: metadata, leg: 'metadata' } as const]),
  ];
}

export function createMcpServer(options: McpServerOptions): Express {
  const { entry, url } = options;
  const serveMcp = eraOf(options);
  const metadataPath = resourceMetadataPath(entry, url);
  const app = express().disable('x-powered-by').disable('etag');
  if (metadataPath !== undefined) {
    app.get(metadataPath, (_request, response) => {
      response.json(resourceMetadata(entry, options));
    });
  }
  const access = accessControl(options);
  app.all(
    new URL(url).pathname,
    access.requireToken,
    express.json({ limit: '4mb' }),
    access.requireScopes,
    (request, response) => serveMcp(request, response, callerAt(response).is.person),
  );
  return app;
}

function eraOf({ entry, tools }: McpServerOptions): ServeMcp {
  switch (entry.era ?? '2025-11-25') {
    case '2025-06-18':
      return createMcpSessions(tools, '2025-06-18');
    case '2026-07-28':
      return createStatelessMcp(tools);
    case 'both':
      return createStatelessMcp(tools, createMcpSessions(tools));
    default:
      return createMcpSessions(tools);
  }
}

const callerAt = (response: Response) => response.locals['caller'] as Caller;

/** Steps before anything of MCP is looked at, and the one after the call is known. */
function accessControl({ entry, url, tokens, tools, note }: McpServerOptions) {
  const proofCheck = createProofCheck({ nonces: entry.dpop === 'nonce' });
  const metadataPath = resourceMetadataPath(entry, url);
  const metadataUrl = metadataPath === undefined ? undefined : new URL(metadataPath, url).href;
  const refuse = (request: Request, response: Response, denial: Denial) => {
    deny({ response, note: note(request) }, denial, { setup: entry, metadataUrl });
  };
  return {
    requireToken: async (request: Request, response: Response, next: NextFunction) => {
      const caller = await checkAccess({ entry, url, tokens, proofCheck }, request, response);
      if ('status' in caller) {
        refuse(request, response, caller);
        return;
      }
      Object.assign(note(request), { person: caller.is.person, server: entry.id });
      Object.assign(request, { auth: authInfo(caller) });
      response.locals['caller'] = caller;
      next();
    },
    requireScopes: (request: Request, response: Response, next: NextFunction) => {
      const { method, tool } = describeCall(request.body);
      const detail = tool ?? method;
      if (detail !== undefined) note(request).detail = detail;
      const needed =
        tool === undefined ? [] : (entry.toolScopes?.[tool] ?? tools.scopesFor?.(tool) ?? []);
      if (needed.every((scope) => callerAt(response).is.scopes.includes(scope))) next();
      else refuse(request, response, { status: 403, error: 'insufficient_scope', scopes: needed });
    },
  };
}

function authInfo({ token, is }: Caller) {
  return {
    token,
    clientId: is.clientId,
    scopes: [...is.scopes],
    expiresAt: Math.floor(is.expiresAtMs / 1000),
    extra: { person: is.person },
  };
}
