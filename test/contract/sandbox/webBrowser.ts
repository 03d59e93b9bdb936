// As much of a browser as a sign-in needs: follows redirects, keeps cookies, fills in forms.
import { request } from 'node:http';

export interface Visit {
  readonly url: URL;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly html: string;
}

export interface WebBrowser {
  /** Goes to `url` and on, until a page or a redirect to `stopAt`. */
  open(url: string, stopAt: string): Promise<Visit>;
  /** Sends the page's only form, as its submit button would. */
  submit(page: Visit, fields: Record<string, string>, stopAt: string): Promise<Visit>;
}

export function createWebBrowser(): WebBrowser {
  const cookies = new Map<string, { readonly value: string; readonly path: string }>();

  function keep(headers: Visit['headers']): void {
    for (const line of [headers['set-cookie'] ?? []].flat()) {
      const [pair = '', ...attributes] = line.split('; ');
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      const path = attributes.find((one) => one.startsWith('path='))?.slice(5) ?? '/';
      if (value === '') cookies.delete(`${name} ${path}`);
      else cookies.set(`${name} ${path}`, { value, path });
    }
  }

  // Node does not resolve acme.localhost, as browsers do.
  const fetchOnce = (url: URL, form?: URLSearchParams): Promise<Visit> =>
    new Promise((resolve, reject) => {
      const cookie = [...cookies]
        .filter(([, { path }]) => url.pathname.startsWith(path))
        .map(([key, { value }]) => `${key.split(' ', 1)[0] ?? ''}=${value}`)
        .join('; ');
      request(
        {
          host: '127.0.0.1',
          port: url.port,
          path: url.pathname + url.search,
          method: form === undefined ? 'GET' : 'POST',
          headers: {
            host: url.host,
            accept: 'text/html',
            cookie,
            ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const { statusCode: status = 0, headers } = response;
            keep(headers);
            resolve({ url, status, headers, html: Buffer.concat(chunks).toString() });
          });
        },
      )
        .on('error', reject)
        .end(form?.toString());
    });

  async function follow(first: Visit, stopAt: string): Promise<Visit> {
    let visit = first;
    for (let hops = 0; hops < 10 && typeof visit.headers['location'] === 'string'; hops += 1) {
      const url = new URL(visit.headers['location'], visit.url);
      if (url.href.startsWith(stopAt)) return { ...visit, url };
      visit = await fetchOnce(url);
    }
    return visit;
  }

  return {
    open: async (url, stopAt) => follow(await fetchOnce(new URL(url)), stopAt),
    async submit(page, fields, stopAt) {
      const form = new URLSearchParams(fields);
      for (const [, name = '', value = ''] of page.html.matchAll(
        /<input type="hidden" name="(\w+)" value="([^"]*)"/g,
      )) {
        form.set(name, value);
      }
      const action = /<form[^>]* action="([^"]*)"/.exec(page.html)?.[1] ?? '';
      return follow(await fetchOnce(new URL(action, page.url), form), stopAt);
    },
  };
}
