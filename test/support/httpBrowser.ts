// A browser without a window: follows redirects with cookies and fills in the company's sign-in form.
interface Page {
  readonly url: URL;
  readonly status: number;
  readonly text: string;
}

export class HttpBrowser {
  /** By port, so that companies on one computer do not disturb each other. */
  readonly #cookies = new Map<string, Map<string, string>>();
  readonly #redirected: (to: URL) => URL;

  /** @param redirected whoever sits between a page and where it sends the browser */
  constructor(redirected: (to: URL) => URL = (to) => to) {
    this.#redirected = redirected;
  }

  /** Opens a page; a sign-in form is filled in for `person`, or left when there is none. */
  async open(url: string, person?: string): Promise<Page> {
    const page = await this.#go(new URL(url));
    if (person === undefined || !page.text.includes('name="password"')) return page;
    return this.#submit(page, { username: person, password: person });
  }

  /** Enters the code another device shows, and says yes to what is asked. */
  async enterCode(url: string, code: string, person: string): Promise<Page> {
    let page = await this.open(url);
    for (let pages = 0; pages < 6 && page.text.includes('<form'); pages++) {
      const isSignIn = page.text.includes('name="password"');
      const asksForCode = page.text.includes('name="user_code"');
      page = await this.#submit(page, {
        ...(isSignIn ? { username: person, password: person } : {}),
        ...(asksForCode ? { user_code: code } : {}),
      });
    }
    return page;
  }

  #submit({ url, text }: Page, entered: Record<string, string>): Promise<Page> {
    const action = /<form[^>]*\saction="([^"]+)"/.exec(text)?.[1] ?? url.href;
    const body = new URLSearchParams(entered);
    for (const [input] of text.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
      const [name, value] = ['name', 'value'].map(
        (key) => new RegExp(`\\s${key}="([^"]*)"`).exec(input)?.[1],
      );
      if (name !== undefined && !body.has(name)) body.set(name, value ?? '');
    }
    return this.#go(new URL(action, url), { method: 'POST', body });
  }

  async #go(url: URL, init: RequestInit = {}, hops = 0): Promise<Page> {
    if (hops > 12) throw new Error(`too many redirects at ${url.href}`);
    const cookies = this.#cookies.get(url.port) ?? new Map<string, string>();
    this.#cookies.set(url.port, cookies);
    const response = await fetch(loopback(url), {
      ...init,
      redirect: 'manual',
      headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location !== null) {
      return this.#go(this.#redirected(new URL(location, url)), {}, hops + 1);
    }
    const page = { url, status: response.status, text: await response.text() };
    return page.text.includes('document.forms[0].submit()') ? this.#submit(page, {}) : page;
  }
}

/** Browsers resolve *.localhost to this computer; Node does not. */
export function loopback(url: URL | string): string {
  const at = new URL(url);
  if (at.hostname.endsWith('.localhost')) at.hostname = '127.0.0.1';
  return at.href;
}
