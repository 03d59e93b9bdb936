// Whether an ID-JAG is bound to a key of the client.
// @see RFC 9449 §5, draft-ietf-oauth-identity-assertion-authz-grant §9.8
import type { KoaContextWithOIDC } from 'oidc-provider';
import { ProofError, type ProofCheck } from './dpopProof.ts';
import { Refusal } from './refusal.ts';
import type { IdentityProviderSetup } from './setup.ts';

/** Thumbprint of the key the request proves, undefined where none is proven or none is listened to. */
export async function provenThumbprint(
  ctx: KoaContextWithOIDC,
  { setup, proofCheck }: { readonly setup: IdentityProviderSetup; readonly proofCheck: ProofCheck },
): Promise<string | undefined> {
  const { dpop = 'off' } = setup;
  const proof = ctx.get('dpop');
  if (proof === '' || dpop === 'off' || dpop === 'ignored') return undefined;
  const nonce = proofCheck.nonce();
  if (nonce !== undefined) ctx.set('dpop-nonce', nonce);
  try {
    const url = ctx.oidc.urlFor('token');
    return await proofCheck.thumbprint({ proof, method: ctx.method, url });
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    throw new Refusal({ error: error.error, description: error.message });
  }
}
