// An issuer with a path: its routes live below it, its metadata also where RFC 8414 §3.1 inserts it.
import type { KoaContextWithOIDC } from 'oidc-provider';

type Next = () => Promise<unknown>;

/** Path of an issuer without a slash at its end; empty for a bare origin. */
export const pathOfIssuer = (issuer: string): string => new URL(issuer).pathname.replace(/\/$/, '');

const inserted = /^\/\.well-known\/(openid-configuration|oauth-authorization-server)(?=\/)/;

/** Takes the path off, so that everybody behind sees routes as a bare issuer has them. */
export function mountAt(issuerPath: string) {
  return async (ctx: KoaContextWithOIDC, next: Next): Promise<void> => {
    // What the provider puts before its own paths.
    Object.assign(ctx, { mountPath: issuerPath });
    const wellKnown = inserted.exec(ctx.path)?.[0] ?? '';
    if (issuerPath === '') await next();
    else if (wellKnown !== '' && ctx.path === wellKnown + issuerPath) {
      ctx.url = wellKnown;
      await next();
    } else if (ctx.path.startsWith(`${issuerPath}/`)) {
      ctx.url = ctx.url.slice(issuerPath.length);
      await next();
    } else ctx.status = 404;
  };
}
