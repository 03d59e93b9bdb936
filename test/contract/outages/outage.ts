// Everything that can keep an answer from coming, at any of the three parties, made and ended at will.
import type { Sandbox, Faults } from '../../support/sandbox.ts';

export const parties = ['identityProvider', 'authorizationServer', 'mcpServer'] as const;
export type PartyName = (typeof parties)[number];

/** Made by the sandbox itself. */
const real = {
  'status 500': 'error',
  'status 503': 'unavailable',
  'status 429': 'busy',
  'status 429 with Retry-After': 'busyForSeconds',
  'a reset': 'reset',
  'an HTML page': 'page',
  'no answer in time': 'silent',
} as const satisfies Record<string, Faults['downAs']>;

/** Made on the way there. */
const onTheWay = ['no DNS', 'no TLS'] as const;

export type Kind = keyof typeof real | (typeof onTheWay)[number];
export const kinds: readonly Kind[] = [
  ...(Object.keys(real) as (keyof typeof real)[]),
  ...onTheWay,
];

export class Outage {
  readonly #sandbox: Sandbox;
  readonly #server: string;
  #cutOff: { origin: string; kind: Kind } | undefined;

  /** Of one server and the parties it needs. */
  constructor(sandbox: Sandbox, server: string) {
    this.#sandbox = sandbox;
    this.#server = server;
  }

  readonly fetch: typeof fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== this.#cutOff?.origin) return fetch(input, init);
    if (this.#cutOff.kind === 'no DNS') {
      const cause = Object.assign(new Error(`getaddrinfo ENOTFOUND ${url.hostname}`), {
        code: 'ENOTFOUND',
      });
      return Promise.reject(new TypeError('fetch failed', { cause }));
    }
    // There nobody speaks TLS: the handshake fails for real.
    url.protocol = 'https:';
    return fetch(url, init);
  };

  async begin(kind: Kind, at: PartyName): Promise<void> {
    if (kind === 'no DNS' || kind === 'no TLS') {
      this.#cutOff = { origin: this.#originOf(at), kind };
      return;
    }
    await this.#sandbox.admin.faults({ ...this.#down(at), downAs: real[kind] });
  }

  async end(): Promise<void> {
    this.#cutOff = undefined;
    const none = { authorizationServerDown: [], serverDown: [] };
    await this.#sandbox.admin.faults({ identityProviderDown: false, ...none });
  }

  #down(at: PartyName): Partial<Faults> {
    const { authorizationServer } = this.#entry;
    if (at === 'identityProvider') return { identityProviderDown: true };
    if (at === 'mcpServer') return { serverDown: [this.#server] };
    const { authorizationServers } = this.#sandbox.line;
    const guards = authorizationServers.filter(({ issuer }) => issuer === authorizationServer);
    return { authorizationServerDown: guards.map(({ id }) => id) };
  }

  #originOf(at: PartyName): string {
    const { identityProvider } = this.#sandbox.line;
    const { authorizationServer, url } = this.#entry;
    if (at === 'identityProvider') return new URL(identityProvider.issuer).origin;
    if (at === 'mcpServer') return new URL(url).origin;
    return new URL(authorizationServer).origin;
  }

  get #entry() {
    return this.#sandbox.line.servers.find(({ id }) => id === this.#server)!;
  }
}
