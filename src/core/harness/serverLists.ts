// Whether the organization lets VS Code use a server at all: it blocks one without asking us, and says so where
// nobody looks. Read as VS Code 1.139 reads its own settings.
import { matchesPattern } from './addressPattern.ts';

/** VS Code's settings, as they are in force. */
export interface ServerLists {
  /** `chat.mcp.access` */
  readonly access: unknown;
  /** `chat.mcp.allowedServers`; not a list: any may be used. */
  readonly allowed: unknown;
  /** `chat.mcp.deniedServers` */
  readonly denied: unknown;
  /** `chat.mcp.allowManagedServersOnly` */
  readonly managedOnly: unknown;
  /** `chat.customizations.strictPluginOnlyCustomization` */
  readonly pluginsOnly: unknown;
}

export interface ListedServer {
  /** Its label is the name VS Code knows it by. */
  readonly label: string;
  /** What VS Code dials; undefined while nothing listens. */
  readonly address: string | undefined;
}

/** `off`: no server at all. */
export type Block = 'off' | 'denied' | 'notAllowed';

/** @returns undefined where nothing is in the way */
export function blockOf(lists: ServerLists, server: ListedServer): Block | undefined {
  if (lists.access === 'none' || lists.pluginsOnly === true) return 'off';
  if (matchers(lists.denied)?.some((one) => matches(one, server)) === true) return 'denied';
  const allowed = matchers(lists.allowed) ?? (lists.managedOnly === true ? [] : undefined);
  if (allowed === undefined || allowed.some((one) => matches(one, server))) return undefined;
  return 'notAllowed';
}

/** The rule that lets a server through, whatever its address: for the administrator's list. */
export const allowListEntry = ({ label }: Pick<ListedServer, 'label'>): string =>
  JSON.stringify({ serverName: label });

interface Matcher {
  readonly serverName?: unknown;
  readonly serverUrl?: unknown;
  readonly serverCommand?: unknown;
}

/** An entry that names two things, or nothing, counts for nothing. */
const matchers = (value: unknown): readonly Matcher[] | undefined =>
  Array.isArray(value) ? value.filter(isMatcher) : undefined;

function isMatcher(value: unknown): value is Matcher {
  if (typeof value !== 'object' || value === null) return false;
  const { serverName, serverUrl, serverCommand } = value as Matcher;
  const names = [serverName, serverUrl].filter((one) => typeof one === 'string' && one !== '');
  return names.length + (Array.isArray(serverCommand) ? 1 : 0) === 1;
}

function matches({ serverName, serverUrl }: Matcher, { label, address }: ListedServer): boolean {
  if (typeof serverName === 'string') return serverName === label;
  if (typeof serverUrl !== 'string' || address === undefined) return false;
  const known = normalized(address);
  return serverUrl.includes('*')
    ? matchesPattern(serverUrl, known)
    : normalized(serverUrl).toLowerCase() === known.toLowerCase();
}

/** Of a web address what is after the path's `#` tells nothing. */
function normalized(address: string): string {
  if (!URL.canParse(address)) return address;
  const { protocol, origin, pathname, search } = new URL(address);
  return /^https?:$/.test(protocol) ? `${origin}${pathname}${search}` : address;
}
