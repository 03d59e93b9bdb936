// One MCP server for one signed-in person: runs the effects, feeds the answers to state.ts.
// Invariant: the only place with effects on a connection; closing shuts the gate before anything else.
import type { Access } from './accessRequest.ts';
import { closingCode, type Closing } from './closing.ts';
import { ConnectError } from './errors.ts';
import { Emitter } from './event.ts';
import type { Clock, Disposable, Event, Log } from './ports.ts';
import type { ServerProfile } from './profile.ts';
import { renewalDelayMs, retryDelayMs } from './schedule.ts';
import type { Secret } from './secret.ts';
import {
  isOpen,
  isWaiting,
  transition,
  type ConnectingStep,
  type ConnectionEvent,
  type ConnectionSnapshot,
  type ConnectionState,
  type ToolSummary,
} from './state.ts';
import type { TokenBroker } from './tokenBroker.ts';
import { saysSomething } from './verdict.ts';

export interface ConnectionDeps {
  readonly broker: TokenBroker;
  readonly mint: (onStep: (step: ConnectingStep) => void, signal: AbortSignal) => Promise<Access>;
  readonly probe: (token: Secret, signal: AbortSignal) => Promise<readonly ToolSummary[]>;
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
  async connect(): Promise<void> {
    const { broker, clock } = this.#deps;
    const attempt = ++this.#attempts;
    void this.#shut(new ConnectError('gateway.closed'), { type: 'connectStarted', attempt });
    const controller = new AbortController();
    this.#attempt = controller;
    const { signal } = controller;
    const onStep = (step: ConnectingStep) => {
      this.#apply({ type: 'stepped', attempt, step });
    };
    try {
      const access = await broker.renew(this.server.id, () => this.#deps.mint(onStep, signal));
      onStep('probe');
      const tools = await this.#deps.probe(access.token, signal);
      if (signal.aborted) return;
      this.#tools = Object.freeze([...tools]);
      this.#gate = new AbortController();
      this.#succeeded(access);
      const { scopes } = access;
      const reducedBy = this.#missing(scopes);
      const atMs = clock.now();
      this.#apply({ type: 'opened', attempt, scopes, reducedBy, tools: tools.length, atMs });
    } catch (error) {
      if (!signal.aborted) this.#failed(ConnectError.from(error), attempt);
    }
  }

  /** Asks the company whether access still stands, and renews what is held. Never rejects. */
  async check(): Promise<void> {
    if (isWaiting(this.#state)) return this.connect();
    if (!isOpen(this.#state)) return;
    await this.#deps.broker.renew(this.server.id, this.#renew).catch(() => undefined);
  }

  /** @throws the ConnectError that closed the gate, or an outage while nothing is left to call with */
  accessToken(signal: AbortSignal): Promise<Secret> {
    return this.#token(signal, this.#deps.broker.fresh(this.server.id, this.#renew));
  }

  /** @throws as accessToken */
  replaceToken(refused: Secret, signal: AbortSignal): Promise<Secret> {
    return this.#token(signal, this.#deps.broker.replace(this.server.id, refused, this.#renew));
  }

  /** The server refused a fresh token as well. */
  refuse(error: ConnectError): void {
    if (isOpen(this.#state)) this.#failed(error);
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

  async #token(signal: AbortSignal, access: Promise<Access>): Promise<Secret> {
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
      const access = await this.#deps.mint(() => undefined, gate.signal);
      if (gate === this.#gate) this.#confirmed(access);
      return access;
    } catch (error) {
      const known = ConnectError.from(error);
      if (gate === this.#gate) this.#checkFailed(known);
      throw known;
    }
  };

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
    const before = isOpen(this.#state) ? this.#state.scopes : [];
    return [...new Set([...this.server.scopes, ...before])].filter((one) => !granted.includes(one));
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

function without(details: Details, ...keys: (keyof Details)[]): Details {
  const rest = Object.entries(details).filter(([key]) => !(keys as string[]).includes(key));
  return Object.fromEntries(rest) as unknown as Details;
}

const describe = (error: ConnectError): string =>
  error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : String(error.cause);
