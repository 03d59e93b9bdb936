// What is known of one connection and may be shown: its state, why, its tools, its past. Invariant: no
// token gets in here; state.ts alone decides what follows from an event.
import type { Access } from '../access/accessRequest.ts';
import type { ConnectError } from '../errors.ts';
import { Emitter } from '../event.ts';
import type { Clock, Event, Log } from '../ports.ts';
import type { ServerProfile } from '../profile/profile.ts';
import type { ToolChanges } from '../server/toolChanges.ts';
import { historyEntry, type Detector, type HistoryEntry } from './history.ts';
import {
  isOpen,
  transition,
  type ConnectionEvent,
  type ConnectionSnapshot,
  type ConnectionState,
  type ToolSummary,
} from './state.ts';

/** What there was before, over reloads; of this person and this server. */
export interface Past {
  hadAccess(): boolean;
  accessGranted(): void;
  entries(): readonly HistoryEntry[];
  add(entry: HistoryEntry): void;
}

export interface RecordDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Pick<Log, 'error'>;
  readonly history: Past;
}

/** Times that move with the clock, read when somebody looks. */
export interface Outlook {
  readonly nextAtMs: number | undefined;
  readonly openUntilMs: number;
  readonly openStreams: number;
}

type Granted = Pick<Access, 'receivedAt' | 'lifeMs' | 'serverLifeMs'>;

type Details = Pick<
  ConnectionSnapshot,
  | 'changedAtMs'
  | 'lastCall'
  | 'failure'
  | 'expiresAtMs'
  | 'copyWorksUntilMs'
  | 'revokedAtMs'
  | 'toolChanges'
>;

export class ConnectionRecord {
  readonly onDidChange: Event<void>;
  readonly #deps: RecordDeps;
  readonly #changes: Emitter<void>;
  #state: ConnectionState = { kind: 'signedOut' };
  #details: Details;
  #tools: readonly ToolSummary[] = [];
  #snapshot: ConnectionSnapshot | undefined;

  constructor(deps: RecordDeps) {
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

  get failure(): ConnectionSnapshot['failure'] {
    return this.#details.failure;
  }

  snapshot(server: ServerProfile, outlook: Outlook): ConnectionSnapshot {
    const { id, label, url, identityProvider, scopes, writeScopes } = server;
    const { nextAtMs, openUntilMs } = outlook;
    const isUnconfirmed = isOpen(this.#state) && this.#state.unconfirmedSinceMs !== undefined;
    this.#snapshot ??= Object.freeze({
      ...{ id, label, url, identityProvider },
      ...{ wantedScopes: scopes, writeScopes },
      state: this.#state,
      tools: this.#tools,
      openStreams: outlook.openStreams,
      history: this.#deps.history.entries(),
      ...(nextAtMs === undefined ? {} : { nextCheckAtMs: nextAtMs }),
      ...(isUnconfirmed ? { openUntilMs } : {}),
      ...this.#details,
    });
    return this.#snapshot;
  }

  apply(event: ConnectionEvent, detector: Detector = 'connect'): void {
    const before = this.#state;
    const next = transition(before, event);
    if (next === before) return;
    const atMs = this.#deps.clock.now();
    this.#state = Object.freeze(next);
    this.#details = { ...this.#details, changedAtMs: atMs };
    const entry = historyEntry(before, next, { atMs, detector });
    if (entry !== undefined) this.#deps.history.add(entry);
    this.changed();
  }

  /** Shown with the next change. */
  note({ code, facts }: ConnectError): void {
    this.#details = { ...this.#details, failure: { code, facts, atMs: this.#deps.clock.now() } };
  }

  granted({ receivedAt, lifeMs, serverLifeMs }: Granted): void {
    this.#deps.history.accessGranted();
    this.#details = {
      ...without(this.#details, 'failure', 'revokedAtMs'),
      expiresAtMs: receivedAt.wallMs + lifeMs,
      copyWorksUntilMs: receivedAt.wallMs + serverLifeMs,
    };
  }

  /** Nothing is held any more; a copy may still work. */
  letGo(): void {
    this.#tools = [];
    this.#details = without(this.#details, 'expiresAtMs', 'toolChanges');
  }

  /** Its server has been told that it is over. */
  revoked(): void {
    if (isOpen(this.#state)) return;
    this.#details = { ...this.#details, revokedAtMs: this.#deps.clock.now() };
    this.changed();
  }

  /** Over reloads. */
  get hadAccess(): boolean {
    return this.#deps.history.hadAccess();
  }

  toolsListed(tools: readonly ToolSummary[]): void {
    if (!isOpen(this.#state) || !this.setTools(tools)) return;
    this.apply({ type: 'toolsListed', tools: tools.length });
    this.changed();
  }

  /** It lists other tools than before, under the same grant. */
  toolsChanged(changes: ToolChanges): void {
    if (!isOpen(this.#state)) return;
    const atMs = this.#deps.clock.now();
    this.#details = { ...this.#details, toolChanges: { ...changes, atMs } };
    this.#deps.history.add({ atMs, kind: 'toolsChanged', detector: 'use' });
    this.changed();
  }

  called(call: { tool: string; outcome: 'ok' | 'error' | 'denied' }): void {
    this.#details = { ...this.#details, lastCall: { ...call, atMs: this.#deps.clock.now() } };
    this.changed();
  }

  /** @returns whether these are others than before */
  setTools(tools: readonly ToolSummary[]): boolean {
    if (JSON.stringify(tools) === JSON.stringify(this.#tools)) return false;
    this.#tools = Object.freeze([...tools]);
    return true;
  }

  changed(): void {
    this.#snapshot = undefined;
    this.#changes.fire();
  }
}

function without(details: Details, ...keys: (keyof Details)[]): Details {
  const rest = Object.entries(details).filter(([key]) => !(keys as string[]).includes(key));
  return Object.fromEntries(rest) as unknown as Details;
}
