// One MCP server for one signed-in person: runs the effects, feeds the answers to state.ts.
// Invariant: the only place with effects on a connection; closing shuts the gate before anything else.
import type { Access } from '../access/accessRequest.ts';
import type { AccessToken } from '../access/accessToken.ts';
import { closingCode, type Closing, type LeftBy } from './closing.ts';
import { causeText, ConnectError } from '../errors.ts';
import type { Disposable, Event, OpenUrl } from '../ports.ts';
import { hostOf } from '../url.ts';
import type { ServerProfile } from '../profile/profile.ts';
import { Confirmation } from './confirmation.ts';
import type { ConnectHow, ConnectionDeps } from './connectionDeps.ts';
import { reducedBy, type Detector } from './history.ts';
import { Replacements } from './replacements.ts';
import { ConnectionRecord } from './record.ts';
import { settlesSoon } from './patience.ts';
import { outcomeOf, showing } from './personStep.ts';
import { ServerAccess } from './serverAccess.ts';
import {
  isForPerson,
  isOpen,
  isUsable,
  isWaiting,
  type ConnectingStep,
  type ConnectionEvent,
  type ConnectionSnapshot,
  type ConnectionState,
  type ToolSummary,
} from './state.ts';
import { noAnswer, saysSomething } from './verdict.ts';

export class Connection {
  readonly server: ServerProfile;
  readonly onDidChange: Event<void>;
  readonly #deps: ConnectionDeps;
  readonly #access: ServerAccess;
  /** What may be shown of it. */
  readonly record: ConnectionRecord;
  #attempts = 0;
  /** Ends the attempt under way. */
  #attempt: AbortController | undefined;
  /** Lives while the gate is open; aborted with the error that closed it. */
  #gate: AbortController | undefined;
  #closedBy = new ConnectError('user.signedOut');
  /** One that stands by connects, once for all who call meanwhile. */
  #waking: Promise<void> | undefined;
  readonly #confirmation: Confirmation;
  readonly #replacements: Replacements;

  constructor(server: ServerProfile, deps: ConnectionDeps) {
    this.server = server;
    this.#deps = deps;
    this.#access = new ServerAccess(server, deps);
    this.record = new ConnectionRecord(deps);
    this.onDidChange = this.record.onDidChange;
    this.#replacements = new Replacements(deps.clock);
    this.#confirmation = new Confirmation({
      ...deps,
      onDue: () => void this.check({ isInTurn: true }),
      onLimit: () => {
        const { code, facts } = this.record.failure ?? noAnswer;
        this.#pause(new ConnectError(code, facts));
      },
      onOutlook: () => {
        this.record.changed();
      },
    });
  }

  get state(): ConnectionState {
    return this.record.state;
  }

  /** The open gate's signal, or the error that keeps it shut. */
  get gate(): AbortSignal | ConnectError {
    return this.#gate?.signal ?? this.#closedBy;
  }

  snapshot(): ConnectionSnapshot {
    return this.record.snapshot(this.server, this.#confirmation);
  }

  /** All legs and the probe, from the start; an open gate is shut first. Never rejects. */
  async connect({ openInteraction, isAnew = false }: ConnectHow = {}): Promise<void> {
    const attempt = ++this.#attempts;
    const maxAgeMs = isAnew ? 0 : this.#deps.limits().checkIntervalMs;
    const closed = new ConnectError('gateway.closed');
    void this.#shut(closed, { type: 'connectStarted', attempt }, 'connect');
    this.#attempt = new AbortController();
    const { signal } = this.#attempt;
    const onStep = (step: ConnectingStep) => {
      this.record.apply({ type: 'stepped', attempt, step });
    };
    const asking = { onStep, signal, maxAgeMs, openInteraction: showing(openInteraction, onStep) };
    try {
      const { access, tools } = await this.#access.first(asking);
      if (!signal.aborted) this.#opened(access, tools, attempt);
    } catch (error) {
      if (!signal.aborted) this.#failed(outcomeOf(error, openInteraction), 'connect', attempt);
    }
  }

  /** Open to callers, and nothing asked for until there is one. */
  standBy(): void {
    if (this.state.kind !== 'signedOut') return;
    this.#gate = new AbortController();
    this.record.apply({ type: 'stoodBy' }, 'connect');
  }

  /** Connects with the page the server wants confirmed, on the person's click. Never rejects. */
  async continueInBrowser(openUrl: OpenUrl): Promise<void> {
    const { state } = this;
    if (state.kind !== 'needsSignIn' || state.code !== 'redemption.interactionRequired') return;
    await this.connect({ openInteraction: openUrl });
  }

  /**
   * Asks the company whether access still stands, and renews what is held. Never rejects.
   * @param isInTurn what another window was answered just now is as good
   */
  async check({ isInTurn = false } = {}): Promise<void> {
    const maxAgeMs = isInTurn ? this.#confirmation.enoughMs : 0;
    if (isWaiting(this.state)) return this.connect({ isAnew: !isInTurn });
    if (this.state.kind === 'standby') return this.#wake(maxAgeMs).catch(() => undefined);
    if (!isOpen(this.state)) return;
    await this.#deps.broker
      .renew(this.server.id, () => this.#renew(maxAgeMs))
      .catch(() => undefined);
  }

  /** As `check`, for one whose last yes is too old for a server in use; any other is checked when it is used. */
  async checkWhenDue(): Promise<void> {
    if (this.#confirmation.isInUse && this.#confirmation.isDue)
      await this.check({ isInTurn: true });
  }

  /** @throws the ConnectError that closed the gate, or an outage while nothing is left to call with */
  accessToken(signal: AbortSignal): Promise<AccessToken> {
    this.#confirmation.used();
    this.#deps.onUse();
    return this.#token(signal, this.#usable());
  }

  /** Somebody listens at the server, which is a use as long as it lasts. */
  streamOpened(): Disposable {
    this.#deps.onUse();
    return this.#confirmation.streamOpened();
  }

  /** @throws as accessToken */
  replaceToken(refused: AccessToken, signal: AbortSignal): Promise<AccessToken> {
    if (!this.#replacements.mayReplace(this.#deps.broker.held(this.server.id), refused)) {
      this.refuse(new ConnectError('server.tokenRefused', { host: hostOf(this.server.url) }));
      return Promise.reject(this.#closedBy);
    }
    return this.#token(
      signal,
      this.#deps.broker.replace(this.server.id, refused, this.#renewInTurn),
    );
  }

  /**
   * A token that may do more than `refused`, which was not enough for a call; undefined when all of it has
   * been asked for already. A refusal leaves the connection as it is.
   * @throws server.insufficientScope when it is not allowed, now or before; as accessToken
   */
  async widen(
    challenged: readonly string[] | undefined,
    refused: AccessToken,
    signal: AbortSignal,
  ): Promise<AccessToken | undefined> {
    const gate = this.#gate;
    if (gate === undefined) throw this.#closedBy;
    const asking = {
      onStep: () => undefined,
      signal: gate.signal,
      maxAgeMs: this.#confirmation.enoughMs,
    };
    try {
      const access = await this.#access.more({ challenged, refused }, asking, (granted) => {
        if (gate === this.#gate) this.#confirmed(granted);
      });
      if (access === undefined) return undefined;
      return await this.#token(signal, Promise.resolve(access));
    } catch (error) {
      const known = ConnectError.from(error);
      if (gate === this.#gate && isForPerson(known.code)) {
        this.record.note(known);
        this.record.changed();
      }
      throw known;
    }
  }

  /** The server refused a fresh token as well, or wants another sign-in. */
  refuse(error: ConnectError): void {
    if (isOpen(this.state)) this.#failed(this.#deps.judge(error), 'use');
  }

  /**
   * Closes for a reason that is not an answer.
   * @returns when what was held is given back: whether its server was told, undefined where nothing was held
   */
  close(event: Closing, detector: Detector = 'person'): Promise<boolean | undefined> {
    return this.#shut(new ConnectError(closingCode[event.type]), event, detector);
  }

  /** Closes by an answer that somebody else was given, or by what the organization made known. */
  end(error: ConnectError, detector: Detector): void {
    // What one that connects is about to open with may be from before.
    const attempt = this.state.kind === 'connecting' ? this.state.attempt : undefined;
    if (attempt !== undefined || isUsable(this.state)) this.#failed(error, detector, attempt);
  }

  /**
   * Nobody looks at it any more.
   * @returns when what was held is given back
   */
  dispose(code: LeftBy = 'gateway.closed'): Promise<unknown> {
    return this.#shut(new ConnectError(code), undefined, 'person');
  }

  /** An access while it may be used; asked for first where the last yes is too old. */
  async #usable(): Promise<Access> {
    const { broker } = this.#deps;
    const { id } = this.server;
    if (this.state.kind === 'standby') await this.#wake();
    if (!this.#confirmation.isDue) return broker.fresh(id, this.#renewInTurn);
    const asked = broker.renew(id, this.#renewInTurn);
    const mayGoOn = this.#confirmation.limitLeftMs > 0 && broker.held(id) !== undefined;
    if (mayGoOn) await settlesSoon(asked, this.#deps.clock);
    // Nobody has answered, or could be asked: it goes on by its limits, or has just been closed.
    const held = this.#gate === undefined ? undefined : broker.held(id);
    return mayGoOn && held !== undefined ? held : asked;
  }

  /** @throws what connecting throws; by then it is closed */
  #wake(maxAgeMs = this.#deps.limits().checkIntervalMs): Promise<void> {
    const gate = this.#gate;
    if (gate === undefined) return Promise.reject(this.#closedBy);
    this.#waking ??= this.#access
      .first({ onStep: () => undefined, signal: gate.signal, maxAgeMs })
      .then(
        ({ access, tools }) => {
          if (gate === this.#gate) this.#opened(access, tools);
        },
        (error: unknown) => {
          if (gate === this.#gate) this.#failed(ConnectError.from(error), 'connect');
          throw error;
        },
      )
      .finally(() => {
        this.#waking = undefined;
      });
    return this.#waking;
  }

  async #token(signal: AbortSignal, access: Promise<Access>): Promise<AccessToken> {
    const { token } = await access;
    if (this.#gate === undefined) throw this.#closedBy;
    if (signal.aborted) throw new ConnectError('user.cancelled');
    return token;
  }

  /** Mints for an open connection and draws the consequences of the answer, once for all who wait. */
  async #renew(maxAgeMs: number): Promise<Access> {
    const gate = this.#gate;
    if (gate === undefined) throw this.#closedBy;
    this.#confirmation.asking();
    try {
      const access = await this.#access.again(gate.signal, maxAgeMs);
      if (gate === this.#gate) this.#confirmed(access);
      return access;
    } catch (error) {
      const known = ConnectError.from(error);
      if (gate === this.#gate) this.#checkFailed(known);
      throw known;
    }
  }

  readonly #renewInTurn = (): Promise<Access> => this.#renew(this.#confirmation.enoughMs);

  #opened(access: Access, tools: readonly ToolSummary[], attempt?: number): void {
    const { scopes, receivedAt } = access;
    const missing = this.#missing(scopes);
    this.record.setTools(tools);
    this.#gate ??= new AbortController();
    this.#succeeded(access);
    const seen = { scopes, reducedBy: missing, tools: tools.length, atMs: receivedAt.wallMs };
    this.record.apply({ type: 'opened', ...attempted(attempt), ...seen }, 'connect');
  }

  #confirmed(access: Access): void {
    this.#succeeded(access);
    const { scopes, receivedAt } = access;
    const before = reducedBy(this.state);
    const missing = this.#missing(scopes);
    const confirmed = { scopes, reducedBy: missing, atMs: receivedAt.wallMs };
    this.record.apply({ type: 'confirmed', ...confirmed }, 'check');
    if (missing.some((scope) => !before.includes(scope))) this.#deps.onReduced();
  }

  #succeeded(access: Access): void {
    this.#confirmation.confirmed(access);
    this.record.granted(access);
  }

  /** No answer about access: go on while anything is left to call with. An answer: close. */
  #checkFailed(error: ConnectError): void {
    if (saysSomething(error)) {
      this.#failed(error, 'check');
      return;
    }
    this.record.note(error);
    if (this.#confirmation.failed(error.facts.retryAfterSec)) {
      this.record.apply({ type: 'checkFailed', atMs: this.#deps.clock.now() }, 'check');
      this.record.changed();
    } else this.#pause(error);
  }

  #pause(error: ConnectError): void {
    const atMs = this.#deps.clock.now();
    void this.#shut(error, { type: 'limitReached', atMs, code: error.code }, 'limit');
    this.#confirmation.retryLater(error.facts.retryAfterSec);
  }

  #failed(error: ConnectError, detector: Detector, attempt?: number): void {
    const { clock, log } = this.#deps;
    const { code } = error;
    log.warn(`${this.server.label}: ${code}`, error.facts);
    if (code === 'bug') log.error(`${this.server.label}: unexpected`, { reason: causeText(error) });
    this.record.note(error);
    const event: ConnectionEvent = {
      type: 'failed',
      code,
      hadAccess: this.record.hadAccess,
      atMs: clock.now(),
      ...attempted(attempt),
    };
    void this.#shut(error, event, detector);
    if (isWaiting(this.state)) this.#confirmation.retryLater(error.facts.retryAfterSec);
  }

  /**
   * Design §6, in this order: gate, requests and streams (whoever listens to the gate's signal),
   * tokens, other windows, then the change that makes tools vanish and repaints, then giving back, beside all that.
   */
  #shut(
    error: ConnectError,
    event: ConnectionEvent | undefined,
    detector: Detector,
  ): Promise<boolean | undefined> {
    const gate = this.#gate;
    this.#gate = undefined;
    this.#closedBy = error;
    this.#confirmation.forget();
    gate?.abort(error);
    this.#attempt?.abort(error);
    this.#attempt = undefined;
    const held = this.#deps.broker.take(this.server.id);
    this.record.letGo();
    this.#deps.onShut(error, detector);
    if (event !== undefined) this.record.apply(event, detector);
    if (held === undefined) return Promise.resolve(undefined);
    return this.#deps.giveBack(held, error.code).then((isTold) => {
      if (isTold) this.record.revoked();
      return isTold;
    });
  }

  #missing(granted: readonly string[]): readonly string[] {
    return this.#access.missing(granted, isOpen(this.state) ? this.state.scopes : []);
  }
}

const attempted = (attempt: number | undefined) => (attempt === undefined ? {} : { attempt });
