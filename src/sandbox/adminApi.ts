// The administration as JSON. Every write answers with the new state.
import express, { Router, type Request, type Response } from 'express';
import type { JWK } from 'jose';
import { z } from 'zod';
import type { AccessTokens } from './accessTokens.ts';
import { organization, people, type Catalogue } from './catalogue.ts';
import type { EmergencyStop } from './emergencyStop.ts';
import { emergencyStopApi } from './emergencyStopApi.ts';
import { waysDown, type Faults, type FaultSwitches } from './faults.ts';
import type { IdentityProvider } from './identityProvider.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';
import type { Policy } from './policy.ts';
import { bodyOf } from './requestBody.ts';
import type { SharedSignals } from './sharedSignals.ts';
import { sharedSignalsApi } from './sharedSignalsApi.ts';

export interface AdminDependencies {
  readonly catalogue: Catalogue;
  readonly policy: Policy;
  readonly faults: FaultSwitches;
  readonly ledger: Ledger;
  readonly tokens: AccessTokens;
  readonly identityProvider: IdentityProvider;
  /** Per party that knows clients by their public keys. */
  readonly keyRegistrations: ReadonlyMap<string, (clientId: string, jwk: JWK) => void>;
  readonly emergencyStop: EmergencyStop | undefined;
  readonly sharedSignals: SharedSignals | undefined;
  /** Per server that can be made to say something else of a tool. */
  readonly rewrites: ReadonlyMap<string, () => void>;
  /** Back to the beginning; the ledger stays. */
  reset(): void | Promise<void>;
}

const grantBody = z.strictObject({ scopes: z.array(z.string()).min(1) });
const revokeBody = z.strictObject({ server: z.string().optional() });
const keyBody = z.strictObject({ jwk: z.looseObject({ kty: z.string() }) });
const someOf = (entries: readonly { readonly id: string }[]) =>
  z.array(z.enum(entries.map(({ id }) => id)));
const faultsBody = ({ servers, authorizationServers }: Catalogue) =>
  z
    .strictObject({
      identityProviderDown: z.boolean(),
      authorizationServerDown: someOf(authorizationServers),
      serverDown: someOf(servers),
      downAs: z.enum(waysDown),
      latencyMs: z.number().int().min(0).max(60_000),
      accessTokenSeconds: z.number().int().min(1).max(86_400),
    })
    .partial();

export function createAdminApi(deps: AdminDependencies): Router {
  const api = Router();
  api.use(express.json());
  api.get('/state', (_request, response) => {
    response.json(stateOf(deps));
  });
  addGrants(api, deps);
  addPeople(api, deps);
  addKeys(api, deps.keyRegistrations);
  addLedger(api, deps.ledger);
  api.put('/faults', (request, response) => {
    const faults = bodyOf(faultsBody(deps.catalogue), request, response);
    if (faults === undefined) return;
    deps.faults.set(faults as Partial<Faults>);
    response.json(stateOf(deps));
  });
  addSigned(api, deps);
  api.post('/servers/:server/rewrite-tools', (request, response) => {
    const rewrite = deps.rewrites.get(request.params.server);
    rewrite?.();
    if (rewrite === undefined) response.status(404).json({ error: 'no such server' });
    else response.json(stateOf(deps));
  });
  api.post('/reset', async (_request, response) => {
    await deps.reset();
    response.json(stateOf(deps));
  });
  api.use((_request, response) => {
    response.status(404).json({ error: 'there is no such thing' });
  });
  return api;
}

/** What the organization says to everybody at once, where it does. */
function addSigned(api: Router, deps: AdminDependencies): void {
  const { emergencyStop, sharedSignals } = deps;
  const answer = (response: Response) => {
    response.json(stateOf(deps));
  };
  if (emergencyStop !== undefined) {
    api.use('/emergency-stop', emergencyStopApi(emergencyStop, answer));
  }
  if (sharedSignals !== undefined) api.use('/signals', sharedSignalsApi(sharedSignals, answer));
}

function stateOf(deps: AdminDependencies) {
  const { policy, faults, ledger, tokens, identityProvider } = deps;
  const { servers, authorizationServers } = deps.catalogue;
  return {
    organization,
    people: people.map(({ id, name, email }) => ({
      id,
      name,
      email,
      sessions: identityProvider.countSessions(id),
      accessTokens: tokens.count(id),
      grants: Object.fromEntries(
        servers
          .map((server) => [server.id, policy.scopesOf(id, server.id)] as const)
          .filter(([, scopes]) => scopes.length > 0),
      ),
    })),
    servers: servers.map(({ id, label, scopes, authorizationServer }) => ({
      rewrites: deps.rewrites.has(id),
      id,
      label,
      scopes,
      authorizationServer,
    })),
    authorizationServers: authorizationServers.map(({ id, label }) => ({ id, label })),
    faults: faults.current,
    ...(deps.emergencyStop === undefined ? {} : { emergencyStop: deps.emergencyStop.state }),
    ...(deps.sharedSignals === undefined ? {} : { signals: deps.sharedSignals.state }),
    ledger: { last: ledger.last },
  };
}

function addGrants(api: Router, deps: AdminDependencies): void {
  const find = (request: Request, response: Response) => {
    const person = people.find(({ id }) => id === request.params['person']);
    const server = deps.catalogue.servers.find(({ id }) => id === request.params['server']);
    if (person !== undefined && server !== undefined) return { person, server };
    response.status(404).json({ error: 'no such person or server' });
    return undefined;
  };
  api.put('/grants/:person/:server', (request, response) => {
    const found = find(request, response);
    const body = found && bodyOf(grantBody, request, response);
    if (found === undefined || body === undefined) return;
    const scopes = found.server.scopes.filter((scope) => body.scopes.includes(scope));
    if (scopes.length !== new Set(body.scopes).size) {
      response
        .status(400)
        .json({ error: `scopes of this server: ${found.server.scopes.join(' ')}` });
      return;
    }
    deps.policy.grant(found.person.id, found.server.id, scopes);
    response.json(stateOf(deps));
  });
  api.delete('/grants/:person/:server', (request, response) => {
    const found = find(request, response);
    if (found === undefined) return;
    deps.policy.remove(found.person.id, found.server.id);
    response.json(stateOf(deps));
  });
}

function addPeople(api: Router, deps: AdminDependencies): void {
  const find = (request: Request, response: Response) => {
    const person = people.find(({ id }) => id === request.params['person']);
    if (person === undefined) response.status(404).json({ error: 'no such person' });
    return person;
  };
  // Access tokens issued before stay valid until they expire: that is what a real company has, too.
  api.post('/people/:person/end-session', (request, response) => {
    const person = find(request, response);
    if (person === undefined) return;
    deps.identityProvider.endSession(person.id);
    response.json(stateOf(deps));
  });
  api.post('/people/:person/revoke-access', (request, response) => {
    const person = find(request, response);
    const body = person && bodyOf(revokeBody, request, response);
    if (person === undefined || body === undefined) return;
    if (body.server !== undefined && !deps.catalogue.servers.some(({ id }) => id === body.server)) {
      response.status(400).json({ error: 'no such server' });
      return;
    }
    deps.tokens.revoke(
      (token) =>
        token.person === person.id && (body.server === undefined || token.server === body.server),
    );
    response.json(stateOf(deps));
  });
}

/** A public key of a device becomes the one of a client. */
function addKeys(api: Router, registrations: AdminDependencies['keyRegistrations']): void {
  api.put('/clients/:party/:client/keys', (request, response) => {
    const register = registrations.get(request.params.party);
    const body = bodyOf(keyBody, request, response);
    if (body === undefined) return;
    if (register === undefined) {
      response.status(404).json({ error: 'no such party' });
      return;
    }
    try {
      register(request.params.client, body.jwk);
      response.status(204).end();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      response.status(400).json({ error: error.message });
    }
  });
}

function addLedger(api: Router, ledger: Ledger): void {
  const sinceOf = (text: unknown): number | undefined =>
    typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  api.get('/ledger', (request, response) => {
    response.json({ entries: ledger.since(sinceOf(request.query['since']) ?? 0) });
  });
  api.get('/ledger/stream', (request, response) => {
    const from = sinceOf(request.get('last-event-id')) ?? sinceOf(request.query['since']);
    response.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const send = (entry: LedgerEntry) => {
      response.write(`id: ${entry.seq}\ndata: ${JSON.stringify(entry)}\n\n`);
    };
    response.write(':\n\n');
    ledger.since(from ?? ledger.last).forEach(send);
    response.on('close', ledger.follow(send));
  });
}
