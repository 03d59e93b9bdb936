// One line of the side bar as data: the views copy it and decide nothing.
export interface Row {
  /** Stable for what it stands for, whatever its state. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  /** Id of a ThemeIcon. */
  readonly icon: string;
  /** Id of a ThemeColor. */
  readonly color?: string;
  /** Markdown paragraphs; other parties' words in them are escaped. */
  readonly tooltip: readonly string[];
  /** Words for menu conditions, e.g. `server canReconnect canTurnOff`. */
  readonly contextValue: string;
  readonly accessibilityLabel: string;
  readonly children: readonly Row[];
  /** Of a row with children, at first sight. */
  readonly expanded: boolean;
  /** What a click opens, where it is not its children. */
  readonly opens?: 'shadowConnections';
}

export const rowId = {
  organization: 'organization',
  server: (serverId: string) => `server:${serverId}`,
  person: (identityProviderId: string) => `person:${identityProviderId}`,
  shadows: 'shadows',
  clients: 'clients',
  client: (clientId: string) => `client:${clientId}`,
  agentHost: 'agentHost',
  problem: (index: number) => `problem:${index}`,
} as const;

const kinds = ['server', 'person', 'client'] as const;

/** What the commands of a row act on; undefined for rows without commands. */
export function subjectOf(id: string): { kind: (typeof kinds)[number]; id: string } | undefined {
  const [prefix = '', ...rest] = id.split(':');
  const kind = kinds.find((one) => one === prefix);
  return kind === undefined || rest.length !== 1 ? undefined : { kind, id: rest.join() };
}

/** A row that only tells something. */
export function detailRow(
  id: string,
  text: { label: string; description: string; icon: string },
  children: readonly Row[] = [],
): Row {
  return {
    id,
    ...text,
    tooltip: [],
    contextValue: 'detail',
    accessibilityLabel: [text.label, text.description].filter((part) => part !== '').join(', '),
    children,
    expanded: false,
  };
}
