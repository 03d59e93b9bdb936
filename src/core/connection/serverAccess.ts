// How one server's access is asked for: with which scopes, once more with others where the server or the
// company answers so, and what the server then gives. connection.ts draws the consequences.
import type { Access } from '../access/accessRequest.ts';
import type { AccessToken } from '../access/accessToken.ts';
import { ConnectError } from '../errors.ts';
import type { Clock, OpenUrl } from '../ports.ts';
import type { Secret } from '../secret.ts';
import type { Probed } from '../server/probe.ts';
import type { ServerProfile } from '../profile/profile.ts';
import { challengedScopes } from '../server/serverRefusal.ts';
import type { ConnectingStep, ToolSummary } from './state.ts';
import type { TokenBroker } from './tokenBroker.ts';
import { refusesScopes } from './verdict.ts';
import { WantedScopes } from './wantedScopes.ts';

export interface Asking {
  /** Good enough is what another window of this person was given less than this ago, milliseconds. */
  readonly maxAgeMs: number;
  readonly onStep: (step: ConnectingStep) => void;
  readonly signal: AbortSignal;
  /** Opens the page a server wants confirmed; only there when the person has asked for it. */
  readonly openInteraction?: OpenUrl | undefined;
}

export interface MintRequest extends Asking {
  readonly scopes: readonly string[];
  /** Of the access that is open now. */
  readonly known?: Access['target'] | undefined;
  /** Not this one. */
  readonly insteadOf?: Secret | undefined;
}

export interface ProbeRequest {
  readonly token: AccessToken;
  readonly signal: AbortSignal;
  /** Of MCP, that the server spoke the last time. */
  readonly version: string | undefined;
}

export interface ServerAccessDeps {
  readonly broker: TokenBroker;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly mint: (request: MintRequest) => Promise<Access>;
  readonly probe: (request: ProbeRequest) => Promise<Probed>;
}

export interface ScopeDemand {
  /** What the server's challenge names; undefined: nothing, then what the profile has for writing. */
  readonly challenged: readonly string[] | undefined;
  /** What was not enough. */
  readonly refused: AccessToken;
}

export class ServerAccess {
  readonly #server: ServerProfile;
  readonly #deps: ServerAccessDeps;
  #wanted: WantedScopes;
  /** Of MCP; a server that changes it is found out, only later. */
  #version: string | undefined;
  /** Where the access that is open came from. */
  #target: Access['target'] | undefined;

  constructor(server: ServerProfile, deps: ServerAccessDeps) {
    this.#server = server;
    this.#deps = deps;
    this.#wanted = new WantedScopes(server);
  }

  /** Of what the profile wants, and of what there has been since, what is not granted. */
  missing(granted: readonly string[], before: readonly string[]): readonly string[] {
    return [...new Set([...this.#wanted.most, ...before])].filter((one) => !granted.includes(one));
  }

  /**
   * Begins with what the profile asks for; a server that wants more even to list its tools gets it, and one
   * that refuses what another window was given before gets one of its own.
   * @throws what mint and probe throw, server.insufficientScope
   */
  async first(asking: Asking): Promise<{ access: Access; tools: readonly ToolSummary[] }> {
    const { broker, clock, mint, probe } = this.#deps;
    const startedMs = clock.monotonic();
    const wanted = new WantedScopes(this.#server);
    this.#wanted = wanted;
    this.#target = undefined;
    const { signal } = asking;
    const anew = (insteadOf?: Secret) =>
      broker.renew(this.#server.id, () => mint({ ...asking, scopes: wanted.current, insteadOf }));
    let access = await anew();
    // WantedScopes ends this.
    for (;;) {
      asking.onStep('probe');
      const { token } = access;
      try {
        const { tools, version } = await probe({ token, signal, version: this.#version });
        this.#version = version;
        this.#target = access.target;
        return { access, tools };
      } catch (error) {
        const wider = await this.#wider(error, token, asking);
        const isOlder = access.receivedAt.monotonicMs < startedMs;
        if (wider !== undefined) access = wider;
        else if (isOlder && ConnectError.is(error, 'server.tokenRefused')) {
          access = await anew(token.secret);
        } else throw error;
      }
    }
  }

  /**
   * Where more than the profile's is refused, that alone is asked for: perhaps only the rest was taken back.
   * @throws what mint throws
   */
  async again(signal: AbortSignal, maxAgeMs: number): Promise<Access> {
    const wanted = this.#wanted;
    const known = this.#target;
    const mint = async () => {
      const insteadOf = this.#deps.broker.held(this.#server.id)?.token.secret;
      const asking = { onStep: () => undefined, signal, known, maxAgeMs, insteadOf };
      const access = await this.#deps.mint({ ...asking, scopes: wanted.current });
      this.#target = access.target;
      return access;
    };
    try {
      return await mint();
    } catch (error) {
      if (!wanted.isWidened || !refusesScopes(ConnectError.from(error))) throw error;
      wanted.narrow();
      return mint();
    }
  }

  /**
   * Access that may do more than what was refused, one request for all who need the same; undefined when
   * all of it has been asked for already. A refusal changes nothing but the answer to the call.
   * @throws server.insufficientScope when it is not allowed, now or before; what mint throws
   * @see MCP 2026-07-28 basic/authorization, scope challenge handling
   */
  async more(
    { challenged, refused }: ScopeDemand,
    asking: Asking,
    onGranted: (access: Access) => void = () => undefined,
  ): Promise<Access | undefined> {
    const wanted = this.#wanted;
    const { broker } = this.#deps;
    const { id } = this.#server;
    const needed = wanted.needed(challenged);
    const successor = () => {
      const held = broker.held(id);
      return held?.token.secret.equals(refused.secret) === true ? undefined : held;
    };
    if (wanted.covers(needed) && successor() === undefined) return undefined;
    return broker.widen(id, async () => {
      // While it waited for its turn somebody else may have been given what it needs, or all have closed.
      if (asking.signal.aborted) throw ConnectError.from(asking.signal.reason);
      const held = successor();
      const isEnough = held !== undefined && needed.every((one) => held.scopes.includes(one));
      if (isEnough) return held;
      const access = await this.#widened(needed, wanted, asking);
      onGranted(access);
      return access;
    });
  }

  async #widened(needed: readonly string[], wanted: WantedScopes, asking: Asking): Promise<Access> {
    const scopes = wanted.widened(needed);
    try {
      const access = await this.#deps.mint({ ...asking, scopes, known: this.#target });
      wanted.answered(scopes, access.scopes);
      return access;
    } catch (error) {
      if (!ConnectError.is(error) || !refusesScopes(error)) throw error;
      wanted.answered(scopes, []);
      const facts = { ...error.facts, scopes: needed.join(' ') };
      throw new ConnectError('server.insufficientScope', facts, { cause: error });
    }
  }

  async #wider(error: unknown, refused: AccessToken, asking: Asking): Promise<Access | undefined> {
    const codes = ['server.insufficientScope', 'server.tokenRefused'] as const;
    if (!ConnectError.is(error, ...codes) || asking.signal.aborted) return undefined;
    const challenged = challengedScopes(error);
    const isAboutScope = error.code === 'server.insufficientScope' || challenged !== undefined;
    return isAboutScope ? this.more({ challenged, refused }, asking) : undefined;
  }
}
