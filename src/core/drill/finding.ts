// From what was seen of one server to a verdict with reasons.
import type { DrillKind, ServerFinding, Verdict } from './report.ts';

export type Observed = Omit<ServerFinding, 'verdict' | 'reasons' | 'boundMs'> & {
  /** Let through after the gate was closed: there must be none. */
  readonly callsAfterGate: number;
  readonly streamOpened?: boolean;
};

/** From the answer to everything closed (design §6), milliseconds. */
const closingMs = 1_000;

const removals = ['accessRemoved', 'sessionEnded', 'stopped', 'refusedByServer', 'notGranted'];

export function findingOf(
  { callsAfterGate, streamOpened, ...seen }: Observed,
  { kind, boundMs, triggeredAtMs }: { kind: DrillKind; boundMs: number; triggeredAtMs: number },
): ServerFinding {
  const isOpenStream = streamOpened === true;
  const wasUsed = seen.callsBefore > 0;
  const closedBefore = (seen.gateClosedAtMs ?? Infinity) < triggeredAtMs;
  if (wasUsed && closedBefore) {
    const reasons = ['it was closed before the time at which it is said to have been done'];
    return { ...seen, verdict: 'INCONCLUSIVE', reasons, boundMs };
  }
  const reasons = wasUsed
    ? faultsOf({ ...seen, callsAfterGate, streamOpened: isOpenStream }, kind, {
        boundMs,
        triggeredAtMs,
      })
    : ['no call was let through before the trigger'];
  const judged: Verdict = reasons.length === 0 ? 'PASS' : 'FAIL';
  return { ...seen, verdict: wasUsed ? judged : 'INCONCLUSIVE', reasons, boundMs };
}

function faultsOf(
  seen: Observed,
  kind: DrillKind,
  { boundMs, triggeredAtMs }: { boundMs: number; triggeredAtMs: number },
): readonly string[] {
  const { gateClosedAtMs, detectedAtMs, closedAs } = seen;
  if (gateClosedAtMs === undefined) return ['it was never closed'];
  const from = detectedAtMs ?? gateClosedAtMs;
  const late = (what: string, atMs: number | undefined) => {
    if (atMs === undefined) return [`${what}: never`];
    return atMs - from > closingMs ? [`${what}: ${atMs - from} ms after the answer`] : [];
  };
  const wasRemoval = removals.includes(closedAs ?? '');
  return [
    ...(gateClosedAtMs - triggeredAtMs > boundMs ? ['closed later than promised'] : []),
    ...(seen.callsAfterGate > 0 ? [`${seen.callsAfterGate} calls after the gate was closed`] : []),
    ...late('gate', gateClosedAtMs),
    ...(seen.streamOpened === true ? late('open streams cut', seen.streamClosedAtMs) : []),
    ...late('credentials wiped', seen.wipedAtMs),
    ...late('tools gone', seen.toolsGoneAtMs),
    ...(kind === 'outage' && wasRemoval ? ['an outage was taken for a removal'] : []),
    ...(kind !== 'outage' && !wasRemoval ? ['a removal was taken for something else'] : []),
  ];
}
