// Why a connection is not what it should be; loaded from the start, for those who are not let in.
import type { ErrorCode } from '../errors.ts';
import { isForPerson, type ConnectionSnapshot, type ConnectionState } from '../connection/state.ts';
import { cleanText } from './plainText.ts';
import { explain, type Explanation } from './sentences.ts';
import type { Connected, PresentContext } from './stateWords.ts';

/** Why a connection is not what it should be; undefined when it is, or when the person chose so. */
export function explanationOf(
  { state, failure, label }: ConnectionSnapshot,
  context: PresentContext,
): Explanation | undefined {
  const about = {
    organization: context.organization,
    server: label,
    identityProvider: context.identityProvider,
    managed: context.managed,
  };
  const code = codeOf(state);
  if (code !== undefined) {
    const facts = failure?.code === code ? failure.facts : undefined;
    return explain(code, { ...about, facts, hadAccess: state.kind === 'accessRemoved' });
  }
  if (state.kind !== 'connected') return undefined;
  if (state.unconfirmedSinceMs !== undefined && failure !== undefined) {
    return { ...explain(failure.code, { ...about, facts: failure.facts }), remedy: 'wait' };
  }
  // A call of an open connection may need what only the person can give.
  if (failure !== undefined && isForPerson(failure.code)) {
    return explain(failure.code, { ...about, facts: failure.facts });
  }
  return state.reducedBy.length === 0 ? undefined : reducedExplanation(state, label, context);
}

function codeOf(state: ConnectionState): ErrorCode | undefined {
  switch (state.kind) {
    case 'signedOut':
      return 'user.signedOut';
    case 'sessionEnded':
      return 'identityProvider.sessionEnded';
    case 'turnedOff':
      return 'user.turnedOff';
    case 'standby':
    case 'connecting':
    case 'connected':
      return undefined;
    default:
      return state.code;
  }
}

function reducedExplanation(
  state: Connected,
  label: string,
  { organization }: PresentContext,
): Explanation {
  const org = cleanText(organization);
  const missing = cleanText(state.reducedBy.join(' '));
  return {
    sentence: `${org} does not allow everything at ${cleanText(label)} (${missing} is missing); ask an administrator at ${org} if you need it.`,
    remedy: 'identityAdmin',
    action: 'copyDetails',
  };
}
