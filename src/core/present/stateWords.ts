// The words for each state of a connection.
import type { ErrorCode } from '../errors.ts';
import type { EditorRules } from './editorRules.ts';
import { clockTime, relativeTime, type Now } from './moment.ts';
import { cleanText } from './plainText.ts';
import { silentParty } from './silentParty.ts';
import { skewWords } from './sentences.ts';
import { isReadOnly, isReadOnlyGrant } from '../connection/readOnly.ts';
import type { ConnectionSnapshot, ConnectionState } from '../connection/state.ts';

export interface PresentContext extends Now {
  readonly organization: string;
  /** Label of the identity provider the server is bound to. */
  readonly identityProvider?: string | undefined;
  /** The profile comes from an administrator's file. */
  readonly managed?: boolean;
  readonly blockOf?: EditorRules['blockOf'];
}

export type Connected = ConnectionState & { readonly kind: 'connected' };

/** The words of a state, without the server's name. */
export function stateWords(snapshot: ConnectionSnapshot, context: PresentContext): string {
  const { state } = snapshot;
  const org = cleanText(context.organization);
  const server = cleanText(snapshot.label);
  switch (state.kind) {
    case 'signedOut':
      return 'Sign in to connect';
    case 'standby':
      return 'Ready · connects when used';
    case 'connecting':
      return state.step === 'interaction' ? 'Confirm in your browser…' : 'Connecting…';
    case 'connected':
      return connectedWords(snapshot, state, context);
    case 'paused':
      return `Paused · ${pausedWords(snapshot, state.code, org)}`;
    case 'notGranted':
      return `Not granted by ${org}`;
    case 'accessRemoved':
      return `Access removed by ${org} at ${clockTime(state.atMs, context)}`;
    case 'sessionEnded':
      return `Signed out by ${org}`;
    case 'stopped':
      return `Stopped by ${org} at ${clockTime(state.atMs, context)}`;
    case 'needsSignIn':
      return signInWords(state.code);
    case 'refusedByServer':
      return refusalWords(state.code, server, org);
    case 'misconfigured':
      return misconfiguredWords(snapshot, state.code);
    case 'unreachable':
      return silentWords(snapshot, org);
    case 'turnedOff':
      return 'Turned off by you';
  }
}

function pausedWords(snapshot: ConnectionSnapshot, code: ErrorCode, org: string): string {
  if (code === 'network.clockSkew') return clockWords(snapshot).toLowerCase();
  // Trouble of our own has no other party.
  return /^(network|redemption|server)\./.test(code)
    ? silentWords(snapshot, org)
    : 'company sign-in unreachable';
}

/** Beside the server's name. */
const silentWords = (snapshot: ConnectionSnapshot, org: string): string =>
  `${silentParty(snapshot, org, 'Its sign-in server')} is not answering`;

function signInWords(code: ErrorCode): string {
  switch (code) {
    case 'exchange.stepUpRequired':
    case 'server.stepUpRequired':
      return 'Sign in again · stronger sign-in needed';
    case 'exchange.stepUpFailed':
      return 'Sign-in not strong enough';
    case 'identityProvider.accountNotAllowed':
    case 'identityProvider.accountMismatch':
      return 'Sign in with another account';
    case 'redemption.interactionRequired':
      return 'Confirm in your browser';
    default:
      return 'Sign in again';
  }
}

function refusalWords(code: ErrorCode, server: string, org: string): string {
  switch (code) {
    case 'redemption.nothingGranted':
      return `${server} granted nothing`;
    case 'server.insufficientScope':
      return `${server} asks for more than ${org} allows`;
    default:
      return `${server} refuses ${org}'s sign-in`;
  }
}

function misconfiguredWords(snapshot: ConnectionSnapshot, code: ErrorCode): string {
  switch (code) {
    case 'network.clockSkew':
      return clockWords(snapshot);
    case 'identityProvider.clientKeyMissing':
    case 'redemption.clientKeyMissing':
      return 'Key of this computer missing';
    case 'identityProvider.clientSecretMissing':
    case 'redemption.clientSecretMissing':
      return 'Client secret missing';
    default:
      return 'Not set up correctly';
  }
}

/** How wrong is told where it is known. */
function clockWords({ failure }: ConnectionSnapshot): string {
  const offsetSec = failure?.facts.clockOffsetSec;
  return `This computer's clock is ${offsetSec === undefined ? 'wrong' : skewWords(offsetSec)}`;
}

function connectedWords(
  snapshot: ConnectionSnapshot,
  state: Connected,
  context: PresentContext,
): string {
  const { openUntilMs, toolChanges } = snapshot;
  const reduced = readsOnly(snapshot, state) ? 'read only' : 'reduced access';
  const parts = ['Connected', state.reducedBy.length > 0 ? reduced : counted(state.tools)];
  // Trusted by what it said first: more or fewer tools are everyday, other words under the same name are not.
  if (toolChanges !== undefined && toolChanges.changed.length > 0) {
    parts.push(`tools changed at ${clockTime(toolChanges.atMs, context)}`);
  }
  if (state.unconfirmedSinceMs !== undefined) {
    const until =
      openUntilMs === undefined ? '' : `, open until ${clockTime(openUntilMs, context)}`;
    const since = `not confirmed since ${clockTime(state.confirmedAtMs, context)}${until}`;
    const kept = state.reducedBy.length > 0 ? parts : parts.toSpliced(1, 1);
    return [...kept, since].join(' · ');
  }
  const confirmed = `confirmed ${relativeTime(state.confirmedAtMs, context)}`;
  return (state.reducedBy.length > 0 ? parts : [...parts, confirmed]).join(' · ');
}

/** Whether nothing can be changed there, as far as anybody here knows. */
export const readsOnly = (
  { tools, writeScopes }: Pick<ConnectionSnapshot, 'tools' | 'writeScopes'>,
  { scopes, reducedBy: missing }: Pick<Connected, 'scopes' | 'reducedBy'>,
): boolean => isReadOnly(scopes, tools) || isReadOnlyGrant({ scopes, missing, writeScopes });

/** `1 tool`, `12 tools`. */
export const counted = (tools: number): string => (tools === 1 ? '1 tool' : `${tools} tools`);
