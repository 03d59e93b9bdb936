// What a person is told around a drill.
import { escapeMarkdown } from '../present/plainText.ts';
import { clockTime } from '../present/moment.ts';
import type { DryRun } from './rehearsal.ts';
import { drillKinds, type DrillKind } from './report.ts';

/** What an administrator does, and where. */
export const drillSteps: Readonly<Record<DrillKind, string>> = {
  grantRemoved:
    'Take yourself out of the group, or the servers from yourself, at the identity provider',
  sessionEnded: 'End your sessions at the identity provider',
  emergencyStop: 'Publish the emergency stop for the servers',
  refusedByServer: 'Revoke your access at the servers themselves',
  outage: 'Cut this computer off from the identity provider',
};

/** What is asked once the servers were called; `seenAtMs`: what was said before cannot be. */
export function triggerPrompt(
  kind: DrillKind,
  seenAtMs: number | undefined,
  nowMs: number,
): string {
  return seenAtMs === undefined
    ? `${drillSteps[kind]}. Then say when it was done.`
    : `Something was closed at ${clockTime(seenAtMs, { nowMs, seconds: true })} already. Say when it was done.`;
}

/** Wall clock, milliseconds, of a local time of today that has passed, nothing being now; undefined for anything else. */
export function timeEntered(text: string, nowMs: number): number | undefined {
  if (text.trim() === '') return nowMs;
  const [, hours, minutes, seconds = '0'] =
    /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text.trim()) ?? [];
  if (hours === undefined || minutes === undefined) return undefined;
  const at = new Date(nowMs);
  const atMs = at.setHours(Number(hours), Number(minutes), Number(seconds), 0);
  const isTime = Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) < 60;
  return isTime && atMs <= nowMs ? atMs : undefined;
}

/** `within 75 s`, of the longest. */
export const promisedText = ({ servers }: DryRun): string =>
  `within ${seconds(Math.max(0, ...servers.map(({ boundMs }) => boundMs)))}`;

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

export function dryRunText({ kind, servers }: DryRun): string {
  return [
    '# Revocation drill: what would be measured',
    '',
    `${drillKinds[kind]}. ${drillSteps[kind]}.`,
    '',
    'Each server is called three times before and once a second after, with nothing changed there.',
    'Measured are, per server: the last call let through, when it was found out and by what, when the gate',
    'was closed, open streams were cut, credentials were wiped and tools were gone. Storage and log are',
    'searched for credentials, and every browser and registration is counted.',
    '',
    '| Server | State | Promised |',
    '| --- | --- | --- |',
    ...servers.map(
      ({ label, state, boundMs }) =>
        `| ${escapeMarkdown(label)} | ${state} | closed within ${seconds(boundMs)} |`,
    ),
    '',
  ].join('\n');
}
