// Where everybody lives. Consecutive from a base port in the order below, or any free ones.
import { resourceOf, type Catalogue } from './catalogue.ts';
import type { Addresses } from './description.ts';
import { listen, type Listening } from './loopback.ts';

export interface Place {
  readonly listening: Listening;
  readonly origin: string;
}

export interface Ports {
  readonly identityProvider: Place;
  readonly admin: Place;
  readonly authorizationServers: ReadonlyMap<string, Place>;
  /** Where token endpoints live that are not with their issuer. */
  readonly tokenEndpoints: ReadonlyMap<string, Place>;
  readonly servers: ReadonlyMap<string, Place>;
  readonly close: () => Promise<void>;
  readonly addresses: Addresses;
}

/** @throws the system's own error when a port is taken */
export async function takePorts(
  base: number,
  { authorizationServers, servers }: Catalogue,
): Promise<Ports> {
  const all: Listening[] = [];
  async function take(): Promise<Place> {
    const listening = await listen(base === 0 ? 0 : base + all.length);
    all.push(listening);
    return { listening, origin: `http://127.0.0.1:${listening.port}` };
  }
  async function close(): Promise<void> {
    await Promise.all(all.map((one) => one.close()));
  }
  async function takeEach(entries: readonly { readonly id: string }[]) {
    const places = new Map<string, Place>();
    for (const { id } of entries) places.set(id, await take());
    return places;
  }
  try {
    const identityProvider = await take();
    const admin = await take();
    const issuers = await takeEach(authorizationServers);
    const hosts = await takeEach(servers);
    const tokenEndpoints = await takeEach(
      authorizationServers.filter(({ tokenElsewhere }) => tokenElsewhere === true),
    );
    return {
      identityProvider,
      admin,
      authorizationServers: issuers,
      tokenEndpoints,
      servers: hosts,
      close,
      addresses: {
        identityProvider: identityProvider.origin,
        admin: admin.origin,
        issuers: new Map(
          authorizationServers.map(({ id, issuerPath = '' }) => [id, at(issuers, id) + issuerPath]),
        ),
        urls: new Map(servers.map(({ id, path = '/mcp' }) => [id, at(hosts, id) + path])),
        resources: new Map(
          servers.map((one) => [one.id, resourceOf(one, at(hosts, one.id) + (one.path ?? '/mcp'))]),
        ),
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function at(places: ReadonlyMap<string, Place>, id: string): string {
  const place = places.get(id);
  if (place === undefined) throw new Error(`nothing known of ${id}`);
  return place.origin;
}
