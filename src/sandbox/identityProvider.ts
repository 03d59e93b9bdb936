// An identity provider: signs people in (OpenID Connect) and issues ID-JAGs. Acme's is the plain one.
import type { RequestListener } from 'node:http';
import type { JWK, JWTPayload } from 'jose';
import { errors, Provider, type KoaContextWithOIDC } from 'oidc-provider';
import { people } from './catalogue.ts';
import { obeysRules } from './clientAssertion.ts';
import { createClientKeys } from './clientKeys.ts';
import type { Client } from './clients.ts';
import { deviceCodeGrant, deviceGrantManners } from './deviceGrant.ts';
import { discoveryDocument } from './discoveryDocument.ts';
import { createProofCheck } from './dpopProof.ts';
import type { Endpoint, Front, Note } from './front.ts';
import { alteredIdToken, type Occasion } from './idToken.ts';
import { issParameter } from './issParameter.ts';
import { mountAt, pathOfIssuer } from './issuerPath.ts';
import { createOidcClients } from './oidcClients.ts';
import { oidcConfiguration } from './oidcConfiguration.ts';
import { createOidcStorage } from './oidcStorage.ts';
import type { Policy } from './policy.ts';
import type { PublicKeys } from './publicKeys.ts';
import { isPostLogoutRedirectAllowed, isRedirectAllowed } from './redirects.ts';
import type { IdentityProviderSetup } from './setup.ts';
import { signInPages, signInPath } from './signInPage.ts';
import { createSigningKeys, type SigningKeys } from './signingKeys.ts';
import { registerTokenExchange, tokenExchangeGrant, type Audience } from './tokenExchange.ts';

export interface IdentityProvider {
  readonly listener: RequestListener;
  /** What signatures of this identity provider are verified with. */
  readonly publicKeys: PublicKeys;
  /** Makes a device's public key the one of a client. */
  readonly registerKey: (clientId: string, jwk: JWK) => void;
  countSessions(person: string): number;
  /** Ends every session of a person and everything issued from it. */
  endSession(person: string): void;
  reset(): void;
}

export interface IdentityProviderOptions {
  readonly issuer: string;
  /** Origin for pages. VS Code in a browser rewrites 127.0.0.1, so pages have a host name. */
  readonly browserOrigin: string;
  readonly clients: readonly Client[];
  readonly audiences: readonly Audience[];
  readonly policy: Policy;
  readonly front: Front;
  readonly setup: IdentityProviderSetup;
}

const wellKnown = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];
const routes: readonly Endpoint[] = [
  ...wellKnown.map((path) => ({ path, leg: 'metadata' }) as const),
  { path: '/jwks', leg: 'metadata' },
  { path: '/authorize', leg: 'signIn' },
  { path: '/authorize/:uid', leg: 'signIn' },
  { path: `${signInPath}/:uid`, leg: 'signIn' },
  { path: `${signInPath}/:uid/cancel`, leg: 'signIn' },
  { path: '/device', leg: 'signIn' },
  { path: '/device/authorize', leg: 'signIn' },
  { path: '/device/:uid', leg: 'signIn' },
  { path: '/token', leg: 'other' },
  { path: '/userinfo', leg: 'other' },
  { path: '/revoke', leg: 'revocation' },
  { path: '/sign-out', leg: 'endSession' },
  { path: '/sign-out/confirm', leg: 'endSession' },
  { path: '/sign-out/success', leg: 'endSession' },
];

/** Where the ledger meets an identity provider of this issuer. */
export function identityProviderEndpoints(issuer: string): readonly Endpoint[] {
  const issuerPath = pathOfIssuer(issuer);
  if (issuerPath === '') return routes;
  return [
    ...routes.map(({ path, leg }) => ({ path: issuerPath + path, leg })),
    ...wellKnown.map((path) => ({ path: path + issuerPath, leg: 'metadata' }) as const),
  ];
}

const legOfGrant = {
  authorization_code: 'signIn',
  [deviceCodeGrant]: 'signIn',
  refresh_token: 'refresh',
  [tokenExchangeGrant]: 'exchange',
} as const;

export async function createIdentityProvider(
  options: IdentityProviderOptions,
): Promise<IdentityProvider> {
  const { issuer, clients, front, setup } = options;
  const issuerPath = pathOfIssuer(issuer);
  const storage = createOidcStorage(setup.refreshGraceSec);
  const clientKeys = createClientKeys();
  const keys = await createSigningKeys();
  const registrations = createOidcClients(clients, clientKeys, setup);
  const provider = new Provider(issuer, {
    ...oidcConfiguration(setup, { issuerPath, assertion: assertionRules(options) }),
    adapter: (model: string) => (model === 'Client' ? registrations : storage.adapter(model)),
    jwks: keys.privateKeys,
  });
  provider.Client.prototype.redirectUriAllowed = isRedirectAllowed;
  provider.Client.prototype.postLogoutRedirectUriAllowed = isPostLogoutRedirectAllowed;
  // The ID token names its session, so that the session's end is the end of the ID token.
  provider.Client.prototype.includeSid = () => true;
  provider.on('server_error', (_ctx, error) => {
    console.error(error);
  });
  const complain = provider.onerror.bind(provider);
  provider.onerror = (error: Error & { code?: string }) => {
    // Whoever hangs up in the middle of an answer has had enough of it.
    if (!['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(error.code ?? '')) complain(error);
  };
  addMiddleware(provider, options, keys);
  registerTokenExchange(provider, {
    ...options,
    ...{ provider, storage, keys, publicKeys: keys.publicKeys },
    proofCheck: createProofCheck({ nonces: setup.dpop === 'nonce', nowMs: clockOf(setup) }),
    note: (ctx) => front.note(ctx.req),
  });
  const answer = provider.callback();
  return {
    // Koa answers errors by itself; its promise never rejects.
    listener: (request, response) => void answer(request, response),
    publicKeys: keys.publicKeys,
    registerKey: clientKeys.register,
    countSessions: storage.countSessions,
    endSession: storage.forget,
    reset: storage.clear,
  };
}

const clockOf = (setup: IdentityProviderSetup) => () =>
  Date.now() + (setup.clockOffsetSec ?? 0) * 1000;

/** Outermost first. */
function addMiddleware(
  provider: Provider,
  options: IdentityProviderOptions,
  keys: SigningKeys,
): void {
  const { issuer, browserOrigin, front, setup } = options;
  const issuerPath = pathOfIssuer(issuer);
  provider.use(noteOutcome(front));
  if (setup.clockOffsetSec !== undefined) provider.use(ownClock(setup));
  provider.use(mountAt(issuerPath));
  provider.use(discoveryDocument(setup, { issuer, issuerPath, browserOrigin }));
  provider.use(issParameter(setup));
  provider.use(deviceGrantManners(browserOrigin, setup.deviceIntervalSec));
  provider.use(alterIdTokens(setup, keys));
  provider.use(allowOfflineAccess);
  provider.use(
    signInPages({
      ...{ provider, people, issuerPath, stepUpWorks: setup.stepUpWorks !== false },
      onSignedIn: (ctx, person) => {
        front.note(ctx.req).person = person.id;
      },
    }),
  );
}

function assertionRules({ issuer, setup }: IdentityProviderOptions) {
  const tokenEndpoint = `${new URL(issuer).origin}${pathOfIssuer(issuer)}/token`;
  const party = { issuer, tokenEndpoint, rules: setup.clientAssertion ?? {} };
  return (_ctx: KoaContextWithOIDC, claims: JWTPayload, header: { typ?: unknown }): void => {
    if (obeysRules(claims, header.typ, party)) return;
    throw new errors.InvalidClientAuth('the assertion does not obey the rules of this server');
  };
}

type Next = () => Promise<unknown>;

/** A computer whose clock is wrong says so in every answer. */
function ownClock(setup: IdentityProviderSetup) {
  const nowMs = clockOf(setup);
  return async (ctx: KoaContextWithOIDC, next: Next): Promise<void> => {
    await next();
    ctx.set('date', new Date(nowMs()).toUTCString());
  };
}

function alterIdTokens(setup: IdentityProviderSetup, keys: SigningKeys) {
  return async (ctx: KoaContextWithOIDC, next: Next): Promise<void> => {
    await next();
    const answer = ctx.body as { id_token?: unknown } | undefined;
    if (ctx.path !== '/token' || typeof answer?.id_token !== 'string') return;
    const occasion: Occasion =
      ctx.oidc.params?.['grant_type'] === 'refresh_token' ? 'refresh' : 'signIn';
    answer.id_token = await alteredIdToken(answer.id_token, occasion, { setup, keys });
  };
}

/** Person, leg and error of an answer, for the ledger. */
function noteOutcome(front: Front) {
  return async (ctx: KoaContextWithOIDC, next: Next): Promise<void> => {
    await next();
    // Absent where no route of the provider matched.
    const oidc = ctx.oidc as KoaContextWithOIDC['oidc'] | undefined;
    const note: Note = front.note(ctx.req);
    const person =
      oidc?.entities.Account?.accountId ??
      oidc?.entities.RefreshToken?.accountId ??
      oidc?.session?.accountId;
    if (person !== undefined) note.person ??= person;
    const grant = oidc?.params?.['grant_type'];
    if (typeof grant === 'string' && Object.hasOwn(legOfGrant, grant)) {
      note.leg = legOfGrant[grant as keyof typeof legOfGrant];
    }
    const body: unknown = ctx.body;
    if (ctx.status >= 400 && typeof body === 'object' && body !== null && 'error' in body) {
      note.error = String(body.error);
    }
  };
}

/**
 * `offline_access` needs `prompt=consent` (OpenID Connect Core §11) unless other conditions permit it:
 * Acme consented for its people, so the prompt counts as given and nobody is asked.
 */
async function allowOfflineAccess(ctx: KoaContextWithOIDC, next: Next): Promise<void> {
  const { scope, prompt } = ctx.query;
  if (ctx.path === '/authorize' && prompt !== 'none' && String(scope).includes('offline_access')) {
    ctx.query = {
      ...ctx.query,
      prompt: `${typeof prompt === 'string' ? prompt : ''} consent`.trim(),
    };
  }
  await next();
}
