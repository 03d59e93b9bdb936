// What became of one server's access, as rows: who ended it, when, and what found it out.
import type { Detector, HistoryEntry } from '../connection/history.ts';
import { clockTime } from './moment.ts';
import { cleanText } from './plainText.ts';
import { detailRow, type Row } from './row.ts';
import type { PresentContext } from './stateWords.ts';

const found: Record<Detector, string> = {
  connect: 'while connecting',
  check: 'found by a check',
  use: 'found by a call',
  session: 'the sign-in ended',
  emergencyStop: 'by the emergency stop',
  sharedSignal: 'by a security notice',
  limit: 'nobody could be asked for too long',
  person: 'by you',
  otherWindow: 'in another window',
};

/** The history of one server, the latest first; none where there is none. */
export function historyRows(
  id: (name: string) => string,
  { label, history }: { readonly label: string; readonly history: readonly HistoryEntry[] },
  context: PresentContext,
): readonly Row[] {
  if (history.length === 0) return [];
  const entries = history
    .map((entry, index) =>
      detailRow(id(`history/${index}`), {
        label: clockTime(entry.atMs, context),
        description: [whatHappened(entry, label, context), ...foundBy(entry)].join(' · '),
        icon: 'circle-small',
      }),
    )
    .toReversed();
  const [latest] = entries;
  return [
    detailRow(
      id('history'),
      { label: 'History', description: latest?.description ?? '', icon: 'history' },
      entries,
    ),
  ];
}

/** Nothing where access began. Written by another version of us, it may be none of ours. */
function foundBy({ kind, detector }: HistoryEntry): readonly string[] {
  if (kind === 'connected') return [];
  return [detectorWords(detector)];
}

export const detectorWords = (detector: Detector): string =>
  Object.hasOwn(found, detector) ? found[detector] : 'found otherwise';

/** Who did what. */
export function whatHappened(
  { kind, code }: HistoryEntry,
  server: string,
  { organization }: Pick<PresentContext, 'organization'>,
): string {
  const org = cleanText(organization);
  switch (kind) {
    case 'connected':
      return 'Connected';
    case 'reduced':
      return `Access reduced by ${org}`;
    case 'toolsChanged':
      return `${cleanText(server)} changed its tools`;
    case 'accessRemoved':
      return `Access removed by ${org}`;
    case 'sessionEnded':
      return `Signed out by ${org}`;
    case 'stopped':
      return `Stopped by ${org}`;
    case 'signedOut':
      return 'Signed out';
    case 'turnedOff':
      return 'Turned off';
    case 'refusedByServer':
      return `Refused by ${cleanText(server)}`;
    case 'paused':
    case 'unreachable':
      return 'Paused';
    default:
      return code === undefined ? 'Closed' : `Closed (${code})`;
  }
}
