// The look of every page a person sees, and the headers that keep such a page harmless.
import { randomBytes } from 'node:crypto';

export interface Page {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface PageContent {
  readonly title: string;
  readonly body: string;
  readonly script?: string;
  readonly style?: string;
}

const baseStyle = `
:root { color-scheme: light dark; --accent: #0b5fc1; --line: #8886; --soft: #8881; }
@media (prefers-color-scheme: dark) { :root { --accent: #6cb0ff; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 1rem; }
a { color: var(--accent); }
button, .button { font: inherit; padding: .5rem 1rem; border: 1px solid var(--accent); border-radius: 6px;
  background: transparent; color: inherit; cursor: pointer; text-decoration: none; }
button.primary { background: var(--accent); color: Canvas; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.card { max-width: 24rem; margin: 10vh auto; padding: 2rem; border: 1px solid var(--line);
  border-radius: 12px; }
.card label { display: block; font-weight: 600; margin-top: .75rem; }
.card input { width: 100%; font: inherit; padding: .5rem; border: 1px solid var(--line);
  border-radius: 6px; }
.actions { display: flex; gap: .75rem; margin-top: 1.25rem; }
.problem { border-left: 4px solid #d03030; padding: .25rem .75rem; background: var(--soft); }
.hint { opacity: .8; font-size: .9rem; }`;

/** Text as HTML, quotes included. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** A complete page; `script` is the only script that can run in it. */
export function renderPage({ title, body, script, style = '' }: PageContent): Page {
  const nonce = randomBytes(16).toString('base64');
  const scriptTag = script === undefined ? '' : `<script nonce="${nonce}">${script}</script>`;
  // No form-action: Chromium applies it to the redirect back to the client as well.
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return {
    html: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${baseStyle}${style}</style>
</head>
<body>
${body}
${scriptTag}
</body>
</html>
`,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
  };
}

/** A page with one message in the middle. */
export function renderMessage(title: string, text: string): Page {
  return renderPage({
    title,
    body: `<main class="card"><h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p></main>`,
  });
}
