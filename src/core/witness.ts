// Counts what must not happen while access ends: a browser, a registration, an authorization request of ours.
import type { Fetch, OpenUrl } from './ports.ts';

export interface Witnessed {
  readonly browserOpened: number;
  /** Requests to register a client (RFC 7591), or to authorize one. */
  readonly registrations: number;
}

export interface Witness {
  readonly fetch: Fetch;
  readonly openUrl: OpenUrl;
  readonly counts: () => Witnessed;
}

export function createWitness(ports: { fetch: Fetch; openUrl: OpenUrl }): Witness {
  const seen = { browserOpened: 0, registrations: 0 };
  return {
    fetch: (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      if (/\/(register|registration|authorize|authorization)$/.test(url.pathname)) {
        seen.registrations++;
      }
      return ports.fetch(input, init);
    },
    openUrl: (url) => {
      seen.browserOpened++;
      return ports.openUrl(url);
    },
    counts: () => ({ ...seen }),
  };
}
