// A browser without a window: follows redirects with cookies and fills in the company's sign-in form.
interface Page {
  readonly url: URL;
  readonly status: number;
  readonly text: string;
}

export class HttpBrowser {
  readonly #cookies = new Map<string, string>();

  /** Opens a page; a sign-in form is filled in for `person`, or left when there is none. */
  async open(url: string, person?: string): Promise<Page> {
    const page = await this.#go(new URL(url));
    if (person === undefined || !page.text.includes('name="password"')) return page;
    const action = /<form[^>]*\saction="([^"]+)"/.exec(page.text)?.[1] ?? page.url.href;
    const body = new URLSearchParams({ username: person, password: person });
    return this.#go(new URL(action, page.url), { method: 'POST', body });
  }

  async #go(url: URL, init: RequestInit = {}, hops = 0): Promise<Page> {
    if (hops > 12) throw new Error(`too many redirects at ${url.href}`);
    const response = await fetch(loopback(url), {
      ...init,
      redirect: 'manual',
      headers: { cookie: [...this.#cookies].map((pair) => pair.join('=')).join('; ') },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location !== null) return this.#go(new URL(location, url), {}, hops + 1);
    return { url, status: response.status, text: await response.text() };
  }
}

/** Browsers resolve *.localhost to this computer; Node does not. */
function loopback(url: URL): string {
  const at = new URL(url);
  if (at.hostname.endsWith('.localhost')) at.hostname = '127.0.0.1';
  return at.href;
}
