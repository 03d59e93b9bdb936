import { isUsable } from '../connection/state.ts';
import type { ConnectError } from '../errors.ts';
import type { Overview } from '../overview.ts';
import { labelled } from '../readiness.ts';
import { refusal, spokenError } from './refusal.ts';

/** Why the server of this label is not offered, in words. */
export function whyNotOffered(
  overview: Overview,
  label: string,
  isListening: boolean,
): ConnectError {
  const connection = labelled(overview, label);
  if (connection === undefined || !isUsable(connection.state) || isListening) {
    return refusal(connection, overview);
  }
  return spokenError('gateway.notListening', { organization: overview.organization });
}
