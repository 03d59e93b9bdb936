// Where a person confirms what an authorization server wants confirmed.
import type { Express, Response } from 'express';
import type { Interactions } from './interactions.ts';
import { escapeHtml, renderMessage, renderPage, type Page } from './page.ts';

export function addInteractionPages(
  app: Express,
  { base, label, interactions }: { base: string; label: string; interactions: Interactions },
): void {
  app.get<string, { id: string }>(`${base}/interaction/:id`, (request, response) => {
    const { id } = request.params;
    const person = interactions.personOf(id);
    if (person === undefined) {
      show(response, renderMessage('This is over', 'Please go back to the application.'), 404);
    } else show(response, question(label, { person, page: `${base}/interaction/${id}` }));
  });
  const answers = { confirm: 'confirmed', decline: 'declined' } as const;
  for (const [path, answer] of Object.entries(answers)) {
    app.post<string, { id: string }>(`${base}/interaction/:id/${path}`, (request, response) => {
      interactions.answer(request.params.id, answer);
      show(response, renderMessage('Thank you', 'You can close this page.'));
    });
  }
}

function question(label: string, { person, page }: { person: string; page: string }): Page {
  const title = `Let ${person} use ${label} with this application?`;
  const button = (path: string, text: string) =>
    `<form method="post" action="${escapeHtml(`${page}/${path}`)}"><button>${text}</button></form>`;
  return renderPage({
    title,
    body: `<main class="card"><h1>${escapeHtml(title)}</h1><div class="actions">
${button('confirm', 'Yes')}${button('decline', 'No')}</div></main>`,
  });
}

function show(response: Response, { headers, html }: Page, status = 200): void {
  response
    .status(status)
    .set({ ...headers })
    .send(html);
}
