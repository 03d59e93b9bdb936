// Leaving the identity provider: one question, or none where the request proves who asks.
import type { KoaContextWithOIDC } from 'oidc-provider';
import { organization } from './catalogue.ts';
import { renderMessage, renderPage } from './page.ts';
import { show } from './signInPage.ts';

/**
 * Asks before signing out; a valid `id_token_hint` answers the question.
 * @see OpenID Connect RP-Initiated Logout 1.0 §2
 */
export function askToSignOut(ctx: KoaContextWithOIDC, form: string): void {
  const proven = ctx.oidc.entities.IdTokenHint !== undefined;
  const button =
    '<button type="submit" form="op.logoutForm" name="logout" value="yes" class="primary">';
  show(
    ctx,
    renderPage({
      title: `Sign out of ${organization}`,
      body: `<main class="card"><h1>Sign out of ${organization}?</h1>
${form}<div class="actions">${button}Sign out</button></div></main>`,
      ...(proven ? { script: "document.querySelector('button[name=logout]').click();" } : {}),
    }),
  );
}

export function showSignedOut(ctx: KoaContextWithOIDC): void {
  show(ctx, renderMessage(`Signed out of ${organization}`, 'You can close this page.'));
}

/** An error the browser must see because there is nowhere safe to send it. */
export function showError(
  ctx: KoaContextWithOIDC,
  out: { error: string; error_description?: string | undefined },
): void {
  const page = renderMessage('This did not work', `${out.error}: ${out.error_description ?? ''}`);
  show(ctx, page, ctx.status);
}
