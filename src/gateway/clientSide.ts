// What the gateway keeps of one client: its sessions at each server, and what it is being answered.
// Invariant: nothing of one client is reached with the key of another.
import type { ServerResponse } from 'node:http';
import { Served, type GatewayContext } from './served.ts';
import { endUpstream } from './sessionEnd.ts';

export class ClientSide {
  readonly #context: GatewayContext;
  readonly #served = new Map<string, Served>();
  readonly #answers = new Set<ServerResponse>();

  constructor(context: GatewayContext) {
    this.#context = context;
  }

  isAnswered(response: ServerResponse): void {
    this.#answers.add(response);
    response.once('close', () => {
      this.#answers.delete(response);
    });
  }

  /** undefined: the profile has no such server. */
  servedAs(serverId: string): Served | undefined {
    const known = this.#served.get(serverId);
    if (known !== undefined) return known;
    const { upstreams, limits } = this.#context;
    if (upstreams.access(serverId) === undefined) return undefined;
    const served = new Served(serverId, limits.maxSessions, (evicted) => {
      endUpstream(evicted, this.#context);
    });
    this.#served.set(serverId, served);
    return served;
  }

  hasSession(serverId: string): boolean {
    return this.#served.get(serverId)?.sessions.isUsed === true;
  }

  accessChanged(): void {
    for (const [id, served] of this.#served) {
      const access = this.#context.upstreams.access(id);
      served.accessIs(access?.open === true, access?.open === false ? access.error : undefined);
      if (access?.open === true) {
        served.follow(access.upstream.closed);
        served.grantIs(access.upstream.grant());
      }
      if (access !== undefined) continue;
      this.#served.delete(id);
      served.end();
    }
  }

  /** Cuts what is under way, and ends its sessions at the servers. */
  end(): void {
    for (const response of this.#answers) response.destroy();
    for (const { sessions } of this.#served.values()) {
      for (const session of sessions.dropAll()) endUpstream(session, this.#context);
    }
    this.#served.clear();
  }
}
