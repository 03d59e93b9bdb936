import type { BridgeRequests, Seen, Visitor } from './bridge.ts';

export interface BridgeClient {
  /** Says who deals with the next sign-in page. */
  expectVisitor(visitor: Visitor): Promise<void>;
  /** What opened in front of the person since the last question. */
  seen(): Promise<Seen>;
  screenshot(name: string): Promise<void>;
}

/** The suite's end of the bridge. */
export function createBridgeClient(url: string): BridgeClient {
  async function ask<P extends keyof BridgeRequests>(
    path: P,
    body: BridgeRequests[P],
  ): Promise<unknown> {
    const response = await fetch(url + path, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return response.json();
  }
  return {
    expectVisitor: async (visitor) => {
      await ask('/visitor', { visitor });
    },
    seen: async () => (await ask('/seen', {})) as Seen,
    screenshot: async (name) => {
      await ask('/screenshot', { name });
    },
  };
}
