import { networkInterfaces } from 'node:os';

/** The addresses this computer has at the moment, but for its own loopback: another network, another text. */
export const networkMark = (): string =>
  Object.entries(networkInterfaces())
    .flatMap(([name, addresses = []]) =>
      addresses.filter(({ internal }) => !internal).map(({ cidr }) => `${name} ${cidr ?? ''}`),
    )
    .sort()
    .join('\n');
