// What stands under a connection: why, access in words, tools, times, the last call.
import { clockTime, relativeTime } from './moment.ts';
import { historyRows } from './historyRows.ts';
import { cleanText, escapeMarkdown } from './plainText.ts';
import { detailRow, rowId, type Row } from './row.ts';
import type { Explanation, Remedy } from './sentences.ts';
import type { ConnectionSnapshot } from '../connection/state.ts';
import { toolChangesSentence, toolChangesSummary } from './toolChangeWords.ts';
import { counted, readsOnly, type Connected, type PresentContext } from './stateWords.ts';

/** The rows under `snapshot`, most important first. */
export function detailRows(
  snapshot: ConnectionSnapshot,
  why: Explanation | undefined,
  context: PresentContext,
): readonly Row[] {
  const id = (name: string) => `${rowId.server(snapshot.id)}/${name}`;
  const detail = (name: string, label: string, description: string, icon: string) =>
    detailRow(id(name), { label, description, icon });
  const whenLabelled = (name: string, label: string, atMs: number | undefined, icon: string) =>
    atMs === undefined ? [] : [detail(name, label, whenSaid(atMs, context), icon)];
  const { state, lastCall } = snapshot;
  return [
    ...(why === undefined ? [] : whyRows(id, why, snapshot, context)),
    ...(state.kind === 'connected' ? accessRows(id, snapshot, state) : []),
    ...(state.kind === 'connected'
      ? [
          ...whenLabelled('confirmed', 'Last confirmed', state.confirmedAtMs, 'verified'),
          snapshot.nextCheckAtMs === undefined
            ? detail('nextCheck', 'Next check', 'before its next use', 'sync')
            : detail('nextCheck', 'Next check', whenSaid(snapshot.nextCheckAtMs, context), 'sync'),
          ...whenLabelled('openUntil', 'Stays open until', snapshot.openUntilMs, 'clock'),
          ...whenLabelled('expires', 'Expires', snapshot.expiresAtMs, 'watch'),
        ]
      : whenLabelled('nextCheck', 'Next try', snapshot.nextCheckAtMs, 'sync')),
    ...toolChangeRows(id, snapshot, context),
    ...copyRows(id, snapshot, context),
    ...(lastCall === undefined
      ? []
      : [
          detail(
            'lastCall',
            'Last call',
            `${cleanText(lastCall.tool)} · ${callWords[lastCall.outcome]} · ${whenSaid(lastCall.atMs, context)}`,
            'play',
          ),
        ]),
    ...historyRows(id, snapshot, context),
  ];
}

function toolChangeRows(
  id: (name: string) => string,
  { label, toolChanges }: ConnectionSnapshot,
  context: PresentContext,
): readonly Row[] {
  if (toolChanges === undefined) return [];
  const row = detailRow(id('toolChanges'), {
    label: 'Tools changed',
    description: `${toolChangesSummary(toolChanges)} · ${whenSaid(toolChanges.atMs, context)}`,
    icon: 'diff',
  });
  return [{ ...row, tooltip: [escapeMarkdown(toolChangesSentence(label, toolChanges), 600)] }];
}

/** What nobody here can end: a copy made elsewhere, as long as its server takes it. */
function copyRows(
  id: (name: string) => string,
  { label, copyWorksUntilMs, revokedAtMs }: ConnectionSnapshot,
  context: PresentContext,
): readonly Row[] {
  if (copyWorksUntilMs === undefined || copyWorksUntilMs <= context.nowMs) return [];
  const until = `until ${clockTime(copyWorksUntilMs, context)}`;
  const told =
    revokedAtMs === undefined
      ? ''
      : `, unless ${cleanText(label)} heeds that it was given back at ${clockTime(revokedAtMs, context)}`;
  return [
    detailRow(id('copy'), {
      label: 'A copy made elsewhere would work',
      description: `${until}${told}`,
      icon: 'copy',
    }),
  ];
}

const callWords = { ok: 'answered', error: 'failed', denied: 'not let through' } as const;

const whenSaid = (atMs: number, context: PresentContext): string =>
  `${relativeTime(atMs, context)} (${clockTime(atMs, context)})`;

function whyRows(
  id: (name: string) => string,
  why: Explanation,
  { label, failure }: ConnectionSnapshot,
  context: PresentContext,
): readonly Row[] {
  const who = detailRow(id('remedy'), {
    label: 'Who can mend it',
    description: remedyWords(why.remedy, context.organization, label),
    icon: 'person',
  });
  const said = (name: string, title: string, value: string | undefined) =>
    value === undefined || value === ''
      ? []
      : [detailRow(id(name), { label: title, description: cleanText(value, 300), icon: 'dash' })];
  const { expected, actual } = failure?.facts ?? {};
  const reason = detailRow(id('why'), { label: 'Why', description: why.sentence, icon: 'info' });
  return [
    { ...reason, tooltip: [escapeMarkdown(why.sentence, 600)] },
    ...said('expected', 'Expected', expected),
    ...said('actual', 'It says', actual),
    who,
  ];
}

/** Who it is that can do something about it. */
export function remedyWords(remedy: Remedy, organization: string, server: string): string {
  switch (remedy) {
    case 'you':
      return 'You';
    case 'identityAdmin':
      return `An administrator at ${cleanText(organization)}`;
    case 'serverOwner':
      return `The owner of ${cleanText(server)}`;
    case 'wait':
      return 'Nobody has to: it is tried again by itself';
  }
}

function accessRows(
  id: (name: string) => string,
  snapshot: ConnectionSnapshot,
  state: Connected,
): readonly Row[] {
  const { tools } = snapshot;
  const names = tools.map((tool, index) =>
    detailRow(id(`tool/${index}`), {
      label: cleanText(tool.name),
      description: tool.readOnly ? 'reads' : 'may change things',
      icon: tool.readOnly ? 'eye' : 'edit',
    }),
  );
  return [
    detailRow(id('access'), {
      label: readsOnly(snapshot, state) ? 'Read only' : 'Read and write',
      description: cleanText(state.scopes.join(' ')),
      icon: 'shield',
    }),
    ...(state.reducedBy.length === 0
      ? []
      : [
          detailRow(id('missing'), {
            label: 'Not granted',
            description: cleanText(state.reducedBy.join(' ')),
            icon: 'circle-slash',
          }),
        ]),
    detailRow(id('tools'), { label: counted(state.tools), description: '', icon: 'tools' }, names),
  ];
}
