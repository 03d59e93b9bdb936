// The last page of a sign-in. No script, no link, nothing of the answer in it.

const texts = {
  done: ['You are signed in', 'You can close this tab and go back to VS Code.'],
  refused: ['You are not signed in', 'Your company did not finish the sign-in. VS Code says more.'],
  unknown: ['Nothing to see here', 'This page only ends a sign-in that VS Code has started.'],
} as const;

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** HTML of the page. */
export function page(organization: string, kind: keyof typeof texts): string {
  const [title, text] = texts[kind];
  const name = organization.replace(/[&<>"']/g, (character) => escapes[character] ?? '');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${name}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { display: grid; place-items: center; min-height: 100vh; margin: 0; }
main { max-width: 26rem; padding: 2rem; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
p { margin: 0; }
</style>
</head>
<body><main><p>${name}</p><h1>${title}</h1><p>${text}</p></main></body>
</html>
`;
}
