// What this computer gives to registrations that need it: a client secret typed in, a key made here.
import { ConnectError } from '../errors.ts';
import type { OutboundLoader } from '../outbound.ts';
import type { SecretStore } from '../ports.ts';
import type { Secret } from '../secret.ts';
import type { ClientOwner, NeedyClient, OwnedClient } from './clientOwners.ts';
import type { PublicJwk } from './signingKey.ts';

interface Deps {
  readonly clients: readonly NeedyClient[];
  readonly store: SecretStore;
  readonly outbound: OutboundLoader;
  /** Somebody has what it waited for. */
  readonly onGiven: () => Promise<void>;
}

export class Registrations {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Those whose client authentication needs a secret that no administrator's file gives. */
  secretOwners(): readonly OwnedClient[] {
    return this.#owners('secret');
  }

  /**
   * Keeps a client secret and tries what waited for it.
   * @throws storage.unavailable, profile.missing
   */
  async storeClientSecret(owner: ClientOwner, secret: Secret): Promise<void> {
    const client = this.#needy(owner, 'secret');
    await client.storeSecret(secret, this.#deps.store).catch(failed);
    await this.#deps.onGiven();
  }

  /** Those that prove themselves with a key that no administrator's file gives. */
  deviceKeyOwners(): readonly OwnedClient[] {
    return this.#owners('deviceKey');
  }

  /** The public half of this computer's key, undefined before there is one. @throws storage.unavailable, profile.missing */
  async deviceKey(owner: ClientOwner): Promise<PublicJwk | undefined> {
    const { owned, client } = this.#needy(owner, 'deviceKey');
    const { protocol } = await this.#deps.outbound.load();
    return protocol.deviceKey(owned.issuer, client, this.#deps.store).catch(failed);
  }

  /**
   * Makes this computer's key and tries what waited for it.
   * @returns the public half, for whoever registers it; of the key there is, unless it is to be replaced
   * @throws storage.unavailable, profile.missing
   */
  async createDeviceKey(
    owner: ClientOwner,
    options: { readonly replace?: boolean } = {},
  ): Promise<PublicJwk> {
    const { owned, client } = this.#needy(owner, 'deviceKey');
    const { protocol } = await this.#deps.outbound.load();
    const key = await protocol
      .createDeviceKey(owned.issuer, client, this.#deps.store, options)
      .catch(failed);
    await this.#deps.onGiven();
    return key;
  }

  #owners(needs: NeedyClient['needs']): readonly OwnedClient[] {
    return this.#deps.clients.filter((one) => one.needs === needs).map(({ owned }) => owned);
  }

  #needy({ kind, id }: ClientOwner, needs: NeedyClient['needs']): NeedyClient {
    const client = this.#deps.clients.find(
      (one) => one.needs === needs && one.owned.kind === kind && one.owned.id === id,
    );
    if (client === undefined) throw new ConnectError('profile.missing');
    return client;
  }
}

const failed = (cause: unknown): never => {
  throw ConnectError.is(cause) ? cause : new ConnectError('storage.unavailable', {}, { cause });
};
