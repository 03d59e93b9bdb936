// An identity provider made up for the test: its answers are in hand, its signatures are real.
import { createHash } from 'node:crypto';
import { CompactSign, exportJWK, generateKeyPair, type JWTPayload } from 'jose';
import type { ServerMetadata } from 'openid-client';
import {
  createSignInClient,
  type SignInDeps,
  type SignInWish,
} from '../../src/core/signIn/signIn.ts';
import { FakeClock } from '../support/fakeClock.ts';

export const issuer = 'https://idp.example';
const redirectUri = 'http://127.0.0.1:1/callback';
export const metadata = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  device_authorization_endpoint: `${issuer}/device`,
  code_challenge_methods_supported: ['S256'],
  id_token_signing_alg_values_supported: ['RS256'],
};

/** The metadata of somebody who does not say that. */
export const without = (name: keyof typeof metadata): ServerMetadata => ({
  ...Object.fromEntries(Object.entries(metadata).filter(([key]) => key !== name)),
  issuer,
});

export const keys = await generateKeyPair('RS256', { extractable: true });
export const publicJwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256' };

export const atHash = (accessToken: string) =>
  createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url');

type SigningKey = Parameters<CompactSign['sign']>[0];

export interface Forgery {
  readonly claims?: JWTPayload;
  readonly header?: object;
  readonly key?: SigningKey;
  /** Whole, in place of a signed one. */
  readonly idToken?: string;
}

export function createRig(change: Partial<SignInDeps> = {}) {
  // The library reads the computer's clock.
  const clock = new FakeClock();
  const world = {
    nonce: '',
    date: undefined as Date | undefined,
    forgery: {} as Forgery,
    refreshToken: 'r1' as string | undefined,
    requests: [] as { url: string; body: URLSearchParams }[],
    opened: [] as URL[],
    /** Answers of the token endpoint before the good one. */
    answers: [] as (() => Response | Promise<Response>)[],
    /** Parameters of the way back, on top of code and state. */
    back: {} as Record<string, string>,
    device: {} as Record<string, unknown>,
  };

  async function signed({ claims = {}, header = {}, key = keys.privateKey }: Forgery) {
    const nowSec = Math.floor(Date.now() / 1000);
    const plain = { iss: issuer, aud: 'vscode', sub: 'sub-1', iat: nowSec, exp: nowSec + 600 };
    const payload = {
      ...plain,
      email: 'alice@acme.example',
      email_verified: true,
      auth_time: nowSec,
      ...(world.nonce === '' ? {} : { nonce: world.nonce }),
      ...claims,
    };
    return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header })
      .sign(key, { crit: { exp: true } });
  }

  async function tokens(): Promise<Response> {
    const idToken = world.forgery.idToken ?? (await signed(world.forgery));
    return Response.json(
      {
        access_token: 'a1',
        token_type: 'Bearer',
        ...(idToken === '' ? {} : { id_token: idToken }),
        ...(world.refreshToken === undefined ? {} : { refresh_token: world.refreshToken }),
      },
      { headers: { date: (world.date ?? new Date(clock.now())).toUTCString() } },
    );
  }

  const client = createSignInClient({
    metadata,
    registration: { clientId: 'vscode', method: 'none' },
    scopes: ['openid', 'email'],
    pkceUnadvertised: false,
    clock,
    fetch: async (url, init) => {
      init?.signal?.throwIfAborted();
      const body = init?.body instanceof URLSearchParams ? init.body : new URLSearchParams();
      world.requests.push({ url, body });
      if (url === metadata.jwks_uri) return Response.json({ keys: [publicJwk] });
      if (url === metadata.device_authorization_endpoint) {
        const plain = {
          device_code: 'd1',
          user_code: 'ABCD-EFGH',
          verification_uri: `${issuer}/code`,
          expires_in: 600,
        };
        return Response.json({ ...plain, ...world.device });
      }
      return (world.answers.shift() ?? tokens)();
    },
    ...change,
  });

  /** The browser of somebody who signs in at once. */
  const browser = () => {
    const parts: { comeBack?: (url: URL) => void } = {};
    const promise = new Promise<URL>((resolve) => (parts.comeBack = resolve));
    return {
      openUrl: (url: string) => {
        const request = new URL(url);
        world.opened.push(request);
        world.nonce = request.searchParams.get('nonce') ?? '';
        const back = new URL(redirectUri);
        const state = request.searchParams.get('state') ?? '';
        for (const [name, value] of Object.entries({ code: 'c1', state, ...world.back })) {
          if (value !== '') back.searchParams.set(name, value);
        }
        parts.comeBack?.(back);
        return Promise.resolve(true);
      },
      receiver: { redirectUri, wait: () => promise, dispose: () => undefined },
    };
  };
  const signIn = (wish?: SignInWish) =>
    client.signIn(browser(), new AbortController().signal, wish);
  /** Paths asked for, in their order. */
  const asked = () => world.requests.map(({ url }) => new URL(url).pathname);
  return { client, clock, world, signIn, asked, signed };
}
