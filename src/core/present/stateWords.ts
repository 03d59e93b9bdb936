// The words for each state of a connection, and why it is not what it should be.
import type { ErrorCode } from '../errors.ts';
import { clockTime, relativeTime, type Now } from './moment.ts';
import { cleanText } from './plainText.ts';
import { explain, type Explanation } from './sentences.ts';
import type { ConnectionSnapshot, ConnectionState, ToolSummary } from '../state.ts';

export interface PresentContext extends Now {
  readonly organization: string;
  /** Label of the identity provider the server is bound to. */
  readonly identityProvider?: string | undefined;
}

export type Connected = ConnectionState & { readonly kind: 'connected' };

/** Why a connection is not what it should be; undefined when it is, or when the person chose so. */
export function explanationOf(
  { state, failure, label }: ConnectionSnapshot,
  context: PresentContext,
): Explanation | undefined {
  const about = {
    organization: context.organization,
    server: label,
    identityProvider: context.identityProvider,
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

/** The words of a state, without the server's name. */
export function stateWords(snapshot: ConnectionSnapshot, context: PresentContext): string {
  const { state } = snapshot;
  const org = cleanText(context.organization);
  const server = cleanText(snapshot.label);
  switch (state.kind) {
    case 'signedOut':
      return 'Sign in to connect';
    case 'connecting':
      return 'Connecting…';
    case 'connected':
      return connectedWords(snapshot, state, context);
    case 'paused':
      return 'Paused · company sign-in unreachable';
    case 'notGranted':
      return `Not granted by ${org}`;
    case 'accessRemoved':
      return `Access removed by ${org} at ${clockTime(state.atMs, context)}`;
    case 'sessionEnded':
      return `Signed out by ${org}`;
    case 'needsSignIn':
      return state.code === 'exchange.stepUpRequired'
        ? 'Sign in again (stronger sign-in needed)'
        : 'Sign in again';
    case 'refusedByServer':
      return `${server} refuses ${org}'s sign-in`;
    case 'misconfigured':
      return 'Not set up correctly';
    case 'unreachable':
      return `${silentParty(snapshot)} is not answering`;
    case 'turnedOff':
      return 'Turned off by you';
  }
}

function connectedWords(
  { tools }: ConnectionSnapshot,
  state: Connected,
  context: PresentContext,
): string {
  const reduced = isReadOnly(state.scopes, tools) ? 'read only' : 'reduced access';
  const parts = ['Connected', state.reducedBy.length > 0 ? reduced : counted(state.tools)];
  if (state.unconfirmedSinceMs !== undefined) {
    const since = `not confirmed since ${clockTime(state.confirmedAtMs, context)}`;
    return state.reducedBy.length > 0 ? [...parts, since].join(' · ') : `Connected · ${since}`;
  }
  const confirmed = `confirmed ${relativeTime(state.confirmedAtMs, context)}`;
  return (state.reducedBy.length > 0 ? parts : [...parts, confirmed]).join(' · ');
}

/** The failure may be of another host than the server's own; blaming the server would send people astray. */
function silentParty({ label, url, failure }: ConnectionSnapshot): string {
  const host = failure?.facts.host;
  const isOther = host !== undefined && host !== '' && host !== URL.parse(url)?.host;
  return isOther && failure?.code.startsWith('network.') === true
    ? cleanText(host)
    : cleanText(label);
}

/** `1 tool`, `12 tools`. */
export const counted = (tools: number): string => (tools === 1 ? '1 tool' : `${tools} tools`);

const readScope = /(^|[.:/_-])(read|readonly|view|list|get)$/i;

/** True only when nothing granted looks like writing; in doubt it may write. */
export function isReadOnly(scopes: readonly string[], tools: readonly ToolSummary[]): boolean {
  const access = scopes.filter((scope) => !/^(openid|profile|email|offline_access)$/.test(scope));
  if (access.length > 0 && access.every((scope) => readScope.test(scope))) return true;
  return tools.length > 0 && tools.every((tool) => tool.readOnly);
}
