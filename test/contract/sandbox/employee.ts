// An employee's client, by hand: no OAuth library, so that the sandbox is judged by the documents alone.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { SignJWT, type CryptoKey } from 'jose';
import type { SandboxLine } from '../../support/sandbox.ts';
import { createWebBrowser, type Visit, type WebBrowser } from './webBrowser.ts';

export type Method = 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';
export type Answer = { readonly status: number } & Readonly<Record<string, unknown>>;

export const tokenType = {
  idJag: 'urn:ietf:params:oauth:token-type:id-jag',
  idToken: 'urn:ietf:params:oauth:token-type:id_token',
  refreshToken: 'urn:ietf:params:oauth:token-type:refresh_token',
};
export const redirectUri = 'http://127.0.0.1:50123/callback';

export interface Tokens {
  readonly idToken: string;
  readonly refreshToken: string;
  readonly accessToken: string;
}

/** How a client signs for itself. */
export interface Signer {
  readonly key: CryptoKey;
  readonly audience: string;
  readonly typ?: string;
  readonly lifeSec?: number;
}

/** As much of a company as an employee's client needs to know. */
export type CompanyLine = Pick<
  SandboxLine,
  'identityProvider' | 'authorizationServers' | 'servers'
>;

export interface Authorization {
  readonly url: string;
  readonly verifier: string;
  readonly state: string;
}

export interface Employee {
  authorization(extra?: Record<string, string>): Authorization;
  browse(url: string, stopAt?: string): Promise<Visit>;
  /** Signs in on the page and redeems the code. */
  signIn(person: string, extra?: Record<string, string>): Promise<Tokens>;
  redeemCode(visit: Visit, asked: Authorization): Promise<Answer>;
  atIdentityProvider(path: string, form: Record<string, string>): Promise<Answer>;
  exchange(server: string, form: Record<string, string>): Promise<Answer>;
  redeem(server: string, form: Record<string, string>): Promise<Answer>;
  atAuthorizationServer(
    server: string,
    path: string,
    form: Record<string, string>,
  ): Promise<Answer>;
  /** From the company sign-in to an access token. */
  access(server: string, tokens: Tokens, scope?: string): Promise<string>;
  readonly browser: WebBrowser;
}

export function createEmployee(
  line: CompanyLine,
  method: Method = 'none',
  signer?: Signer,
): Employee {
  const browser = createWebBrowser();
  const issuer = line.identityProvider.issuer.replace(/\/$/, '');
  const client = line.identityProvider.clients.find((one) => one.clientAuthentication === method)!;
  const pages = issuer.replace('127.0.0.1', 'acme.localhost');

  const serverOf = (id: string) => line.servers.find((one) => one.id === id)!;
  function registrationAt(id: string) {
    const at = line.authorizationServers.find(
      (one) => one.issuer === serverOf(id).authorizationServer,
    )!;
    return { at, client: at.clients.find((one) => one.clientAuthentication === method)! };
  }

  function authorization(extra: Record<string, string> = {}): Authorization {
    const verifier = randomBytes(32).toString('base64url');
    const state = randomBytes(8).toString('hex');
    const query = new URLSearchParams({
      client_id: client.clientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'openid profile email offline_access',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      state,
      ...extra,
    });
    return { url: `${pages}/authorize?${query.toString()}`, verifier, state };
  }

  const atIdentityProvider: Employee['atIdentityProvider'] = (path, form) =>
    post(issuer + path, form, { ...client, ...(signer && { signer }) });

  async function redeemCode(visit: Visit, { verifier }: Authorization): Promise<Answer> {
    return atIdentityProvider('/token', {
      grant_type: 'authorization_code',
      code: visit.url.searchParams.get('code') ?? '',
      redirect_uri: visit.url.href.split('?')[0]!,
      code_verifier: verifier,
    });
  }

  const exchange: Employee['exchange'] = (server, form) =>
    atIdentityProvider('/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: tokenType.idJag,
      audience: serverOf(server).authorizationServer,
      resource: serverOf(server).url,
      ...form,
    });

  const atAuthorizationServer: Employee['atAuthorizationServer'] = (server, path, form) => {
    const registration = registrationAt(server);
    return post(registration.at.issuer + path, form, registration.client);
  };

  const redeem: Employee['redeem'] = (server, form) =>
    atAuthorizationServer(server, '/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      ...form,
    });

  return {
    browser,
    authorization,
    browse: (url, stopAt = redirectUri) => browser.open(url, stopAt),
    async signIn(person, extra) {
      const asked = authorization(extra);
      const page = await browser.open(asked.url, redirectUri);
      const back = page.url.href.startsWith(redirectUri)
        ? page
        : await browser.submit(page, { username: person, password: person }, redirectUri);
      const answer = await redeemCode(back, asked);
      return {
        idToken: String(answer['id_token']),
        refreshToken: String(answer['refresh_token']),
        accessToken: String(answer['access_token']),
      };
    },
    redeemCode,
    atIdentityProvider,
    exchange,
    redeem,
    atAuthorizationServer,
    async access(server, tokens, scope) {
      const asked = scope === undefined ? {} : { scope };
      const idJag = await exchange(server, { ...subject(tokens.refreshToken), ...asked });
      const answer = await redeem(server, { assertion: String(idJag['access_token']) });
      return String(answer['access_token']);
    },
  };
}

/** A subject token of either kind, told apart by its form. */
export function subject(token: string): Record<string, string> {
  const type = token.split('.').length === 3 ? tokenType.idToken : tokenType.refreshToken;
  return { subject_token: token, subject_token_type: type };
}

export function claimsOf(jwt: unknown): Record<string, unknown> {
  const [, payload = ''] = String(jwt).split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
}

interface Registration {
  readonly clientId: string;
  readonly clientAuthentication: Method;
  readonly clientSecret?: string;
  readonly signer?: Signer;
}

function assertionOf(clientId: string, { key, audience, typ, lifeSec = 60 }: Signer) {
  return new SignJWT({ iss: clientId, sub: clientId, aud: audience, jti: randomUUID() })
    .setProtectedHeader({ alg: 'ES256', ...(typ === undefined ? {} : { typ }) })
    .setIssuedAt()
    .setExpirationTime(`${lifeSec} s`)
    .sign(key);
}

async function post(
  url: string,
  fields: Record<string, string>,
  { clientId, clientAuthentication, clientSecret = '', signer }: Registration,
): Promise<Answer> {
  const form = new URLSearchParams(fields);
  if (signer !== undefined) {
    form.set('client_assertion', await assertionOf(clientId, signer));
    form.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
  }
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  if (clientAuthentication !== 'client_secret_basic') form.set('client_id', clientId);
  if (clientAuthentication === 'client_secret_post') form.set('client_secret', clientSecret);
  const response = await fetch(url, {
    method: 'POST',
    headers:
      clientAuthentication === 'client_secret_basic' ? { authorization: `Basic ${basic}` } : {},
    body: form,
  });
  const text = await response.text();
  return { status: response.status, ...(text === '' ? {} : (JSON.parse(text) as object)) };
}
