// The servers in the text of a client's file. Never throws: what cannot be understood is broken, and even
// then every address in it is told, so that a slip of the pen hides nothing.
import { addressOf, urlsIn } from './address.ts';
import type { ClientFile } from './clientFiles.ts';
import type { ConfiguredServer } from './configuredServer.ts';
import { jsonServers } from './jsonServers.ts';
import { tomlServers } from './tomlServers.ts';

export interface ClientFileReading {
  readonly servers: readonly ConfiguredServer[];
  /** Not understood all through: never to be taken for a file without servers. */
  readonly broken: boolean;
}

const maxServers = 1_000;

export function readClientFile(
  text: string,
  { format, servers: keys }: Pick<ClientFile, 'format' | 'servers'>,
): ClientFileReading {
  const { servers, broken } = understood(text.replace(/^\uFEFF/, ''), format, keys);
  return { servers: servers.slice(0, maxServers), broken };
}

function understood(
  text: string,
  format: ClientFile['format'],
  keys: ClientFile['servers'],
): ClientFileReading {
  if (format === 'text') return { servers: mentions(text), broken: false };
  try {
    if (format === 'toml') return { servers: tomlServers(text, keys), broken: false };
    const { servers, broken } = jsonServers(text, keys);
    return broken
      ? { servers: [...servers, ...unseen(text, servers)], broken }
      : { servers, broken };
  } catch {
    // Not TOML; or nested so deep that the parser ran out of stack.
    return { servers: mentions(text), broken: true };
  }
}

/** Addresses on lines that none of `servers` lies on. */
const unseen = (text: string, servers: readonly ConfiguredServer[]): readonly ConfiguredServer[] =>
  mentions(text).filter(
    ({ lines: { first } }) =>
      !servers.some(({ lines }) => lines.first <= first && first <= lines.last),
  );

const hashComment = /(^|\s)#.*$/;

/** A server for each line with an address outside a comment. */
function mentions(text: string): readonly ConfiguredServer[] {
  return text.split('\n').flatMap((line, index) => {
    const addresses = urlsIn(line.replace(hashComment, ''))
      .map(addressOf)
      .filter((address) => address !== undefined);
    if (addresses.length === 0) return [];
    const lines = { first: index + 1, last: index + 1 };
    const authentication = { kind: 'unknown' } as const;
    const place = { name: undefined, lines, span: undefined };
    return [{ ...place, addresses, viaCommand: false, authentication, isOff: false }];
  });
}
