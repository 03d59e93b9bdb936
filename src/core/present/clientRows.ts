// The rows of other clients: who has a key, and when it was used last.
import { maxClients, maxNameLength, type ClientKey } from '../harness/clientKeys.ts';
import { clockTime, relativeTime, type Now } from './moment.ts';
import { cleanText, escapeMarkdown } from './plainText.ts';
import { rowId, type Row } from './row.ts';

export interface ShownClients {
  readonly list: readonly ClientKey[];
  readonly taken: number | 'any' | undefined;
}

export const notAllowed = 'Your organization has not allowed other clients.';
export const nothingConnected =
  'Nothing is connected that another client could use. Sign in first.';
export const tooMany = `There are keys for ${maxClients} clients, and no more are made. Revoke one that is not used.`;

/** One row with a row for each key, or none without any. */
export function clientRows({ list, taken }: ShownClients, now: Now): readonly Row[] {
  if (list.length === 0) return [];
  const label = 'Other clients';
  const blocked = taken === undefined ? undefined : blockedBy(taken);
  const description = blocked ?? '';
  return [
    {
      id: rowId.clients,
      label,
      description,
      icon: blocked === undefined ? 'plug' : 'warning',
      ...(blocked === undefined ? {} : { color: 'problemsWarningIcon.foreground' }),
      tooltip: [
        `**${label}** on this computer that use your connections, each with a key of its own`,
        ...(blocked === undefined ? [] : [escapeMarkdown(blockedAdvice, 400)]),
      ],
      contextValue: 'clients',
      accessibilityLabel: blocked === undefined ? label : `${label}, ${description}`,
      children: list.map((one) => clientRow(one, now)),
      expanded: true,
    },
  ];
}

const blockedBy = (taken: number | 'any'): string =>
  taken === 'any'
    ? 'every port is taken by other programs'
    : `port ${taken} is taken by another program`;

const blockedAdvice =
  'Clients cannot connect until that program ends. Or revoke all keys and connect the clients anew: they are then given another port.';

function clientRow(client: ClientKey, now: Now): Row {
  const label = cleanText(client.name);
  const description = lastUse(client, now);
  return {
    id: rowId.client(client.id),
    label,
    description,
    icon: 'key',
    tooltip: [
      `**${escapeMarkdown(label)}**: ${escapeMarkdown(description)}`,
      `Has a key since ${clockTime(client.createdAtMs, now)}`,
    ],
    contextValue: 'client canRevokeClient',
    accessibilityLabel: `${label}, ${description}`,
    children: [],
    expanded: false,
  };
}

/** `last used 3 min ago` */
export const lastUse = ({ lastUsedAtMs }: ClientKey, now: Now): string =>
  lastUsedAtMs === undefined ? 'not used yet' : `last used ${relativeTime(lastUsedAtMs, now)}`;

/** What stands where a key was asked for: undefined when the name will do. */
export function nameProblem(name: string, list: readonly ClientKey[]): string | undefined {
  // As it would be kept: two long ones may differ where nobody sees it.
  const plain = cleanText(name, maxNameLength);
  if (plain === '') return 'Enter a name, so that you know it again.';
  const isUsed = list.some((one) => one.name.toLowerCase() === plain.toLowerCase());
  return isUsed ? 'Another client has this name.' : undefined;
}

/** `Codex CLI`, or `Codex CLI 2` where that is taken. */
export function freeName(wanted: string, list: readonly ClientKey[]): string {
  const numbers = Array.from({ length: list.length + 1 }, (_, at) => at + 1);
  const names = numbers.map((number) => (number === 1 ? wanted : `${wanted} ${number}`));
  return names.find((name) => nameProblem(name, list) === undefined) ?? wanted;
}
