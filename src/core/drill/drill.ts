// A revocation drill: calls through the gateway as a client would make them, before and after an
// administrator takes access away, until every server is closed or the promise is broken.
import type { Detector } from '../connection/history.ts';
import { isUsable, type ConnectionSnapshot, type StateKind } from '../connection/state.ts';
import { delay } from '../delay.ts';
import type { Overview } from '../overview.ts';
import type { Clock, Disposable, Event } from '../ports.ts';
import { callEveryMs } from './bound.ts';
import { findingOf, type Observed } from './finding.ts';
import type { DrillKind, ServerFinding } from './report.ts';

/** One call as a client sees it. */
export type CallOutcome =
  | { readonly kind: 'allowed' }
  /** With the sentence the client is shown. */
  | { readonly kind: 'denied'; readonly told: string }
  | { readonly kind: 'failed' };

/** Somebody else's MCP client, at the gateway. */
export interface DrillClient {
  call(serverId: string, signal: AbortSignal): Promise<CallOutcome>;
  /** Holds an event stream open. */
  listen(serverId: string): Promise<Disposable>;
}

export interface DrillDeps {
  readonly overview: () => Overview;
  readonly onDidChange: Event<void>;
  readonly client: DrillClient;
  /** Whether anything of this server is still held. */
  readonly isHeld: (serverId: string) => boolean;
  /** Event streams that are open at the server. */
  readonly openStreams: (serverId: string) => number;
  /** Whether an editor is offered this server now. */
  readonly isOffered: (serverId: string) => boolean;
  readonly clock: Clock;
}

export interface DrillPlan {
  readonly kind: DrillKind;
  readonly serverIds: readonly string[];
  readonly boundMs: number;
  /** Resolves with the time at which the administrator did it. */
  readonly triggered: () => Promise<number>;
  readonly onProgress: (closed: number, all: number) => void;
  readonly signal: AbortSignal;
}

/** Calls before the trigger, per server. */
const callsBefore = 3;
/** Until a stream that a server offers is open, milliseconds. */
const streamMs = 1_000;
/** What nobody tells of is looked for so often, milliseconds. */
const lookEveryMs = 50;
/** After the bound, so that a late closing is measured as well, milliseconds. */
const graceMs = 30_000;

/**
 * Runs until every server is closed, the bound is long over, or `signal` aborts; then each finding says so.
 * @throws what `triggered` throws
 */
export async function runDrill(
  plan: DrillPlan,
  deps: DrillDeps,
): Promise<{ servers: readonly ServerFinding[]; triggeredAtMs: number }> {
  const seen = plan.serverIds.map((id) => new Watch(id, deps));
  try {
    await Promise.all(seen.map((one) => one.begin(plan.signal)));
    const triggeredAtMs = await plan.triggered();
    for (const one of seen) one.triggeredAtMs = triggeredAtMs;
    const endMs = deps.clock.monotonic() + plan.boundMs + graceMs;
    while (deps.clock.monotonic() < endMs && !plan.signal.aborted) {
      await Promise.all(seen.map((one) => one.call(plan.signal)));
      const closed = seen.filter(({ isOver }) => isOver).length;
      plan.onProgress(closed, seen.length);
      if (closed === seen.length) break;
      await watched(seen, deps.clock, plan.signal);
    }
    const servers = seen.map((one) => findingOf(one.observed(), { ...plan, triggeredAtMs }));
    return { servers, triggeredAtMs };
  } finally {
    for (const one of seen) one.dispose();
  }
}

/** The pause between two calls, looked through closely. */
async function watched(
  seen: readonly Watch[],
  clock: Pick<Clock, 'schedule'>,
  signal: AbortSignal,
): Promise<void> {
  for (let spentMs = 0; spentMs < callEveryMs && !signal.aborted; spentMs += lookEveryMs) {
    await delay(lookEveryMs, clock, signal).catch(() => undefined);
    for (const one of seen) one.look();
  }
}

/** How it ended. */
type Closing = Partial<
  Pick<
    Observed,
    | 'detectedAtMs'
    | 'detector'
    | 'closedAs'
    | 'gateClosedAtMs'
    | 'streamClosedAtMs'
    | 'wipedAtMs'
    | 'toolsGoneAtMs'
  >
>;

/** What is seen of one server. */
class Watch {
  triggeredAtMs: number | undefined;
  readonly #id: string;
  readonly #deps: DrillDeps;
  readonly #subscription: Disposable;
  readonly #seen: { -readonly [Key in keyof Observed]: Observed[Key] };
  #stream: Disposable | undefined;
  #begunAtMs: number | undefined;
  #end: { -readonly [Key in keyof Closing]: Closing[Key] } = {};

  constructor(id: string, deps: DrillDeps) {
    this.#id = id;
    this.#deps = deps;
    const { label = id } = this.#snapshot() ?? {};
    this.#seen = { id, label, callsBefore: 0, callsAfterTrigger: 0, callsAfterGate: 0 };
    this.#subscription = deps.onDidChange(() => {
      this.look();
    });
  }

  get isOver(): boolean {
    // Nobody was let in: there is nothing to see.
    if (this.#seen.callsBefore === 0) return true;
    const { gateClosedAtMs, streamClosedAtMs, toolsGoneAtMs, wipedAtMs } = this.#end;
    const { told } = this.#seen;
    const streams = this.#seen.streamOpened === true ? [streamClosedAtMs] : [];
    return [gateClosedAtMs, ...streams, toolsGoneAtMs, wipedAtMs, told].every(
      (one) => one !== undefined,
    );
  }

  async begin(signal: AbortSignal): Promise<void> {
    for (let times = 0; times < callsBefore; times++) await this.call(signal);
    this.#stream = await this.#deps.client.listen(this.#id).catch(() => undefined);
    await delay(streamMs, this.#deps.clock, signal).catch(() => undefined);
    this.#seen.streamOpened = this.#deps.openStreams(this.#id) > 0;
    this.#begunAtMs = this.#deps.clock.now();
  }

  async call(signal: AbortSignal): Promise<void> {
    const begunAtMs = this.#deps.clock.now();
    const wasClosed = this.#end.gateClosedAtMs !== undefined;
    const outcome = await this.#deps.client.call(this.#id, signal);
    this.look();
    if (outcome.kind === 'denied' && this.triggeredAtMs !== undefined) {
      this.#seen.told ??= outcome.told;
    }
    if (outcome.kind !== 'allowed') return;
    this.#seen.lastAllowedCallAtMs = begunAtMs;
    if (this.triggeredAtMs === undefined) this.#seen.callsBefore++;
    else this.#seen.callsAfterTrigger++;
    if (wasClosed) this.#seen.callsAfterGate++;
  }

  observed(): Observed {
    const { copyWorksUntilMs, revokedAtMs } = this.#snapshot() ?? {};
    return {
      ...this.#seen,
      ...this.#end,
      ...(copyWorksUntilMs === undefined ? {} : { copyWorksUntilMs }),
      ...(revokedAtMs === undefined ? {} : { revokedAtMs }),
    };
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#stream?.dispose();
  }

  /** Each time is taken the first time it is so. It may be closed before anybody says what was done when. */
  look(): void {
    if (this.#begunAtMs === undefined) return;
    const nowMs = this.#deps.clock.now();
    const snapshot = this.#snapshot();
    const isClosed = snapshot !== undefined && !isUsable(snapshot.state);
    if (!isClosed && this.triggeredAtMs === undefined) {
      // It is back before anything was done.
      this.#end = {};
      return;
    }
    if (isClosed) {
      this.#end.gateClosedAtMs ??= nowMs;
      this.#noteEnd(snapshot);
    }
    if (this.#seen.streamOpened === true && this.#deps.openStreams(this.#id) === 0) {
      this.#end.streamClosedAtMs ??= nowMs;
    }
    if (!this.#deps.isHeld(this.#id)) this.#end.wipedAtMs ??= nowMs;
    if (!this.#deps.isOffered(this.#id)) this.#end.toolsGoneAtMs ??= nowMs;
  }

  #noteEnd({ history }: ConnectionSnapshot): void {
    const end = history.findLast(
      ({ kind, atMs }) => kind !== 'connected' && atMs >= (this.#begunAtMs ?? 0),
    );
    if (end === undefined || this.#end.detectedAtMs !== undefined) return;
    this.#end.detectedAtMs = end.atMs;
    this.#end.detector = end.detector satisfies Detector;
    this.#end.closedAs = end.kind as StateKind;
  }

  #snapshot(): ConnectionSnapshot | undefined {
    return this.#deps.overview().connections.find(({ id }) => id === this.#id);
  }
}
