// The row that says which servers other programs' files set up too; what to do is behind its click.
import type { ShadowReport } from '../shadow/shadowWatch.ts';
import { placeOf, sameServers, shadowSummary, shadowWords } from '../shadow/shadowWords.ts';
import { cleanText, escapeMarkdown } from './plainText.ts';
import { rowId, type Row } from './row.ts';

const maxTold = 8;
const names = new Intl.ListFormat('en-GB');

/** One row, or none when nothing was found; `home` is shown as `~`. */
export function shadowRows(
  report: ShadowReport | undefined,
  { organization, home }: { readonly organization: string; readonly home: string },
): readonly Row[] {
  const summary = report && shadowSummary(report, organization);
  if (report === undefined || summary === undefined) return [];
  const same = sameServers(report);
  const clients = names.format(new Set(same.map(({ entry }) => cleanText(entry.client))));
  return [
    {
      id: rowId.shadows,
      label: summary,
      description: `in ${clients}`,
      icon: 'warning',
      color: 'problemsWarningIcon.foreground',
      tooltip: [
        `**${escapeMarkdown(summary)}**`,
        ...same.slice(0, maxTold).map((one) => {
          const { title, how } = shadowWords(one);
          return escapeMarkdown(`${title}: ${how} (${placeOf(one.entry, home)})`, 400);
        }),
        ...(same.length > maxTold ? [`and ${same.length - maxTold} more`] : []),
        'Click to see what to do. Nothing is changed unless you say so.',
      ],
      contextValue: 'shadows',
      accessibilityLabel: `${summary}, in ${clients}`,
      children: [],
      expanded: false,
      opens: 'shadowConnections',
    },
  ];
}
