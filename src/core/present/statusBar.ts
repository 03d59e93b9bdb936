// The one status bar item, as data.
import { byNeed, needsPerson } from './attention.ts';
import { clockTime, type Now } from './moment.ts';
import type { Overview } from '../overview.ts';
import { cleanText, escapeMarkdown } from './plainText.ts';
import { silentParty } from './silentParty.ts';
import { isOpen, isUnanswered, isWaiting, type ConnectionSnapshot } from '../connection/state.ts';
import { stateWords } from './stateWords.ts';

export interface StatusBar {
  readonly visible: boolean;
  /** With icons in VS Code's `$(name)` form. */
  readonly text: string;
  /** Markdown paragraphs. */
  readonly tooltip: readonly string[];
  readonly command: 'signIn' | 'showConnections';
  readonly severity: 'none' | 'warning';
  readonly accessibilityLabel: string;
}

interface Summary {
  readonly icon: string;
  readonly words: string;
  readonly command: StatusBar['command'];
  readonly severity: StatusBar['severity'];
}

/** What the status bar says; nothing at all until there is a profile or a mistake in one. */
export function statusBar(overview: Overview, now: Now): StatusBar {
  const { icon, words, command, severity } = summaryOf(overview, now);
  return {
    visible: overview.organization !== undefined || overview.problems.length > 0,
    text: `$(${icon}) ${words}`,
    tooltip: tooltipOf(overview, words, now),
    command,
    severity,
    accessibilityLabel: `Enterprise MCP: ${words}`,
  };
}

function summaryOf(overview: Overview, now: Now): Summary {
  const org = cleanText(overview.organization ?? 'your company', 40);
  const sessions = overview.people.map(({ session }) => session.kind);
  const needed = needsPerson(overview);
  const attention: Summary = {
    icon: 'warning',
    words: needed === 1 ? '1 needs attention' : `${needed} need attention`,
    command: 'showConnections',
    severity: 'warning',
  };
  if (sessions.includes('signingIn')) {
    return {
      icon: 'loading~spin',
      words: 'Signing in…',
      command: 'showConnections',
      severity: 'none',
    };
  }
  if (sessions.includes('ended') && needed === 1) {
    return {
      icon: 'warning',
      words: `Signed out by ${org}`,
      command: 'signIn',
      severity: 'warning',
    };
  }
  if (needed > 0) return attention;
  if (sessions.length > 0 && sessions.every((kind) => kind === 'signedOut')) {
    return { icon: 'sign-in', words: `Sign in to ${org}`, command: 'signIn', severity: 'none' };
  }
  return outageSummary(overview, now) ?? connectionsSummary(overview);
}

/** Who is silent and until when that changes nothing; none while something is still being tried. */
function outageSummary(overview: Overview, now: Now): Summary | undefined {
  const { connections, organization = '' } = overview;
  const plain = { command: 'showConnections', severity: 'none' } as const;
  const open = connections.filter(({ state }) => isOpen(state));
  const unanswered = open.filter(({ state }) => isUnanswered(state));
  if (unanswered.length > 0) {
    // Of those that were not asked since, nobody knows.
    const untilMs = Math.min(...open.map(({ openUntilMs }) => openUntilMs ?? -Infinity));
    const until = Number.isFinite(untilMs) ? ` until ${clockTime(untilMs, now)}` : '';
    const work = open.length === 1 ? '1 server keeps' : `${open.length} servers keep`;
    const words = `${partiesSilent(unanswered, organization)}; ${work} working${until}`;
    return { ...plain, icon: 'debug-disconnect', words };
  }
  const waiting = connections.filter(({ state }) => isWaiting(state));
  const isBusy = connections.some(({ state }) => state.kind === 'connecting');
  if (open.length > 0 || waiting.length === 0 || isBusy) return undefined;
  return { ...plain, icon: 'debug-pause', words: partiesSilent(waiting, organization) };
}

/** By name where it is one party. */
function partiesSilent(connections: readonly ConnectionSnapshot[], organization: string): string {
  const [party, ...others] = new Set(connections.map((one) => silentParty(one, organization)));
  return party !== undefined && others.length === 0
    ? `${party} is not answering`
    : 'Several are not answering';
}

function connectionsSummary({ connections, people, problems }: Overview): Summary {
  const plain = { command: 'showConnections', severity: 'none' } as const;
  const open = connections.filter(({ state }) => isOpen(state)).length;
  const isBusy =
    connections.some(({ state }) => state.kind === 'connecting') ||
    people.some(({ session }) => session.kind === 'restoring');
  if (open > 0) {
    const words = open === 1 ? '1 server connected' : `${open} servers connected`;
    return { ...plain, icon: isBusy ? 'loading~spin' : 'plug', words };
  }
  if (isBusy) return { ...plain, icon: 'loading~spin', words: 'Connecting…' };
  return problems.length > 0 && connections.length === 0
    ? { ...plain, icon: 'warning', words: 'Not set up correctly' }
    : { ...plain, icon: 'plug', words: 'No servers connected' };
}

function tooltipOf(overview: Overview, words: string, now: Now): readonly string[] {
  const { organization = '' } = overview;
  const line = (one: ConnectionSnapshot) =>
    `${escapeMarkdown(one.label)}: ${escapeMarkdown(stateWords(one, { ...now, organization }))}`;
  return [
    `**Enterprise MCP**: ${escapeMarkdown(words)}`,
    ...byNeed(overview.connections).map(line),
  ];
}
