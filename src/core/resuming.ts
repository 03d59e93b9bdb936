// After a restart: on a Monday morning ten thousand people must not ask for thirty servers each.
import type { Connection } from './connection/connection.ts';

/** The `atOnce` used last connect, and what never has; the others ask for nothing before their first use. */
export function resume(
  connections: readonly Connection[],
  lastUsedMs: (connection: Connection) => number,
  atOnce: number,
): void {
  const lately = [...connections]
    .sort((one, other) => lastUsedMs(other) - lastUsedMs(one))
    .slice(0, atOnce);
  for (const connection of connections) {
    if (connection.record.hadAccess && !lately.includes(connection)) connection.standBy();
    else void connection.connect();
  }
}
