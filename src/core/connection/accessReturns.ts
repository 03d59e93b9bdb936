// Giving back what was taken out of the token broker, best effort: beside everything else, never in its way.
import type { Access } from '../access/accessRequest.ts';
import type { AccessToken } from '../access/accessToken.ts';
import { registrationAt } from '../client/clientCredentials.ts';
import { ConnectError } from '../errors.ts';
import type { OutboundLoader } from '../outbound.ts';
import type { Clock, Log, SecretStore } from '../ports.ts';
import type { ServerProfile } from '../profile/profile.ts';

interface ReturnsDeps {
  readonly outbound: OutboundLoader;
  readonly store: SecretStore;
  readonly clock: Clock;
  readonly log: Log;
}

export class AccessReturns {
  readonly #deps: ReturnsDeps;
  readonly #underWay = new Set<Promise<boolean>>();
  /** Once is enough, whoever let go of it. */
  readonly #given = new WeakMap<AccessToken, Promise<boolean>>();
  /** Where each access came from, also when the profile has no such server any more. */
  readonly #servers = new WeakMap<Access, ServerProfile>();

  constructor(deps: ReturnsDeps) {
    this.#deps = deps;
  }

  cameFrom(access: Access, server: ServerProfile): void {
    this.#servers.set(access, server);
  }

  /** Never rejects. @returns whether the authorization server took it @see RFC 7009 */
  giveBack(access: Access): Promise<boolean> {
    const { log } = this.#deps;
    const server = this.#servers.get(access);
    if (server === undefined) return Promise.resolve(false);
    const known = this.#given.get(access.token);
    if (known !== undefined) return known;
    const task = this.#revoke(access, server)
      .then(
        (revoked) => {
          log.info(`${server.label}: access ${revoked ? '' : 'cannot be '}given back`);
          return revoked;
        },
        (error: unknown) => {
          const facts = ConnectError.is(error) ? error.facts : {};
          log.warn(`${server.label}: access could not be given back`, facts);
          return false;
        },
      )
      .finally(() => this.#underWay.delete(task));
    this.#underWay.add(task);
    this.#given.set(access.token, task);
    return task;
  }

  /** Resolves when everything under way and `other` have ended, or after `ms`. */
  settled(ms: number, other: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#deps.clock.schedule(ms, resolve);
      void Promise.allSettled([...this.#underWay, other]).then(() => {
        timer.dispose();
        resolve();
      });
    });
  }

  async #revoke(access: Access, server: ServerProfile): Promise<boolean> {
    const { outbound, store } = this.#deps;
    const { issuer } = access.authorizationServer;
    const registration = await registrationAt(issuer, server, store, 'redemption');
    const { protocol, toAuthorizationServer } = await outbound.load();
    return protocol.revokeAccess(access, registration, toAuthorizationServer);
  }
}
