// The device grant beyond what the provider does by itself: pages on the browser's host, and patience.
// @see RFC 8628 §3.2, §3.5
import type { KoaContextWithOIDC } from 'oidc-provider';

type Next = () => Promise<unknown>;

export const deviceCodeGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const longerBySec = 5;

/** Sends people to `browserOrigin` and devices away that ask again too soon. */
export function deviceGrantManners(browserOrigin: string, intervalSec: number | undefined) {
  const polls = new Map<string, { atMs: number; intervalSec: number }>();

  function isTooSoon(code: string): boolean {
    const last = polls.get(code) ?? { atMs: -Infinity, intervalSec: intervalSec ?? longerBySec };
    const tooSoon = Date.now() - last.atMs < last.intervalSec * 1000;
    polls.set(code, {
      atMs: Date.now(),
      intervalSec: last.intervalSec + (tooSoon ? longerBySec : 0),
    });
    return tooSoon;
  }

  return async (ctx: KoaContextWithOIDC, next: Next): Promise<void> => {
    await next();
    if (ctx.path === '/device/authorize' && ctx.status === 200) {
      const answer = ctx.body as Record<string, unknown>;
      for (const name of ['verification_uri', 'verification_uri_complete']) {
        const { pathname, search } = new URL(String(answer[name]));
        answer[name] = browserOrigin + pathname + search;
      }
      if (intervalSec !== undefined) answer['interval'] = intervalSec;
    }
    if (ctx.path !== '/token' || ctx.status !== 400) return;
    const { grant_type: grant, device_code: code } = ctx.oidc.params ?? {};
    const pending = (ctx.body as { error?: unknown }).error === 'authorization_pending';
    if (grant === deviceCodeGrant && pending && isTooSoon(String(code))) {
      ctx.body = { error: 'slow_down' };
    }
  };
}
