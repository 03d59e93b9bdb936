// After a restart: on a Monday morning ten thousand people must not ask for thirty servers each.
import type { Connection } from './connection/connection.ts';

/** Servers that connect at once; the rest stands by until its first use. */
const atOnce = 5;

/** What was used lately connects, and what never has; the others ask for nothing yet. */
export function resume(
  connections: readonly Connection[],
  lastUsedMs: (connection: Connection) => number,
): void {
  const lately = [...connections]
    .sort((one, other) => lastUsedMs(other) - lastUsedMs(one))
    .slice(0, atOnce);
  for (const connection of connections) {
    if (connection.record.hadAccess && !lately.includes(connection)) connection.standBy();
    else void connection.connect();
  }
}
