// What the identity provider tells of itself, the truth or not.
// @see OpenID Connect Discovery 1.0 §3, RFC 8414 §2
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { IdentityProviderSetup } from './setup.ts';

type Next = () => Promise<unknown>;

/** Pages on the browser's host, everything else on the issuer's, whoever asked. */
export function discoveryDocument(
  setup: IdentityProviderSetup,
  at: { readonly issuer: string; readonly issuerPath: string; readonly browserOrigin: string },
) {
  const { origin } = new URL(at.issuer);
  const pages = ['authorization_endpoint', 'end_session_endpoint'];

  return async (ctx: KoaContextWithOIDC, next: Next): Promise<void> => {
    await next();
    if (!ctx.path.startsWith('/.well-known/') || ctx.status !== 200) return;
    const document = ctx.body as Record<string, unknown>;
    for (const [name, value] of Object.entries(document)) {
      if (typeof value !== 'string' || !/(_endpoint|^jwks_uri)$/.test(name)) continue;
      const path = new URL(value).pathname;
      const here = path.startsWith(`${at.issuerPath}/`) ? path : at.issuerPath + path;
      document[name] = (pages.includes(name) ? at.browserOrigin : origin) + here;
    }
    if (setup.advertisesPkce === false) delete document['code_challenge_methods_supported'];
    if (setup.issParameter === 'unadvertised') {
      delete document['authorization_response_iss_parameter_supported'];
    }
    if (setup.tampering === 'metadataTokenEndpointElsewhere') {
      // Where cloud machines keep the credentials of whoever asks.
      document['token_endpoint'] = 'http://169.254.169.254/token';
    }
  };
}
