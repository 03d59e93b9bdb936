// All windows of one person on this computer, as one of them sees them: who exchanges, what is shared, what
// the others tell. Everything that comes in is checked here.
import * as v from 'valibot';
import type { Access } from '../access/accessRequest.ts';
import { ConnectError } from '../errors.ts';
import { Emitter } from '../event.ts';
import type { Clock, Disposable, Event, ListedSecretStore, Log } from '../ports.ts';
import { Secret } from '../secret.ts';
import {
  accessFrom,
  accessMessage,
  targetFrom,
  targetMessage,
  targetSchema,
  type Bind,
} from './accessMessage.ts';
import type { SessionStore } from '../signIn/storedSession.ts';
import type { Role } from './link.ts';
import { RefreshGuard } from './refreshGuard.ts';
import { ReplicatedSecrets } from './replicatedSecrets.ts';
import { sharedIdToken } from './sharedIdToken.ts';
import { SharedMint, type MintWish, type RunMint } from './sharedMint.ts';
import type { WindowMeans } from './windowMeans.ts';
import { messageSchema, type WindowMessage } from './windowMessage.ts';

interface Deps extends WindowMeans {
  /** SecretStorage. */
  readonly store: ListedSecretStore;
  readonly clock: Clock;
  readonly log: Log;
}

export interface GuardedSignIn {
  /** Id of the identity provider. */
  readonly name: string;
  readonly store: SessionStore;
  readonly accountId: () => string | undefined;
  /** How long this identity provider takes a refresh token again that it has replaced, milliseconds. */
  readonly graceMs: number;
}

/** How this window mints: by itself, or with what another window gave it. */
export interface MintWays {
  readonly run: RunMint;
  readonly bind: Bind;
}

/** How this window mints for others, as for itself. */
export interface Serving {
  /** @throws profile.missing where this window has no such server, or another profile */
  readonly mint: (asked: MintWish, signal: AbortSignal) => Promise<Access>;
  /** Of one of its servers. @throws profile.missing */
  readonly bind: (serverId: string) => Bind;
}

const text = v.pipe(v.string(), v.maxLength(4_096));
const wishSchema = v.object({
  identityProvider: text,
  accountId: text,
  serverId: text,
  scopes: v.pipe(v.array(text), v.maxLength(500)),
  profile: text,
  maxAgeMs: v.pipe(v.number(), v.minValue(0)),
  insteadOf: v.optional(v.string()),
  known: v.optional(targetSchema),
});

/** A window that joins hears what was told in this time: nobody led then, perhaps. Milliseconds. */
const freshMs = 5_000;
/** Longest that a window which closes waits for others to close, milliseconds. */
const farewellMs = 300;
/** Leaders may go one after the other; then a window helps itself. */
const mostLeaders = 4;

export class Windows {
  /** SecretStorage for everything of core. */
  readonly secrets: ReplicatedSecrets;
  readonly onMessage: Event<WindowMessage>;
  readonly onDidChangeRole: Event<Role>;
  readonly #deps: Deps;
  readonly #messages: Emitter<WindowMessage>;
  readonly #mint: SharedMint;
  readonly #serving = new Map<string, Serving>();
  #told: readonly { readonly message: WindowMessage; readonly atMs: number }[] = [];

  constructor(deps: Deps) {
    const { link, clock, log } = deps;
    this.#deps = deps;
    this.#mint = new SharedMint(clock);
    this.#messages = new Emitter((error) => {
      log.error('a listener of the windows failed', { reason: String(error) });
    });
    this.onMessage = this.#messages.event;
    this.onDidChangeRole = link.onDidChangeRole;
    this.secrets = new ReplicatedSecrets({
      ...deps,
      told: () => this.#fresh,
      onTold: (message) => {
        this.#take(message);
      },
    });
    link.onMessage((message) => {
      this.#take(message);
    });
    link.handle((method, params, signal) => this.#answer(method, params, signal));
  }

  /** Other windows use the same access: what one of them lets go of for itself alone is not given back. */
  get isShared(): boolean {
    return this.#deps.link.others > 0;
  }

  /** What only one window may do, the one that leads does, or one that reaches no other. */
  get isFirst(): boolean {
    return this.#deps.link.role === 'leader' || this.#deps.link.role === 'alone';
  }

  /** Around every use of the refresh token of one company sign-in. */
  guard(of: GuardedSignIn): RefreshGuard {
    const { lock, notes, clock } = this.#deps;
    const idTokens = sharedIdToken(of.name, this.secrets, of.accountId);
    return new RefreshGuard({ ...of, lock, notes, clock, idTokens });
  }

  tell(message: WindowMessage): void {
    const { link } = this.#deps;
    this.#remember(message);
    link.broadcast(message);
    if (link.role !== 'choosing') return;
    // Nobody was there to tell. Where this window leads, those who join hear of it then.
    void link.settled().then(() => {
      link.broadcast(message);
    });
  }

  /**
   * Nobody gets what was kept for this server, or for all of this identity provider, any more.
   * @returns what was kept here
   */
  drop(identityProvider: string, serverId?: string): readonly Access[] {
    return this.#mint.drop(identityProvider, serverId);
  }

  /** Every credential kept here for other windows, to look for copies of it. */
  heldSecrets(identityProvider: string): readonly Secret[] {
    return this.#mint.kept(identityProvider).map(({ token }) => token.secret);
  }

  /** Where all windows close at once, the one that leads goes last: it gives back what all of them held. */
  async lastToLeave(): Promise<void> {
    const { link, clock } = this.#deps;
    const untilMs = clock.monotonic() + farewellMs;
    while (link.role === 'leader' && this.isShared && clock.monotonic() < untilMs) {
      await new Promise<void>((resolve) => clock.schedule(farewellMs / 10, resolve));
    }
  }

  /** Mints for other windows while this one leads. */
  serve(identityProvider: string, serve: Serving): Disposable {
    this.#serving.set(identityProvider, serve);
    return {
      dispose: () => {
        if (this.#serving.get(identityProvider) === serve) this.#serving.delete(identityProvider);
      },
    };
  }

  /**
   * Through the window that leads, which may be this one; by itself where none can help.
   * @throws what minting throws, in whichever window it was done
   */
  async mint(wish: MintWish, ways: MintWays, signal: AbortSignal): Promise<Access> {
    for (let leaders = 0; leaders < mostLeaders; leaders++) {
      if ((await this.#deps.link.settled()) !== 'follower') break;
      try {
        return await this.#ask(wish, ways, signal);
      } catch (error) {
        if (ConnectError.is(error, 'profile.missing')) break;
        if (signal.aborted || !ConnectError.is(error, 'gateway.closed')) throw error;
      }
    }
    return this.#mint.mint(wish, ways.run, signal);
  }

  dispose(): void {
    this.#deps.link.dispose();
  }

  async #ask(wish: MintWish, { bind }: MintWays, signal: AbortSignal): Promise<Access> {
    const { link, clock } = this.#deps;
    const insteadOf = wish.insteadOf?.reveal();
    const known = wish.known && targetMessage(wish.known);
    const message = await link.request('mint', { ...wish, insteadOf, known }, signal);
    return accessFrom(message, { clock, bind });
  }

  async #answer(method: string, params: unknown, signal: AbortSignal): Promise<unknown> {
    if (method === 'join') return { entries: this.secrets.joining(params), told: this.#fresh };
    const read = v.safeParse(wishSchema, params);
    if (method !== 'mint' || !read.success) throw new ConnectError('gateway.messageInvalid');
    const { insteadOf, known, ...wish } = read.output;
    const serving = this.#serving.get(wish.identityProvider);
    if (serving === undefined) throw new ConnectError('profile.missing');
    const asked = {
      ...wish,
      insteadOf: insteadOf === undefined ? undefined : new Secret(insteadOf),
      known: known && (await targetFrom(known, serving.bind(wish.serverId))),
    };
    const access = await serving.mint(asked, signal).catch((error: unknown) => {
      // This window closes: what failed failed for that.
      const isLeaving = this.#serving.get(wish.identityProvider) !== serving;
      throw isLeaving ? new ConnectError('gateway.closed') : error;
    });
    return accessMessage(access, this.#deps.clock);
  }

  #take(message: unknown): void {
    const read = v.safeParse(messageSchema, message);
    if (!read.success) {
      // A version that tells more than this one knows.
      this.#deps.log.debug('another window told what this one does not understand');
      return;
    }
    if (read.output.kind === 'secret') {
      this.secrets.told(read.output);
      return;
    }
    this.#remember(read.output);
    this.#messages.fire(read.output);
  }

  #remember(message: WindowMessage): void {
    const atMs = this.#deps.clock.monotonic();
    this.#told = [...this.#told.filter((one) => atMs - one.atMs < freshMs), { message, atMs }];
  }

  get #fresh(): readonly WindowMessage[] {
    const nowMs = this.#deps.clock.monotonic();
    return this.#told.filter(({ atMs }) => nowMs - atMs < freshMs).map(({ message }) => message);
  }
}
