// What people read about shadow connections: what each is, and who does what about it.
import { cleanText } from '../present/plainText.ts';
import type { Authentication, KeyPlace } from './authentication.ts';
import type { FileEntry, Shadow } from './shadows.ts';
import type { ShadowReport } from './shadowWatch.ts';

export interface ShadowWords {
  /** e.g. `github in Cursor` */
  readonly title: string;
  /** How it gets in. */
  readonly how: string;
  /** What to do, in one sentence. */
  readonly advice: string;
  readonly who: 'you' | 'administrator';
}

const names = new Intl.ListFormat('en-GB');

/** Those that lead to the very address of a server. */
export const sameServers = ({ shadows }: ShadowReport): readonly Shadow[] =>
  shadows.filter(({ kind }) => kind === 'sameServer');

/** How many servers are set up twice, for a row; undefined when none is. */
export function shadowSummary(report: ShadowReport, organization: string): string | undefined {
  const servers = sameServers(report).flatMap((one) => one.servers.map(({ id }) => id));
  const count = new Set(servers).size;
  if (count === 0) return undefined;
  return `${count === 1 ? '1 server' : `${count} servers`} also set up without ${cleanText(organization, 40)}`;
}

export function shadowWords({ kind, servers, entry }: Shadow): ShadowWords {
  const { name, client, authentication, managed, viaCommand, isOff } = entry;
  const labels = names.format(servers.map(({ label }) => cleanText(label, 60)));
  const where = kind === 'sameServer' ? labels : `Another address of ${labels}`;
  const how = [
    where,
    howOf(authentication),
    ...(viaCommand ? ['through a program on this computer'] : []),
    ...(isOff ? ['turned off there'] : []),
  ];
  return {
    title: name === undefined ? client : `${cleanText(name, 60)} in ${client}`,
    how: how.join(', '),
    ...remedy(kind, managed, authentication),
  };
}

type Remedy = Pick<ShadowWords, 'advice' | 'who'>;

function remedy(kind: Shadow['kind'], managed: boolean, { kind: how }: Authentication): Remedy {
  if (managed) {
    return {
      who: 'administrator',
      advice: 'Your administrator wrote this file: ask them to take the server out of it.',
    };
  }
  if (kind === 'sameHost') {
    return {
      who: 'administrator',
      advice: 'The company does not look after it: have your administrator add it, or remove it.',
    };
  }
  return { who: 'you', advice: advice[how] };
}

const advice: Record<Authentication['kind'], string> = {
  ownOAuth: 'It stays signed in when the company ends your access: remove it here.',
  staticKey: 'The key outlives your access: remove it here, and withdraw it where it was made.',
  enterpriseManaged:
    'VS Code connects it through the company as well: remove it here, once is enough.',
  unknown: 'How it gets in cannot be seen from the file: open it, and remove what you do not need.',
};

const places: Record<KeyPlace, string> = {
  header: 'a header',
  variable: 'a variable',
  argument: 'an argument',
  address: 'its address',
  setting: 'a setting',
};

function howOf(authentication: Authentication): string {
  switch (authentication.kind) {
    case 'ownOAuth':
      return 'with a sign-in of its own';
    case 'enterpriseManaged':
      return 'with VS Code’s own company sign-in';
    case 'unknown':
      return 'sign-in not known';
    case 'staticKey': {
      const { where, name } = authentication;
      return `with a fixed key in ${places[where]}${name === undefined ? '' : ` (${name})`}`;
    }
  }
}

/** The file, and the line where one is known; the person's folder as `~`. */
export function placeOf(
  { file, lines }: Pick<FileEntry, 'file'> & Partial<Pick<FileEntry, 'lines'>>,
  home: string,
): string {
  const isInHome = file.startsWith(home) && /^[/\\]/.test(file.slice(home.length));
  const shown = cleanText(isInHome ? `~${file.slice(home.length)}` : file, 120);
  return lines === undefined ? shown : `${shown}:${lines.first}`;
}

/** Whether VS Code may hold a sign-in made for it, which outlives the entry. */
export const keepsSignIns = ({ client, authentication: { kind } }: FileEntry): boolean =>
  client.startsWith('VS Code') && (kind === 'ownOAuth' || kind === 'enterpriseManaged');
