// Why an editor is not let in, as an error whose message a person reads word for word.
import { ConnectError, type ErrorCode, type Facts } from '../errors.ts';
import type { Overview } from '../overview.ts';
import { explain, type ExplainContext } from './sentences.ts';
import type { ConnectionSnapshot } from '../connection/state.ts';
import { explanationOf } from './explanation.ts';

/** The ConnectError of `code` with the plain sentence as its message. */
export function spokenError(code: ErrorCode, context: ExplainContext): ConnectError {
  return withMessage(code, context.facts, explain(code, context).sentence);
}

/** Why `connection` is not open now. */
export function refusal(
  connection: ConnectionSnapshot | undefined,
  overview: Overview,
): ConnectError {
  const { organization } = overview;
  if (connection === undefined) return spokenError('gateway.closed', { organization });
  const { state, label, failure } = connection;
  const code = 'code' in state ? state.code : (failure?.code ?? 'gateway.closed');
  const person = overview.people.find(
    (one) => one.identityProvider === connection.identityProvider,
  );
  const context = {
    organization: organization ?? '',
    identityProvider: person?.label,
    managed: overview.managed,
    nowMs: 0,
  };
  const sentence =
    explanationOf(connection, context)?.sentence ??
    explain('gateway.closed', { organization, server: label }).sentence;
  return withMessage(code, failure?.facts, sentence);
}

/** The sentence for `error` at an open or just closed connection, as a caller reads it. */
export function sentenceAt(overview: Overview, serverId: string, error: ConnectError): string {
  const connection = overview.connections.find(({ id }) => id === serverId);
  const person = overview.people.find(
    (one) => one.identityProvider === connection?.identityProvider,
  );
  // The gate is shut before the state says so: what was connected a moment ago had access.
  const hadAccess = ['connected', 'accessRemoved'].includes(connection?.state.kind ?? '');
  return explain(error.code, {
    organization: overview.organization,
    server: connection?.label,
    identityProvider: person?.label,
    managed: overview.managed,
    facts: error.facts,
    hadAccess,
  }).sentence;
}

function withMessage(code: ErrorCode, facts: Facts | undefined, message: string): ConnectError {
  return Object.assign(new ConnectError(code, facts), { message });
}
