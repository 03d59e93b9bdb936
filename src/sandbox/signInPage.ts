// What a person sees at the identity provider: sign in, or think better of it.
import type { Provider, KoaContextWithOIDC } from 'oidc-provider';
import { organization, type Person } from './catalogue.ts';
import { readForm } from './formBody.ts';
import { escapeHtml, renderMessage, renderPage, type Page } from './page.ts';

type Middleware = (ctx: KoaContextWithOIDC, next: () => Promise<unknown>) => Promise<void>;

export const signInPath = '/sign-in';

/** Serves the pages below `/sign-in`; everything else is the provider's. */
export function signInPages(deps: {
  readonly provider: Provider;
  readonly people: readonly Person[];
  /** Before every path a page points to. */
  readonly issuerPath: string;
  /** False: a sign-in never gets stronger than the plain one. */
  readonly stepUpWorks: boolean;
  readonly onSignedIn: (ctx: KoaContextWithOIDC, person: Person) => void;
}): Middleware {
  const { provider, people, onSignedIn } = deps;
  return async (ctx, next) => {
    const [, uid, cancel] = /^\/sign-in\/([\w-]+)(\/cancel)?$/.exec(ctx.path) ?? [];
    if (uid === undefined) {
      await next();
      return;
    }
    const asked = await provider.interactionDetails(ctx.req, ctx.res).catch(() => undefined);
    if (asked === undefined) {
      show(ctx, renderMessage('This sign-in has ended', 'Start again from the application.'), 400);
      return;
    }
    const at = `${deps.issuerPath}${signInPath}/${uid}`;
    if (ctx.method === 'GET' && cancel !== undefined) await finish(ctx, cancelled);
    else if (ctx.method === 'GET') show(ctx, signInForm(at, people));
    else if (ctx.method === 'POST' && cancel === undefined) await submit(ctx, at, asked.params);
    else ctx.status = 405;
  };

  async function submit(ctx: KoaContextWithOIDC, at: string, asked: Asked): Promise<void> {
    const form = await readForm(ctx.req);
    const username = form.get('username')?.trim().toLowerCase() ?? '';
    const person = people.find((one) => one.username === username);
    if (person === undefined || form.get('password') !== person.password) {
      show(ctx, signInForm(at, people, { username }), 401);
      return;
    }
    onSignedIn(ctx, person);
    const acr = deps.stepUpWorks ? asked.acr_values?.split(' ')[0] : undefined;
    const login = { accountId: person.id, amr: ['pwd'], ...(acr === undefined ? {} : { acr }) };
    await finish(ctx, { login, select_account: {} });
  }

  async function finish(ctx: KoaContextWithOIDC, result: Result): Promise<void> {
    const to = await provider.interactionResult(ctx.req, ctx.res, result, {
      mergeWithLastSubmission: false,
    });
    ctx.status = 303;
    ctx.redirect(to);
  }
}

interface Asked {
  readonly acr_values?: string;
}
type Result = Parameters<Provider['interactionResult']>[2];

const cancelled: Result = {
  error: 'access_denied',
  error_description: 'the person cancelled the sign-in',
};

/** Puts a page of ours into an answer of the provider. */
export function show(ctx: KoaContextWithOIDC, page: Page, status = 200): void {
  ctx.status = status;
  ctx.set({ ...page.headers });
  ctx.body = page.html;
}

function signInForm(
  at: string,
  people: readonly Person[],
  refused?: { readonly username: string },
): Page {
  const names = people.map(({ username }) => username);
  const hint = `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;
  const problem =
    refused === undefined
      ? ''
      : '<p class="problem" role="alert" id="problem">User name or password is wrong. Try again.</p>';
  const described = ' aria-describedby="problem" aria-invalid="true"';
  return renderPage({
    title: `Sign in to ${organization}`,
    body: `<main class="card">
<h1>Sign in to ${organization}</h1>
${problem}
<form method="post" action="${at}">
<label for="username">User name</label>
<input id="username" name="username" autocomplete="username" autocapitalize="none" required
  value="${escapeHtml(refused?.username ?? '')}"${refused === undefined ? ' autofocus' : described}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password"
  required${refused === undefined ? '' : ` autofocus${described}`}>
<div class="actions">
<button type="submit" class="primary">Sign in</button>
<a class="button" href="${at}/cancel">Cancel</a>
</div>
</form>
<p class="hint">This is a sandbox. You can be ${escapeHtml(hint)}; the password is the user name.</p>
</main>`,
  });
}
