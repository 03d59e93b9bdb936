// The only holder of access tokens. One mint at a time per server, whoever asks; what is taken out
// cannot come back: a late answer is handed to `orphaned` to be given back.
import type { Access } from '../access/accessRequest.ts';
import type { AccessToken } from '../access/accessToken.ts';
import type { Clock } from '../ports.ts';
import { Turns } from '../turns.ts';

export type Mint = () => Promise<Access>;

/** Never sent with less life than this left, milliseconds. */
export const marginMs = 5_000;

interface Slot {
  access?: Access;
  minting?: Promise<Access>;
  /** Mints go one after the other: a late one must not undo what another has widened. */
  readonly turns: Turns;
}

export class TokenBroker {
  readonly #clock: Clock;
  readonly #orphaned: (serverId: string, access: Access) => void;
  readonly #slots = new Map<string, Slot>();

  constructor(deps: { clock: Clock; orphaned: (serverId: string, access: Access) => void }) {
    this.#clock = deps.clock;
    this.#orphaned = deps.orphaned;
  }

  /** The access in hand while it has life left, otherwise one mint shared by all who ask. */
  async fresh(serverId: string, mint: Mint): Promise<Access> {
    return this.held(serverId) ?? this.renew(serverId, mint);
  }

  /** A successor of `refused`: the one in hand when it is another already, otherwise one mint. */
  async replace(serverId: string, refused: AccessToken, mint: Mint): Promise<Access> {
    const held = this.held(serverId);
    const succeeded = held !== undefined && !held.token.secret.equals(refused.secret);
    return succeeded ? held : this.renew(serverId, mint);
  }

  /** A new mint, or the one under way. */
  renew(serverId: string, mint: Mint): Promise<Access> {
    const slot = this.#slot(serverId);
    slot.minting ??= this.#mint(serverId, slot, mint).finally(() => {
      delete slot.minting;
    });
    return slot.minting;
  }

  /** A mint that is nobody else's, for more than a renewal gives; what is in hand stays when it fails. */
  widen(serverId: string, mint: Mint): Promise<Access> {
    return this.#mint(serverId, this.#slot(serverId), mint);
  }

  /** The access in hand while it has life left. */
  held(serverId: string): Access | undefined {
    const access = this.#slots.get(serverId)?.access;
    return access !== undefined && this.#hasLife(access) ? access : undefined;
  }

  /** Milliseconds of life left; 0 without access. */
  lifeLeftMs(serverId: string): number {
    const access = this.#slots.get(serverId)?.access;
    return access === undefined ? 0 : Math.max(0, this.#lifeLeft(access));
  }

  /** Empties the slot and hands out what still has life; a mint under way ends as an orphan. */
  take(serverId: string): Access | undefined {
    const access = this.#slots.get(serverId)?.access;
    this.#slots.delete(serverId);
    return access !== undefined && this.#lifeLeft(access) > 0 ? access : undefined;
  }

  #mint(serverId: string, slot: Slot, mint: Mint): Promise<Access> {
    return slot.turns.alone(async () => {
      const access = await mint();
      if (this.#slots.get(serverId) === slot) slot.access = access;
      else this.#orphaned(serverId, access);
      return access;
    });
  }

  #slot(serverId: string): Slot {
    const known = this.#slots.get(serverId);
    if (known !== undefined) return known;
    const slot: Slot = { turns: new Turns() };
    this.#slots.set(serverId, slot);
    return slot;
  }

  #lifeLeft(access: Access): number {
    const { monotonicMs, wallMs } = access.receivedAt;
    const elapsedMs = Math.max(this.#clock.monotonic() - monotonicMs, this.#clock.now() - wallMs);
    return access.lifeMs - elapsedMs;
  }

  #hasLife(access: Access): boolean {
    return this.#lifeLeft(access) > marginMs;
  }
}
