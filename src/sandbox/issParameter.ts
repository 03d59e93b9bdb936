// The issuer in the redirect back to the application.
// @see RFC 9207
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { IdentityProviderSetup } from './setup.ts';

type Next = () => Promise<unknown>;

/** Leaves `iss` out of the redirect, or names somebody else in it. */
export function issParameter({ issParameter: how = 'right' }: IdentityProviderSetup) {
  return async (ctx: KoaContextWithOIDC, next: Next): Promise<void> => {
    await next();
    const to = URL.parse(ctx.response.get('location'));
    if (to?.searchParams.has('iss') !== true) return;
    if (how === 'missing') to.searchParams.delete('iss');
    else if (how === 'wrong') to.searchParams.set('iss', 'https://elsewhere.example');
    else return;
    ctx.set('location', to.href);
  };
}
