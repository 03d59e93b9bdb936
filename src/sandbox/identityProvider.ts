// Acme's identity provider: signs people in (OpenID Connect) and issues ID-JAGs.
import { randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { createLocalJWKSet, exportJWK, generateKeyPair } from 'jose';
import { Provider, type KoaContextWithOIDC } from 'oidc-provider';
import { people } from './catalogue.ts';
import type { Client } from './clients.ts';
import type { Endpoint, Front, Note } from './front.ts';
import { oidcConfiguration } from './oidcConfiguration.ts';
import { createOidcStorage } from './oidcStorage.ts';
import type { Policy } from './policy.ts';
import type { PublicKeys } from './publicKeys.ts';
import { isPostLogoutRedirectAllowed, isRedirectAllowed } from './redirects.ts';
import { signInPages, signInPath } from './signInPage.ts';
import { registerTokenExchange, tokenExchangeGrant, type Audience } from './tokenExchange.ts';

export interface IdentityProvider {
  readonly listener: RequestListener;
  /** What signatures of this identity provider are verified with. */
  readonly publicKeys: PublicKeys;
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
}

export const identityProviderEndpoints: readonly Endpoint[] = [
  { path: '/.well-known/openid-configuration', leg: 'metadata' },
  { path: '/.well-known/oauth-authorization-server', leg: 'metadata' },
  { path: '/jwks', leg: 'metadata' },
  { path: '/authorize', leg: 'signIn' },
  { path: '/authorize/:uid', leg: 'signIn' },
  { path: `${signInPath}/:uid`, leg: 'signIn' },
  { path: `${signInPath}/:uid/cancel`, leg: 'signIn' },
  { path: '/token', leg: 'other' },
  { path: '/userinfo', leg: 'other' },
  { path: '/revoke', leg: 'revocation' },
  { path: '/sign-out', leg: 'endSession' },
  { path: '/sign-out/confirm', leg: 'endSession' },
  { path: '/sign-out/success', leg: 'endSession' },
];

const legOfGrant = {
  authorization_code: 'signIn',
  refresh_token: 'refresh',
  [tokenExchangeGrant]: 'exchange',
} as const;

export async function createIdentityProvider(
  options: IdentityProviderOptions,
): Promise<IdentityProvider> {
  const { issuer, clients, audiences, policy, front } = options;
  const storage = createOidcStorage();
  const { privateKey, kid, publicKeys, privateKeys } = await createKeys();
  const provider = new Provider(issuer, {
    ...oidcConfiguration(clients),
    adapter: (model: string) => storage.adapter(model),
    jwks: privateKeys,
  });
  provider.Client.prototype.redirectUriAllowed = isRedirectAllowed;
  provider.Client.prototype.postLogoutRedirectUriAllowed = isPostLogoutRedirectAllowed;
  // The ID token names its session, so that the session's end is the end of the ID token.
  provider.Client.prototype.includeSid = () => true;
  provider.on('server_error', (_ctx, error) => {
    console.error(error);
  });
  provider.use(noteOutcome(front));
  provider.use(pinEndpoints(options));
  provider.use(allowOfflineAccess);
  provider.use(
    signInPages({
      provider,
      people,
      onSignedIn: (ctx, person) => {
        front.note(ctx.req).person = person.id;
      },
    }),
  );
  registerTokenExchange(provider, {
    provider,
    storage,
    publicKeys,
    clients,
    audiences,
    policy,
    signingKey: { key: privateKey, kid },
    note: (ctx) => front.note(ctx.req),
  });
  const answer = provider.callback();
  return {
    // Koa answers errors by itself; its promise never rejects.
    listener: (request, response) => void answer(request, response),
    publicKeys,
    countSessions: storage.countSessions,
    endSession: storage.forget,
    reset: storage.clear,
  };
}

/** Made up per run. */
async function createKeys() {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const kid = randomBytes(8).toString('hex');
  const header = { kid, alg: 'RS256', use: 'sig' };
  return {
    privateKey,
    kid,
    publicKeys: createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), ...header }] }),
    privateKeys: { keys: [{ ...(await exportJWK(privateKey)), ...header }] },
  };
}

type Next = () => Promise<unknown>;

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

/** Pages on the browser's host, everything else on the issuer's, whoever asked. */
function pinEndpoints({ issuer, browserOrigin }: IdentityProviderOptions) {
  return async (ctx: KoaContextWithOIDC, next: Next): Promise<void> => {
    await next();
    if (!ctx.path.startsWith('/.well-known/') || ctx.status !== 200) return;
    const document = ctx.body as Record<string, unknown>;
    for (const [name, value] of Object.entries(document)) {
      if (typeof value !== 'string' || !/(_endpoint|^jwks_uri)$/.test(name)) continue;
      const page = name === 'authorization_endpoint' || name === 'end_session_endpoint';
      document[name] = (page ? browserOrigin : issuer) + new URL(value).pathname;
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
