// protocol.ts with our ports in it: loaded once, on first use; what it learns is shared by all companies.
import type { Discovery } from './discovery/discovery.ts';
import type { DpopKeys } from './client/dpopKeys.ts';
import type { GuardedFetch } from './http/http.ts';
import type { Clock, Fetch } from './ports.ts';
import type * as protocolModule from './protocol.ts';

export type Protocol = typeof protocolModule;

export interface Outbound {
  readonly protocol: Protocol;
  readonly discovery: Discovery;
  readonly toAuthorizationServer: GuardedFetch;
  readonly dpopKeys: DpopKeys;
}

export interface OutboundLoader {
  load(): Promise<Outbound>;
  /** Forgets metadata, e.g. before a person asks to reconnect. */
  forget(): void;
  /** Forgets keys as well. */
  readonly forgetEverything: () => void;
}

export function createOutboundLoader(deps: { fetch: Fetch; clock: Clock }): OutboundLoader {
  const kept: { outbound?: Promise<Outbound> } = {};
  const start = async (): Promise<Outbound> => {
    const protocol = await import('./protocol.ts');
    return {
      protocol,
      discovery: protocol.createDiscovery(deps),
      toAuthorizationServer: protocol.createGuardedFetch(deps, protocol.authorizationServerParty),
      dpopKeys: protocol.createDpopKeys(),
    };
  };
  return {
    load: () => (kept.outbound ??= start()),
    forget: () => {
      void kept.outbound?.then(({ discovery }) => {
        discovery.forget();
      });
    },
    forgetEverything: () => {
      delete kept.outbound;
    },
  };
}
