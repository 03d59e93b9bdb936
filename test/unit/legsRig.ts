// All legs of the access to one server, with the answers of everybody in hand.
import { UnsecuredJWT, type JWTPayload } from 'jose';
import { requestAccess, type Access } from '../../src/core/access/accessRequest.ts';
import type { Discovery } from '../../src/core/discovery/discovery.ts';
import { createDpopKeys } from '../../src/core/client/dpopKeys.ts';
import { ConnectError, type Facts } from '../../src/core/errors.ts';
import {
  authorizationServerParty,
  createGuardedFetch,
  identityProviderParty,
} from '../../src/core/http/http.ts';
import type { Prove, Subject } from '../../src/core/access/idJag.ts';
import type { OpenUrl, SecretStore } from '../../src/core/ports.ts';
import type { IdentityProviderProfile, ServerProfile } from '../../src/core/profile/profile.ts';
import { Secret } from '../../src/core/secret.ts';
import { identityProviderEntry, serverEntry } from '../support/entries.ts';
import { FakeClock } from '../support/fakeClock.ts';

export const idpIssuer = 'https://idp.example';
export const issuer = 'https://auth.example';
export const resource = 'https://tickets.example/mcp';
export const idJagType = 'urn:ietf:params:oauth:token-type:id-jag';
export const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** Stands still: what passes time brings a clock of its own. */
export const clock = new FakeClock();

/** An ID-JAG as good as can be but for `claims`: its signature is not ours to check. */
export function idJag(claims: JWTPayload = {}, header: object = {}): string {
  const nowSec = clock.now() / 1000;
  const plain = { aud: issuer, resource, client_id: 'there', jti: 'j-1', iat: nowSec };
  const payload = new UnsecuredJWT({ ...plain, exp: nowSec + 300, ...claims })
    .encode()
    .split('.')[1];
  const head = JSON.stringify({ alg: 'ES256', typ: 'oauth-id-jag+jwt', ...header });
  return `${Buffer.from(head).toString('base64url')}.${payload ?? ''}.c2ln`;
}

export interface Asked {
  readonly url: string;
  readonly form: URLSearchParams;
  readonly headers: Headers;
}

/** Members of a good answer, a whole answer, or why there is none. */
export type Answer =
  | Readonly<Record<string, unknown>>
  | Response
  | ConnectError
  | Error
  | ((asked: Asked) => Promise<Response> | Response);

export interface Legs {
  /** One after the other; the last one stays. */
  readonly exchange?: Answer | readonly Answer[];
  readonly redemption?: Answer | readonly Answer[];
  readonly server?: Partial<ServerProfile>;
  readonly identityProvider?: Partial<IdentityProviderProfile>;
  readonly metadata?: { readonly identityProvider?: object; readonly authorizationServer?: object };
  readonly discovery?: Partial<Discovery>;
  readonly dpopRequired?: boolean;
  readonly scopes?: readonly string[];
  readonly subject?: Subject;
  readonly prove?: Prove;
  readonly tokenCapMs?: number;
  readonly store?: SecretStore;
  readonly clock?: FakeClock;
  readonly signal?: AbortSignal;
  readonly openInteraction?: OpenUrl;
}

export function memoryStore(kept = new Map<string, string>()): SecretStore {
  return {
    get: (key) => Promise.resolve(kept.get(key)),
    store: (key, value) => Promise.resolve(void kept.set(key, value)),
    delete: (key) => Promise.resolve(void kept.delete(key)),
  };
}

/** A refusal as RFC 6749 §5.2 has it. */
export const refused = (error: string, more: object = {}, init: ResponseInit = {}): Response =>
  Response.json({ error, ...more }, { status: 400, ...init });

export interface Run {
  readonly exchanges: Asked[];
  readonly redemptions: Asked[];
  readonly opened: string[];
  readonly access: Promise<Access>;
}

export function run(legs: Legs = {}): Run {
  const own = legs.clock ?? clock;
  const exchanges: Asked[] = [];
  const redemptions: Asked[] = [];
  const toIdentityProvider = answering(exchanges, legs.exchange, () => ({
    access_token: idJag(),
    token_type: 'N_A',
    issued_token_type: idJagType,
  }));
  const toAuthorizationServer = answering(redemptions, legs.redemption, () => ({
    access_token: 'at',
    token_type: 'Bearer',
  }));
  const opened: string[] = [];
  const access = requestAccess(
    {
      server: serverEntry({ clientId: 'there', ...legs.server }),
      identityProvider: identityProviderEntry({ clientId: 'here', ...legs.identityProvider }),
      scopes: legs.scopes ?? ['read'],
      onStep: () => undefined,
      signal: legs.signal ?? new AbortController().signal,
      openInteraction:
        legs.openInteraction && ((url) => (opened.push(url), legs.openInteraction!(url))),
    },
    {
      clock: own,
      store: legs.store ?? memoryStore(),
      dpopKeys: createDpopKeys(),
      prove:
        legs.prove ?? ((ask) => ask(legs.subject ?? { token: new Secret('id'), kind: 'idToken' })),
      tokenCapMs: legs.tokenCapMs ?? 1_800_000,
      discovery: { ...discoveryOf(legs), ...legs.discovery },
      toIdentityProvider: createGuardedFetch(
        { fetch: toIdentityProvider, clock: own },
        identityProviderParty,
      ),
      toAuthorizationServer: createGuardedFetch(
        { fetch: toAuthorizationServer, clock: own },
        authorizationServerParty,
      ),
    },
  );
  // Looked at later.
  access.catch(() => undefined);
  return { exchanges, redemptions, opened, access };
}

export const codeOf = ({ access }: Run): Promise<string> =>
  access.then(
    () => 'granted',
    (error: unknown) => ConnectError.from(error).code,
  );

export const factsOf = ({ access }: Run): Promise<Facts> =>
  access.then(
    () => ({}),
    (error: unknown) => ConnectError.from(error).facts,
  );

const discoveryOf = (legs: Legs): Discovery => ({
  resource: () =>
    Promise.resolve({
      resource,
      authorizationServers: [issuer],
      scopesSupported: [],
      dpopRequired: legs.dpopRequired ?? false,
      dpopAlgorithms: [],
    }),
  identityProvider: () =>
    Promise.resolve({
      issuer: idpIssuer,
      token_endpoint: `${idpIssuer}/token`,
      ...legs.metadata?.identityProvider,
    }),
  authorizationServer: () =>
    Promise.resolve({
      issuer,
      token_endpoint: `${issuer}/token`,
      grant_types_supported: [jwtBearer],
      ...legs.metadata?.authorizationServer,
    }),
  outdated: () => false,
  forget: () => undefined,
});

function answering(asked: Asked[], answers: Legs['exchange'], plain: () => object): typeof fetch {
  const list = (Array.isArray(answers) ? answers : [answers ?? {}]) as readonly Answer[];
  return async (input, init) => {
    const form = new URLSearchParams(init?.body as URLSearchParams);
    const request = { url: input as string, form, headers: new Headers(init?.headers) };
    asked.push(request);
    const answer = list[asked.length - 1] ?? list.at(-1) ?? {};
    if (answer instanceof Error) throw answer;
    if (typeof answer === 'function') return answer(request);
    if (answer instanceof Response) return answer.clone();
    return Response.json({ ...plain(), ...answer });
  };
}
