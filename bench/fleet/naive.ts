// A client as it is written first: every window connects every server when it opens, and renews each token at
// 80 % of its life, used or not; nothing is shared, nothing is spread, a failure is tried again after 30 s.
import { isDown } from './identityProvider.ts';
import type { Load } from './load.ts';
import type { Terms } from './terms.ts';
import type { Workday } from './workday.ts';

const renewAt = 0.8;
const retryMs = 30_000;

export function liveNaively(day: Workday, terms: Terms, load: Load, untilMs: number): void {
  const endMs = Math.min(day.leavesAtMs, untilMs);
  for (const openedMs of day.opensAtMs) {
    const keep = (leg: 'exchange' | 'refresh', lifeMs: number) => {
      for (let atMs = openedMs; atMs < endMs;) {
        load.asked(leg, atMs);
        atMs += isDown(terms.outage, atMs) ? retryMs : lifeMs * renewAt;
      }
    };
    keep('refresh', terms.idTokenLifeMs);
    for (let server = 0; server < terms.servers; server++) keep('exchange', terms.tokenLifeMs);
  }
}
