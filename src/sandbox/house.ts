// What everybody in the company shares, and how a party is put to work in it.
import type { CryptoKey } from 'jose';
import type { AccessTokens } from './accessTokens.ts';
import type { Catalogue } from './catalogue.ts';
import type { ClientKeys } from './clientKeys.ts';
import type { Registrations } from './description.ts';
import type { FaultSwitches } from './faults.ts';
import type { Front, Party } from './front.ts';
import type { Listening } from './loopback.ts';
import type { Ports } from './ports.ts';
import type { Setup } from './setup.ts';
import type { Audience } from './tokenExchange.ts';

export interface House {
  readonly setup: Setup;
  readonly catalogue: Catalogue;
  readonly ports: Ports;
  readonly registered: Registrations;
  readonly front: Front;
  readonly faults: FaultSwitches;
  readonly tokens: AccessTokens;
  readonly audiences: ReadonlyMap<string, Audience>;
  /** Of the identity provider. */
  readonly issuer: string;
  /** Public keys of clients, per authorization server. */
  readonly clientKeys: ReadonlyMap<string, ClientKeys>;
  /** With which authorization servers read what only they may read. */
  readonly decryptWith: CryptoKey | undefined;
}

/** Puts a party to work; going down also cuts the connections it has. */
export function settle(
  { front, faults }: Pick<House, 'front' | 'faults'>,
  listening: Listening,
  listener: Parameters<Front['guard']>[1],
  party: Party,
): void {
  listening.serve(front.guard(party, listener));
  faults.onChange(() => {
    if (party.isDown()) listening.cut();
  });
}
