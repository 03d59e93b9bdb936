// Where everybody lives. Consecutive from a base port in the order below, or any free ones.
import { authorizationServers, servers } from './catalogue.ts';
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
  readonly servers: ReadonlyMap<string, Place>;
  readonly close: () => Promise<void>;
  readonly addresses: Addresses;
}

/** @throws the system's own error when a port is taken */
export async function takePorts(base: number): Promise<Ports> {
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
    return {
      identityProvider,
      admin,
      authorizationServers: issuers,
      servers: hosts,
      close,
      addresses: {
        identityProvider: identityProvider.origin,
        admin: admin.origin,
        issuers: new Map([...issuers].map(([id, { origin }]) => [id, origin])),
        urls: new Map([...hosts].map(([id, { origin }]) => [id, `${origin}/mcp`])),
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
