// One connection as a row: words, icon, menus. Icon and text always say the same, so colour carries
// nothing alone.
import { detailRows } from './connectionDetailRows.ts';
import { cleanText, escapeMarkdown } from './plainText.ts';
import { rowId, type Row } from './row.ts';
import type { Explanation } from './sentences.ts';
import { isUsable, type ConnectionSnapshot, type ConnectionState } from '../connection/state.ts';
import { blockAdvice, blockWords } from './editorRules.ts';
import { explanationOf } from './explanation.ts';
import { stateWords, type PresentContext } from './stateWords.ts';

const look: Record<ConnectionState['kind'], { icon: string; color?: string }> = {
  signedOut: { icon: 'sign-in' },
  connecting: { icon: 'loading~spin' },
  connected: { icon: 'pass-filled', color: 'testing.iconPassed' },
  standby: { icon: 'pass', color: 'testing.iconPassed' },
  paused: { icon: 'debug-pause', color: 'problemsWarningIcon.foreground' },
  notGranted: { icon: 'circle-slash', color: 'disabledForeground' },
  accessRemoved: { icon: 'circle-slash', color: 'problemsErrorIcon.foreground' },
  stopped: { icon: 'stop-circle', color: 'problemsErrorIcon.foreground' },
  sessionEnded: { icon: 'sign-out', color: 'problemsWarningIcon.foreground' },
  needsSignIn: { icon: 'key', color: 'problemsWarningIcon.foreground' },
  refusedByServer: { icon: 'error', color: 'problemsErrorIcon.foreground' },
  misconfigured: { icon: 'warning', color: 'problemsErrorIcon.foreground' },
  unreachable: { icon: 'debug-disconnect', color: 'problemsWarningIcon.foreground' },
  turnedOff: { icon: 'circle-outline', color: 'disabledForeground' },
};

/** Whatever its access is, VS Code makes no use of it. */
const blocked = { icon: 'circle-slash', color: 'problemsWarningIcon.foreground' };

function lookOf(state: ConnectionState): { icon: string; color?: string } {
  if (state.kind !== 'connected') return look[state.kind];
  if (state.unconfirmedSinceMs !== undefined) {
    return { icon: 'question', color: 'problemsWarningIcon.foreground' };
  }
  return state.reducedBy.length > 0 ? { icon: 'eye', color: 'testing.iconPassed' } : look.connected;
}

/** The row of one server, with what is known about it underneath. */
export function connectionRow(snapshot: ConnectionSnapshot, context: PresentContext): Row {
  const label = cleanText(snapshot.label);
  const block = isUsable(snapshot.state) ? context.blockOf?.(snapshot) : undefined;
  const words =
    block === undefined ? stateWords(snapshot, context) : blockWords(block, context.organization);
  const why = explanationOf(snapshot, context);
  const advice = block === undefined ? why?.sentence : blockAdvice(block, context.organization);
  return {
    id: rowId.server(snapshot.id),
    label,
    description: words,
    ...(block === undefined ? lookOf(snapshot.state) : blocked),
    tooltip: [
      `**${escapeMarkdown(label)}**: ${escapeMarkdown(words)}`,
      ...(advice === undefined ? [] : [escapeMarkdown(advice, 600)]),
      escapeMarkdown(snapshot.url, 200),
    ],
    contextValue: [
      contextValueOf(snapshot, why),
      ...(block === 'notAllowed' ? ['canCopyAllowListEntry'] : []),
    ].join(' '),
    accessibilityLabel: `${label}, ${words.replaceAll(' · ', ', ')}`,
    children: detailRows(snapshot, why, context),
    expanded: false,
  };
}

function contextValueOf({ state }: ConnectionSnapshot, why: Explanation | undefined): string {
  const { kind } = state;
  const isAnswered = why?.action === 'continueInBrowser';
  const canSignIn =
    kind === 'signedOut' ||
    kind === 'sessionEnded' ||
    (kind === 'needsSignIn' && !isAnswered) ||
    (kind === 'connected' && why?.action === 'signIn');
  const words = {
    server: true,
    canSignIn,
    canReconnect:
      (!canSignIn || kind === 'connected') && kind !== 'connecting' && kind !== 'turnedOff',
    canTurnOff: kind !== 'turnedOff',
    canTurnOn: kind === 'turnedOff',
    canSetClientSecret: why?.action === 'setClientSecret',
    canCreateDeviceKey: why?.action === 'createDeviceKey',
    canContinueInBrowser: kind === 'needsSignIn' && why?.action === 'continueInBrowser',
    canCopyDetails: true,
  };
  return Object.entries(words)
    .filter(([, applies]) => applies)
    .map(([word]) => word)
    .join(' ');
}
