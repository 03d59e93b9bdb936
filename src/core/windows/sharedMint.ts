// Access that windows share: one exchange for all who need the same at once, and its result for those who
// come a little later. Invariant: what was let go of is handed to nobody any more.
import type { Access, Target } from '../access/accessRequest.ts';
import { ConnectError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { Secret } from '../secret.ts';

/** What one access is for: another account, scope or profile has another. */
export interface MintKey {
  readonly identityProvider: string;
  readonly accountId: string;
  readonly serverId: string;
  readonly scopes: readonly string[];
  /** Changes with everything the profile says of the server and its identity provider. */
  readonly profile: string;
}

export interface MintWish extends MintKey {
  /** Good enough is what was given less than this ago. */
  readonly maxAgeMs: number;
  /** Not this one: refused by its server, or to be confirmed or renewed. */
  readonly insteadOf?: Secret | undefined;
  /** Where access that is open now came from. */
  readonly known?: Target | undefined;
}

export type RunMint = (signal: AbortSignal, known: Target | undefined) => Promise<Access>;

/** Access with less life left is not handed out, milliseconds. */
const leastLifeMs = 60_000;

interface Slot {
  readonly key: MintKey;
  access?: Access;
  minting?: Minting;
}

interface Minting {
  readonly access: Promise<Access>;
  readonly controller: AbortController;
  waiting: number;
}

export class SharedMint {
  readonly #clock: Clock;
  readonly #slots = new Map<string, Slot>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws what `run` throws; user.cancelled, or the signal's error, when the asker gives up */
  mint(wish: MintWish, run: RunMint, signal: AbortSignal): Promise<Access> {
    const slot = this.#slot(wish);
    const { access } = slot;
    if (access !== undefined && this.#isGood(access, wish)) return Promise.resolve(access);
    slot.minting ??= this.#begin(slot, run, wish.known ?? access?.target);
    return this.#wait(slot, slot.minting, signal);
  }

  /**
   * For all that is of this identity provider, or of one server of it: what is under way is kept by nobody.
   * @returns what was kept
   */
  drop(identityProvider: string, serverId?: string): readonly Access[] {
    const dropped = [...this.#slots].filter(
      ([, { key }]) =>
        key.identityProvider === identityProvider &&
        (serverId === undefined || key.serverId === serverId),
    );
    for (const [name] of dropped) this.#slots.delete(name);
    return dropped.flatMap(([, { access }]) => access ?? []);
  }

  /** What is kept for this identity provider. */
  kept(identityProvider: string): readonly Access[] {
    return [...this.#slots.values()].flatMap(({ key, access }) =>
      key.identityProvider === identityProvider ? (access ?? []) : [],
    );
  }

  #begin(slot: Slot, run: RunMint, known: Target | undefined): Minting {
    const controller = new AbortController();
    const access = run(controller.signal, known)
      .then((minted) => {
        slot.access = minted;
        return minted;
      })
      .catch((error: unknown) => {
        // A yes from before the question is no answer to it.
        delete slot.access;
        throw error;
      })
      .finally(() => {
        if (slot.minting === minting) delete slot.minting;
      });
    const minting: Minting = { access, controller, waiting: 0 };
    return minting;
  }

  /** One who gives up does not end it for the others; the last one does. */
  #wait(slot: Slot, minting: Minting, signal: AbortSignal): Promise<Access> {
    minting.waiting++;
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        const { reason } = signal as { reason: unknown };
        const error = ConnectError.is(reason) ? reason : new ConnectError('user.cancelled');
        minting.waiting--;
        if (minting.waiting === 0) {
          // Whoever comes now begins anew.
          if (slot.minting === minting) delete slot.minting;
          minting.controller.abort(error);
        }
        reject(error);
      };
      if (signal.aborted) giveUp();
      else signal.addEventListener('abort', giveUp, { once: true });
      minting.access.then(resolve, reject).finally(() => {
        signal.removeEventListener('abort', giveUp);
      });
    });
  }

  #isGood(access: Access, { maxAgeMs, insteadOf }: MintWish): boolean {
    const isOther = insteadOf === undefined || !access.token.secret.equals(insteadOf);
    const leftMs = this.#lifeLeftMs(access);
    return isOther && access.lifeMs - leftMs < maxAgeMs && leftMs > leastLifeMs;
  }

  #lifeLeftMs({ receivedAt: { monotonicMs, wallMs }, lifeMs }: Access): number {
    const ageMs = Math.max(this.#clock.monotonic() - monotonicMs, this.#clock.now() - wallMs);
    return lifeMs - ageMs;
  }

  #slot({ identityProvider, accountId, serverId, scopes, profile }: MintKey): Slot {
    const key = { identityProvider, accountId, serverId, scopes, profile };
    const name = JSON.stringify([
      identityProvider,
      accountId,
      serverId,
      profile,
      ...[...scopes].sort(),
    ]);
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    for (const [old, { access, minting }] of this.#slots) {
      if (minting === undefined && (access === undefined || this.#lifeLeftMs(access) <= 0)) {
        this.#slots.delete(old);
      }
    }
    const slot: Slot = { key };
    this.#slots.set(name, slot);
    return slot;
  }
}
