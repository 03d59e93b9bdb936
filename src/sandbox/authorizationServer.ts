// A resource authorization server: trades ID-JAGs for access tokens, takes tokens back, and counts
// whoever tries the ordinary way in.
import type { IncomingMessage } from 'node:http';
import express, { type Express, type Request, type Response } from 'express';
import type { AccessTokens } from './accessTokens.ts';
import { jwtBearerGrant, metadataOf, type Endpoints } from './authorizationServerMetadata.ts';
import { provenKey } from './boundKey.ts';
import type { AuthorizationServerEntry } from './catalogue.ts';
import type { ClientCheck } from './clientCheck.ts';
import type { Client } from './clients.ts';
import type { ProofCheck } from './dpopProof.ts';
import { plainAccessTokenSeconds, type FaultSwitches } from './faults.ts';
import { readForm } from './formBody.ts';
import type { Endpoint, Note } from './front.ts';
import { addInteractionPages } from './interactionPages.ts';
import type { Interactions } from './interactions.ts';
import { renderMessage } from './page.ts';
import type { Redemption } from './redemption.ts';
import { redemptionAnswer, sendAnswer } from './redemptionAnswer.ts';
import { Refusal } from './refusal.ts';

export interface AuthorizationServerOptions {
  readonly entry: AuthorizationServerEntry;
  readonly endpoints: Endpoints;
  readonly clientCheck: ClientCheck;
  readonly proofCheck: ProofCheck;
  readonly scopes: readonly string[];
  readonly redemption: Redemption;
  readonly interactions: Interactions | undefined;
  readonly tokens: AccessTokens;
  readonly faults: FaultSwitches;
  readonly note: (request: IncomingMessage) => Note;
}

const pathOf = (url: string) => new URL(url).pathname;

export function authorizationServerEndpoints(at: Endpoints): readonly Endpoint[] {
  const page = `${at.pages}/interaction/:id`;
  return [
    ...(at.metadata === undefined ? [] : [{ path: at.metadata, leg: 'metadata' } as const]),
    { path: pathOf(at.token), leg: 'redemption' },
    { path: pathOf(at.revocation), leg: 'revocation' },
    { path: pathOf(at.authorization), leg: 'fallback' },
    { path: pathOf(at.registration), leg: 'fallback' },
    ...['', '/confirm', '/decline'].map((end) => ({ path: page + end, leg: 'other' }) as const),
  ];
}

export function createAuthorizationServer(options: AuthorizationServerOptions): Express {
  const { entry, endpoints, interactions } = options;
  const app = express().disable('x-powered-by').disable('etag');
  app.use(ownClock(entry.clockOffsetSec));
  if (endpoints.metadata !== undefined) {
    app.get(endpoints.metadata, (_request, response) => {
      response.json(metadataOf(entry, endpoints, options.scopes));
    });
  }
  app.post(pathOf(endpoints.token), (request, response) =>
    tokenEndpoint(options, request, response),
  );
  if (entry.revocationEndpoint !== false) {
    app.post(pathOf(endpoints.revocation), (request, response) =>
      revocationEndpoint(options, request, response),
    );
  }
  if (interactions !== undefined) {
    addInteractionPages(app, { base: endpoints.pages, label: entry.label, interactions });
  }
  addOrdinaryWay(app, options);
  return app;
}

/** A computer whose clock is wrong says so in every answer. */
function ownClock(offsetSec = 0) {
  return (_request: Request, response: Response, next: () => void): void => {
    if (offsetSec !== 0)
      response.set('date', new Date(Date.now() + offsetSec * 1000).toUTCString());
    next();
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
  const client = await options.clientCheck(authorization, form);
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
  const note = options.note(request);
  try {
    const grant = proven.form.get('grant_type');
    if (grant === 'authorization_code') note.leg = 'fallback';
    if (grant !== jwtBearerGrant) {
      const description = 'only ID-JAGs are redeemed here';
      throw new Refusal({ error: 'unsupported_grant_type', description });
    }
    const answer = await redeem(options, { ...proven, request, response });
    sendAnswer(response, answer, options.entry.tampering);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    note.error = error.error;
    response.status(error.status).json(error.body);
  }
}

async function redeem(
  { entry, endpoints, redemption, tokens, faults, note, proofCheck }: AuthorizationServerOptions,
  asked: { client: Client; form: URLSearchParams; request: Request; response: Response },
): Promise<Readonly<Record<string, unknown>>> {
  const { client, form, request } = asked;
  const mode = entry.dpop ?? 'off';
  const proven = await provenKey(asked, { mode, check: proofCheck, url: endpoints.token });
  const redeemed = await redemption.redeem({ form, client, proven });
  const { person, server, scopes, jkt, authTime, acr } = redeemed;
  Object.assign(note(request), { person, server: server.id });
  const broken = faults.current.accessTokenSeconds;
  const expiresInSec =
    broken === plainAccessTokenSeconds ? (entry.accessTokenSeconds ?? broken) : broken;
  const accessToken = tokens.issue({
    ...{ person, scopes, jkt, authTime, acr },
    clientId: client.clientId,
    authorizationServer: entry.id,
    server: server.id,
    expiresAtMs: Date.now() + expiresInSec * 1000,
  });
  return redemptionAnswer({ accessToken, expiresInSec, redeemed }, entry);
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
function addOrdinaryWay(app: Express, { entry, endpoints }: AuthorizationServerOptions): void {
  app.get(pathOf(endpoints.authorization), (_request, response) => {
    const { headers, html } = renderMessage(
      `${entry.label} has its own sign-in`,
      'Nobody should ever get here: the company manages access to this server.',
    );
    response.set({ ...headers }).send(html);
  });
  app.post(pathOf(endpoints.registration), express.json(), (request, response) => {
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
