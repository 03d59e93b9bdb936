// What a person is told around a drill.
import { escapeMarkdown } from '../present/plainText.ts';
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

/** Wall clock, milliseconds, of a local time of today that has passed; undefined for anything else. */
export function timeEntered(text: string, nowMs: number): number | undefined {
  const [, hours, minutes, seconds = '0'] =
    /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text.trim()) ?? [];
  if (hours === undefined || minutes === undefined) return undefined;
  const at = new Date(nowMs);
  const atMs = at.setHours(Number(hours), Number(minutes), Number(seconds), 0);
  const isTime = Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) < 60;
  return isTime && atMs <= nowMs ? atMs : undefined;
}

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
        `| ${escapeMarkdown(label)} | ${state} | closed within ${Math.round(boundMs / 1000)} s |`,
    ),
    '',
  ].join('\n');
}
