// A resource authorization server: trades ID-JAGs for access tokens, takes tokens back, and counts
// whoever tries the ordinary way in.
import type { IncomingMessage } from 'node:http';
import express, { type Express, type Request, type Response } from 'express';
import type { AccessTokens } from './accessTokens.ts';
import type { AuthorizationServerEntry } from './catalogue.ts';
import { authenticateClient } from './clientCheck.ts';
import type { Client } from './clients.ts';
import type { FaultSwitches } from './faults.ts';
import { readForm } from './formBody.ts';
import type { Endpoint, Note } from './front.ts';
import { renderMessage } from './page.ts';
import { RedemptionError, type Redemption } from './redemption.ts';

const jwtBearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

export interface AuthorizationServerOptions {
  readonly entry: AuthorizationServerEntry;
  readonly issuer: string;
  readonly clients: readonly Client[];
  readonly scopes: readonly string[];
  readonly redemption: Redemption;
  readonly tokens: AccessTokens;
  readonly faults: FaultSwitches;
  readonly note: (request: IncomingMessage) => Note;
}

export const authorizationServerEndpoints: readonly Endpoint[] = [
  { path: '/.well-known/oauth-authorization-server', leg: 'metadata' },
  { path: '/token', leg: 'redemption' },
  { path: '/revoke', leg: 'revocation' },
  { path: '/authorize', leg: 'fallback' },
  { path: '/register', leg: 'fallback' },
];

export function createAuthorizationServer(options: AuthorizationServerOptions): Express {
  const app = express().disable('x-powered-by').disable('etag');
  app.get('/.well-known/oauth-authorization-server', (_request, response) => {
    response.json(metadata(options));
  });
  app.post('/token', (request, response) => tokenEndpoint(options, request, response));
  app.post('/revoke', (request, response) => revocationEndpoint(options, request, response));
  addOrdinaryWay(app, options);
  return app;
}

/** @see RFC 8414 §2 */
function metadata({ issuer, scopes }: AuthorizationServerOptions) {
  const methods = ['none', 'client_secret_basic', 'client_secret_post'];
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    registration_endpoint: `${issuer}/register`,
    revocation_endpoint: `${issuer}/revoke`,
    revocation_endpoint_auth_methods_supported: methods,
    token_endpoint_auth_methods_supported: methods,
    grant_types_supported: ['authorization_code', jwtBearerGrant],
    authorization_grant_profiles_supported: ['urn:ietf:params:oauth:grant-profile:id-jag'],
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    scopes_supported: scopes,
  };
}

async function authenticate(
  options: AuthorizationServerOptions,
  request: Request,
  response: Response,
): Promise<{ readonly client: Client; readonly form: URLSearchParams } | undefined> {
  const form = await readForm(request);
  response.set('cache-control', 'no-store');
  const { authorization } = request.headers;
  const client = authenticateClient(options.clients, authorization, form);
  if (client !== undefined) return { client, form };
  options.note(request).error = 'invalid_client';
  if (authorization !== undefined) response.set('www-authenticate', 'Basic');
  response
    .status(401)
    .json({ error: 'invalid_client', error_description: 'the client did not prove itself' });
  return undefined;
}

async function tokenEndpoint(
  options: AuthorizationServerOptions,
  request: Request,
  response: Response,
): Promise<void> {
  const proven = await authenticate(options, request, response);
  if (proven === undefined) return;
  const { client, form } = proven;
  const note = options.note(request);
  try {
    if (form.get('grant_type') === 'authorization_code') note.leg = 'fallback';
    if (form.get('grant_type') !== jwtBearerGrant) {
      throw new RedemptionError('unsupported_grant_type', 'only ID-JAGs are redeemed here');
    }
    const { person, server, scopes } = await options.redemption.redeem(form, client);
    Object.assign(note, { person, server: server.id });
    const { accessTokenSeconds } = options.faults.current;
    const value = options.tokens.issue({
      person,
      clientId: client.clientId,
      authorizationServer: options.entry.id,
      server: server.id,
      scopes,
      expiresAtMs: Date.now() + accessTokenSeconds * 1000,
    });
    response.json({
      access_token: value,
      token_type: 'Bearer',
      expires_in: accessTokenSeconds,
      scope: scopes.join(' '),
    });
  } catch (error) {
    if (!(error instanceof RedemptionError)) throw error;
    note.error = error.error;
    response.status(400).json({ error: error.error, error_description: error.message });
  }
}

/** 200 for unknown tokens too; another client's token stays. @see RFC 7009 §2 */
async function revocationEndpoint(
  options: AuthorizationServerOptions,
  request: Request,
  response: Response,
): Promise<void> {
  const proven = await authenticate(options, request, response);
  if (proven === undefined) return;
  const value = proven.form.get('token');
  const note = options.note(request);
  if (value === null) {
    note.error = 'invalid_request';
    response.status(400).json({ error: 'invalid_request', error_description: 'token is missing' });
    return;
  }
  options.tokens.revoke((token, is) => {
    const own =
      token.authorizationServer === options.entry.id &&
      token.clientId === proven.client.clientId &&
      is(value);
    if (own) Object.assign(note, { person: token.person, server: token.server });
    return own;
  });
  response.status(200).end();
}

/** Looks like any other server to a client that falls back to per-person OAuth. */
function addOrdinaryWay(app: Express, { entry }: AuthorizationServerOptions): void {
  app.get('/authorize', (_request, response) => {
    const { headers, html } = renderMessage(
      `${entry.label} has its own sign-in`,
      'Nobody should ever get here: the company manages access to this server.',
    );
    response.set({ ...headers }).send(html);
  });
  app.post('/register', express.json(), (request, response) => {
    const body: unknown = request.body;
    const asked = typeof body === 'object' && body !== null ? body : {};
    response.status(201).json({
      token_endpoint_auth_method: 'none',
      ...asked,
      client_id: `${entry.id}-registered`,
      client_id_issued_at: Math.floor(Date.now() / 1000),
    });
  });
}
