// The report of a drill for people: what was promised, what was seen, what is left. English, UTC, no secret.
import { detectorWords } from '../present/historyRows.ts';
import { utc } from '../present/moment.ts';
import { escapeMarkdown } from '../present/plainText.ts';
import { drillKinds, verdictOf, type DrillReport, type ServerFinding } from './report.ts';

export function drillMarkdown(report: DrillReport): string {
  const { versions, profile, scan, witnessed } = report;
  return [
    `# Revocation drill: ${verdictOf(report)}`,
    '',
    `${drillKinds[report.kind]} at ${escapeMarkdown(report.organization)}, ${utc(report.triggeredAtMs)}.`,
    '',
    ...report.servers.flatMap((one) => [...serverSection(one, report.triggeredAtMs), '']),
    '## What was left behind',
    '',
    scan.hits.length === 0
      ? `${scan.credentials} credentials were looked for in ${scan.files} files (${scan.bytes} bytes): none was found.`
      : `**Found** in: ${scan.hits.map((file) => escapeMarkdown(file, 300)).join(', ')}.`,
    ...(scan.unread.length === 0 ? [] : [`Could not be read: ${scan.unread.length} files.`]),
    `Browser opened: ${witnessed.browserOpened} times. Registrations: ${witnessed.registrations}.`,
    '',
    '## About this report',
    '',
    table(
      ['About', 'This run'],
      [
        ['Report', report.reportId],
        ['Ran', `${utc(report.startedAtMs)} to ${utc(report.endedAtMs)}`],
        ['Extension', versions.extension],
        ['Editor', versions.editor],
        ['System', versions.system],
        ['Profile', `${profile.source}, SHA-256 ${profile.sha256}`],
        ['Identity providers', report.identityProviders.join(', ')],
        ['Person (pseudonym)', report.person],
        [
          'Clock offset',
          report.clockOffsetSec === undefined ? 'not known' : `${report.clockOffsetSec} s`,
        ],
      ],
    ),
    '',
    '## Not tested',
    '',
    ...report.notTested.map((one) => `- ${one}`),
    '',
  ].join('\n');
}

function serverSection(one: ServerFinding, triggeredAtMs: number): readonly string[] {
  return [
    `## ${escapeMarkdown(one.label)}: ${one.verdict}`,
    '',
    ...one.reasons.map((reason) => `- ${reason}`),
    ...(one.reasons.length === 0 ? [] : ['']),
    // What nobody could use cannot be seen to end.
    ...(one.callsBefore === 0 ? [] : [seenTable(one, triggeredAtMs)]),
  ];
}

function seenTable(one: ServerFinding, triggeredAtMs: number): string {
  const after = (atMs: number | undefined) =>
    atMs === undefined ? 'never' : `${utc(atMs)} (${seconds(atMs - triggeredAtMs)} after)`;
  const found = one.detector === undefined ? '' : `, ${detectorWords(one.detector)}`;
  return table(
    ['Measured', 'Result'],
    [
      ['Promised', `closed within ${seconds(one.boundMs)}`],
      ['Calls let through before', String(one.callsBefore)],
      ['Calls let through after the trigger', String(one.callsAfterTrigger)],
      ['Last call let through', after(one.lastAllowedCallAtMs)],
      ['Found out', `${after(one.detectedAtMs)}${found}`],
      ['Gate closed', after(one.gateClosedAtMs)],
      ['Open streams cut', after(one.streamClosedAtMs)],
      ['Credentials wiped', after(one.wipedAtMs)],
      ['Tools gone', after(one.toolsGoneAtMs)],
      ['Given back (RFC 7009)', one.revokedAtMs === undefined ? 'no' : utc(one.revokedAtMs)],
      [
        'A copy made elsewhere works until',
        one.copyWorksUntilMs === undefined ? 'not known' : utc(one.copyWorksUntilMs),
      ],
      ['The caller was told', one.told ?? 'nothing'],
    ],
  );
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

type Cells = readonly [string, string];

const table = (head: Cells, rows: readonly Cells[]): string =>
  [
    `| ${head.join(' | ')} |`,
    '| --- | --- |',
    ...rows.map(([name, value]) => `| ${name} | ${cell(value)} |`),
  ].join('\n');

const cell = (text: string): string => escapeMarkdown(text, 400);
