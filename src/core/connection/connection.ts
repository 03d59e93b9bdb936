// One MCP server for one signed-in person: runs the effects, feeds the answers to state.ts.
// Invariant: the only place with effects on a connection; closing shuts the gate before anything else.
import type { Access } from '../access/accessRequest.ts';
import type { AccessToken } from '../access/accessToken.ts';
import { closingCode, type Closing } from './closing.ts';
import { ConnectError } from '../errors.ts';
import { Emitter } from '../event.ts';
import type { Clock, Disposable, Event, Log, OpenUrl } from '../ports.ts';
import type { ServerProfile } from '../profile/profile.ts';
import { renewalDelayMs, retryDelayMs } from './schedule.ts';
import { ServerAccess, type Asking, type ServerAccessDeps } from './serverAccess.ts';
import {
  isForPerson,
  isOpen,
  isWaiting,
  transition,
  type ConnectingStep,
  type ConnectionEvent,
  type ConnectionSnapshot,
  type ConnectionState,
  type ToolSummary,
} from './state.ts';
import { saysSomething } from './verdict.ts';

export interface ConnectionDeps extends ServerAccessDeps {
  /** Names what the company sign-in makes of a refusal. */
  readonly judge: (error: ConnectError) => ConnectError;
  /** RFC 7009, best effort; never rejects. */
  readonly giveBack: (access: Access) => Promise<void>;
  /** Whether this person has had access to this server before, over reloads. */
  readonly history: { hadAccess(): boolean; accessGranted(): void };
  readonly checkIntervalMs: () => number;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

type Details = Pick<
  ConnectionSnapshot,
  'changedAtMs' | 'lastCall' | 'failure' | 'nextCheckAtMs' | 'expiresAtMs'
>;

export class Connection {
  readonly server: ServerProfile;
  readonly onDidChange: Event<void>;
  readonly #deps: ConnectionDeps;
  readonly #access: ServerAccess;
  readonly #changes: Emitter<void>;
  #state: ConnectionState = { kind: 'signedOut' };
  #details: Details;
  #tools: readonly ToolSummary[] = [];
  #attempts = 0;
  #failures = 0;
  /** Ends the attempt under way. */
  #attempt: AbortController | undefined;
  /** Lives while the gate is open; aborted with the error that closed it. */
  #gate: AbortController | undefined;
  #closedBy = new ConnectError('user.signedOut');
  #timer: Disposable | undefined;
  #snapshot: ConnectionSnapshot | undefined;

  constructor(server: ServerProfile, deps: ConnectionDeps) {
    this.server = server;
    this.#deps = deps;
    this.#access = new ServerAccess(server, deps);
    this.#changes = new Emitter((error) => {
      deps.log.error('a listener of a connection failed', { reason: String(error) });
    });
    this.onDidChange = this.#changes.event;
    this.#details = { changedAtMs: deps.clock.now() };
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The open gate's signal, or the error that keeps it shut. */
  get gate(): AbortSignal | ConnectError {
    return this.#gate?.signal ?? this.#closedBy;
  }

  snapshot(): ConnectionSnapshot {
    const { id, label, url, identityProvider, scopes } = this.server;
    this.#snapshot ??= Object.freeze({
      id,
      label,
      url,
      identityProvider,
      wantedScopes: scopes,
      state: this.#state,
      tools: this.#tools,
      ...this.#details,
    });
    return this.#snapshot;
  }

  /** All legs and the probe, from the start; an open gate is shut first. Never rejects. */
  async connect(openInteraction?: OpenUrl): Promise<void> {
    const attempt = ++this.#attempts;
    void this.#shut(new ConnectError('gateway.closed'), { type: 'connectStarted', attempt });
    const controller = new AbortController();
    this.#attempt = controller;
    const { signal } = controller;
    const onStep = (step: ConnectingStep) => {
      this.#apply({ type: 'stepped', attempt, step });
    };
    const asking = { onStep, signal, openInteraction: showing(openInteraction, onStep) };
    try {
      const { access, tools } = await this.#access.first(asking);
      if (!signal.aborted) this.#opened(access, tools, attempt);
    } catch (error) {
      if (!signal.aborted) this.#failed(outcomeOf(error, openInteraction), attempt);
    }
  }

  /** Connects with the page the server wants confirmed, on the person's click. Never rejects. */
  async continueInBrowser(openUrl: OpenUrl): Promise<void> {
    const { state } = this;
    if (state.kind !== 'needsSignIn' || state.code !== 'redemption.interactionRequired') return;
    await this.connect(openUrl);
  }

  /** Asks the company whether access still stands, and renews what is held. Never rejects. */
  async check(): Promise<void> {
    if (isWaiting(this.#state)) return this.connect();
    if (!isOpen(this.#state)) return;
    await this.#deps.broker.renew(this.server.id, this.#renew).catch(() => undefined);
  }

  /** @throws the ConnectError that closed the gate, or an outage while nothing is left to call with */
  accessToken(signal: AbortSignal): Promise<AccessToken> {
    return this.#token(signal, this.#deps.broker.fresh(this.server.id, this.#renew));
  }

  /** @throws as accessToken */
  replaceToken(refused: AccessToken, signal: AbortSignal): Promise<AccessToken> {
    return this.#token(signal, this.#deps.broker.replace(this.server.id, refused, this.#renew));
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
    const asking = { onStep: () => undefined, signal: gate.signal };
    try {
      const access = await this.#access.more({ challenged, refused }, asking, (granted) => {
        if (gate === this.#gate) this.#confirmed(granted);
      });
      if (access === undefined) return undefined;
      return await this.#token(signal, Promise.resolve(access));
    } catch (error) {
      const known = ConnectError.from(error);
      if (gate === this.#gate && isForPerson(known.code)) {
        this.#note(known);
        this.#changed();
      }
      throw known;
    }
  }

  /** The server refused a fresh token as well, or wants another sign-in. */
  refuse(error: ConnectError): void {
    if (isOpen(this.#state)) this.#failed(this.#deps.judge(error));
  }

  called(call: { tool: string; outcome: 'ok' | 'error' | 'denied' }): void {
    this.#details = { ...this.#details, lastCall: { ...call, atMs: this.#deps.clock.now() } };
    this.#changed();
  }

  toolsListed(tools: readonly ToolSummary[]): void {
    if (!isOpen(this.#state) || JSON.stringify(tools) === JSON.stringify(this.#tools)) return;
    this.#tools = Object.freeze([...tools]);
    this.#apply({ type: 'toolsListed', tools: tools.length });
    this.#changed();
  }

  /** Closes for a reason that is not an answer. The promise ends when what was held is given back. */
  close(event: Closing): Promise<void> {
    return this.#shut(new ConnectError(closingCode[event.type]), event);
  }

  /** Ends when what was held is given back. */
  dispose(): Promise<void> {
    return this.#shut(new ConnectError('gateway.closed'), { type: 'signedOut' });
  }

  async #token(signal: AbortSignal, access: Promise<Access>): Promise<AccessToken> {
    const { token } = await access;
    if (this.#gate === undefined) throw this.#closedBy;
    if (signal.aborted) throw new ConnectError('user.cancelled');
    return token;
  }

  /** Mints for an open connection and draws the consequences of the answer, once for all who wait. */
  readonly #renew = async (): Promise<Access> => {
    const gate = this.#gate;
    if (gate === undefined) throw this.#closedBy;
    try {
      const access = await this.#access.again(gate.signal);
      if (gate === this.#gate) this.#confirmed(access);
      return access;
    } catch (error) {
      const known = ConnectError.from(error);
      if (gate === this.#gate) this.#checkFailed(known);
      throw known;
    }
  };

  #opened(access: Access, tools: readonly ToolSummary[], attempt: number): void {
    const { scopes } = access;
    const reducedBy = this.#missing(scopes);
    const atMs = this.#deps.clock.now();
    this.#tools = Object.freeze([...tools]);
    this.#gate = new AbortController();
    this.#succeeded(access);
    this.#apply({ type: 'opened', attempt, scopes, reducedBy, tools: tools.length, atMs });
  }

  #confirmed(access: Access): void {
    this.#succeeded(access);
    const { scopes } = access;
    const atMs = this.#deps.clock.now();
    this.#apply({ type: 'confirmed', scopes, reducedBy: this.#missing(scopes), atMs });
  }

  #succeeded(access: Access): void {
    const { clock, random, checkIntervalMs, history } = this.#deps;
    this.#failures = 0;
    history.accessGranted();
    const delayMs = renewalDelayMs(access.lifeMs, checkIntervalMs(), random());
    const nowMs = clock.now();
    this.#details = {
      ...without(this.#details, 'failure'),
      expiresAtMs: nowMs + access.lifeMs,
      nextCheckAtMs: nowMs + delayMs,
    };
    this.#later(delayMs);
  }

  /** No answer about access: go on while anything is left to call with. An answer: close. */
  #checkFailed(error: ConnectError): void {
    if (saysSomething(error)) {
      this.#failed(error);
      return;
    }
    const atMs = this.#deps.clock.now();
    const lifeLeftMs = this.#deps.broker.lifeLeftMs(this.server.id);
    this.#note(error);
    if (lifeLeftMs > 0) {
      this.#apply({ type: 'checkFailed', atMs });
      this.#changed();
      this.#later(Math.min(this.#retryMs(error), lifeLeftMs));
    } else {
      void this.#shut(error, { type: 'limitReached', atMs, code: error.code });
      this.#later(this.#retryMs(error));
    }
  }

  #failed(error: ConnectError, attempt?: number): void {
    const { clock, history, log } = this.#deps;
    const { code } = error;
    log.warn(`${this.server.label}: ${code}`, error.facts);
    if (code === 'bug') log.error(`${this.server.label}: unexpected`, { reason: describe(error) });
    this.#note(error);
    const event: ConnectionEvent = {
      type: 'failed',
      code,
      hadAccess: history.hadAccess(),
      atMs: clock.now(),
      ...(attempt === undefined ? {} : { attempt }),
    };
    void this.#shut(error, event);
    if (isWaiting(this.#state)) this.#later(this.#retryMs(error));
  }

  /**
   * Design §6, in this order: gate, requests and streams (whoever listens to the gate's signal),
   * tokens, then the change that makes tools vanish and repaints, then giving back, beside all that.
   */
  #shut(error: ConnectError, event: ConnectionEvent): Promise<void> {
    const gate = this.#gate;
    this.#gate = undefined;
    this.#closedBy = error;
    this.#timer?.dispose();
    this.#timer = undefined;
    gate?.abort(error);
    this.#attempt?.abort(error);
    this.#attempt = undefined;
    const held = this.#deps.broker.take(this.server.id);
    this.#tools = [];
    this.#details = without(this.#details, 'nextCheckAtMs', 'expiresAtMs');
    this.#apply(event);
    return held === undefined ? Promise.resolve() : this.#deps.giveBack(held);
  }

  #missing(granted: readonly string[]): readonly string[] {
    return this.#access.missing(granted, isOpen(this.#state) ? this.#state.scopes : []);
  }

  #note(error: ConnectError): void {
    const { code, facts } = error;
    this.#details = { ...this.#details, failure: { code, facts, atMs: this.#deps.clock.now() } };
  }

  #retryMs(error: ConnectError): number {
    return retryDelayMs(this.#failures++, error.facts.retryAfterSec, this.#deps.random());
  }

  #later(delayMs: number): void {
    this.#timer?.dispose();
    this.#timer = this.#deps.clock.schedule(delayMs, () => void this.check());
  }

  #apply(event: ConnectionEvent): void {
    const next = transition(this.#state, event);
    if (next === this.#state) return;
    this.#state = Object.freeze(next);
    this.#details = { ...this.#details, changedAtMs: this.#deps.clock.now() };
    this.#changed();
  }

  #changed(): void {
    this.#snapshot = undefined;
    this.#changes.fire();
  }
}

/** Tells that the person is awaited, before the page opens. */
const showing = (openUrl: OpenUrl | undefined, onStep: Asking['onStep']) =>
  openUrl &&
  ((url: string) => {
    onStep('interaction');
    return openUrl(url);
  });

/** Whoever did not go through with it may click again. */
function outcomeOf(error: unknown, openInteraction: OpenUrl | undefined): ConnectError {
  const isLeft = ConnectError.is(error, 'user.cancelled', 'user.timedOut');
  return isLeft && openInteraction !== undefined
    ? new ConnectError('redemption.interactionRequired', error.facts, { cause: error })
    : ConnectError.from(error);
}

function without(details: Details, ...keys: (keyof Details)[]): Details {
  const rest = Object.entries(details).filter(([key]) => !(keys as string[]).includes(key));
  return Object.fromEntries(rest) as unknown as Details;
}

const describe = (error: ConnectError): string =>
  error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : String(error.cause);
