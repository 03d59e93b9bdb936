// The company's servers, configured around us: which entries of other files lead to the same place.
import { addressOf, type Address } from './address.ts';
import type { ConfiguredServer } from './configuredServer.ts';

/** A server in a file. */
export interface FileEntry extends ConfiguredServer {
  readonly client: string;
  readonly file: string;
  readonly format: 'json' | 'toml' | 'text';
  /** The file is an administrator's. */
  readonly managed: boolean;
  /** SHA-256 of the file it was read from, hex. */
  readonly digest: string;
}

export interface Shadow {
  /** `sameHost`: another address at the host of a server. */
  readonly kind: 'sameServer' | 'sameHost';
  /** Servers of the profile it leads to, or whose host it is at; never empty. */
  readonly servers: readonly ProfileServer[];
  readonly entry: FileEntry;
}

export interface ProfileServer {
  readonly id: string;
  readonly label: string;
  readonly url: string;
}

/** Entries that lead to a server of the profile, those that lead to its very address first. */
export function findShadows(
  entries: readonly FileEntry[],
  servers: readonly ProfileServer[],
): readonly Shadow[] {
  const known = servers.flatMap((server) => {
    const address = addressOf(server.url);
    return address === undefined ? [] : [{ server, address }];
  });
  const shadows = entries.flatMap((entry): readonly Shadow[] => {
    const leadingTo = (isSame: (one: Address, other: Address) => boolean) =>
      known
        .filter(({ address }) => entry.addresses.some((one) => isSame(one, address)))
        .map(({ server }) => server);
    const same = leadingTo((one, other) => one.host === other.host && one.path === other.path);
    if (same.length > 0) return [{ kind: 'sameServer', servers: same, entry }];
    const near = leadingTo((one, other) => one.host === other.host);
    return near.length > 0 ? [{ kind: 'sameHost', servers: near, entry }] : [];
  });
  return [...shadows.filter(isSameServer), ...shadows.filter((one) => !isSameServer(one))];
}

const isSameServer = ({ kind }: Shadow): boolean => kind === 'sameServer';
