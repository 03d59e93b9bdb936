// What a person sees who signs another device in: a code to enter, a question, an end.
// @see RFC 8628 §3.3
import type { KoaContextWithOIDC } from 'oidc-provider';
import { organization } from './catalogue.ts';
import { escapeHtml, renderMessage, renderPage } from './page.ts';
import { show } from './signInPage.ts';

interface Device {
  readonly clientName?: string | undefined;
  readonly clientId: string;
}

interface Problem {
  readonly error?: string;
}

/** The form of the provider holds what proves that this browser asked. */
const hidden = (form: string): string =>
  [...form.matchAll(/<input type="hidden"[^>]*>/g)].map(([input]) => input).join('');
const actionOf = (form: string): string => /action="([^"]*)"/.exec(form)?.[1] ?? '';

/** Asks for the code the other device shows. */
export function askForCode(
  ctx: KoaContextWithOIDC,
  form: string,
  problem?: Problem,
  error?: Error,
): void {
  const wrong =
    problem === undefined && error === undefined
      ? ''
      : '<p class="problem" role="alert" id="problem">That did not work. Start again on the other device, or check the code.</p>';
  show(
    ctx,
    renderPage({
      title: `Sign a device in to ${organization}`,
      body: `<main class="card"><h1>Sign a device in to ${organization}</h1>${wrong}
<form method="post" action="${actionOf(form)}">${hidden(form)}
<label for="user_code">Code on the device</label>
<input id="user_code" name="user_code" autocomplete="off" autocapitalize="characters" required autofocus>
<div class="actions"><button type="submit" class="primary">Continue</button></div></form></main>`,
    }),
    ctx.status,
  );
}

/** Asks whether it is really the person's own device. */
export function askToConfirm(
  ctx: KoaContextWithOIDC,
  form: string,
  ...[client, , userCode]: readonly [Device, unknown, string]
): void {
  show(
    ctx,
    renderPage({
      title: `Sign a device in to ${organization}`,
      body: `<main class="card"><h1>Is this your device?</h1>
<p>${escapeHtml(client.clientName ?? client.clientId)} shows the code <strong>${escapeHtml(userCode)}</strong>.</p>
<form method="post" action="${actionOf(form)}">${hidden(form)}
<div class="actions"><button type="submit" class="primary">Yes, continue</button>
<button type="submit" name="abort" value="yes">No</button></div></form></main>`,
    }),
  );
}

export function showDeviceDone(ctx: KoaContextWithOIDC): void {
  show(ctx, renderMessage('Signed in', 'Go back to your device; you can close this page.'));
}
