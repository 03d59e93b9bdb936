// Whose process is at the other end of a connection to a port. Attacker: another user of this computer who
// has come by a key, e.g. by listening at the port while no window was open. Linux alone tells without
// privileges; elsewhere the key is all there is.
import { readFile } from 'node:fs/promises';

/** Connections by both of their ends, with the number of the user. */
const tables = ['/proc/net/tcp', '/proc/net/tcp6'];
const loopback = ['0100007F', '0000000000000000FFFF00000100007F'];

interface Ends {
  readonly remotePort?: number | undefined;
  readonly localPort?: number | undefined;
}

export class PeerUsers {
  readonly #known = new WeakMap<Ends, Promise<boolean>>();
  readonly #user: number | undefined;
  readonly #read: (file: string) => Promise<string>;

  constructor(
    user = process.getuid?.(),
    read: (file: string) => Promise<string> = (file) => readFile(file, 'utf8'),
  ) {
    this.#user = user;
    this.#read = read;
  }

  /** True for this user's own; also where the system does not say. Of a connection to a port. */
  isOurs(socket: Ends): Promise<boolean> {
    const known = this.#known.get(socket) ?? this.#look(socket);
    this.#known.set(socket, known);
    return known;
  }

  async #look({ remotePort, localPort }: Ends): Promise<boolean> {
    const read = tables.map((file) => this.#read(file).catch(() => undefined));
    const texts = (await Promise.all(read)).filter((text) => text !== undefined);
    if (texts.length === 0) return true;
    // Who leaves at once may have something to hide.
    if (remotePort === undefined || localPort === undefined) return false;
    const users = texts.flatMap((text) => usersOf(text, hexOf(remotePort), hexOf(localPort)));
    return users.length === 1 && users[0] === this.#user;
  }
}

const hexOf = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');

/** Columns of proc(5): number, local, remote, state, queues, timer, retransmits, user, timeout, inode. */
function usersOf(table: string, theirs: string, ours: string): readonly number[] {
  return table.split('\n').flatMap((line) => {
    const [, from = '', to = '', , , , , user, , inode] = line.trim().split(/\s+/);
    const isIt = loopback.some((host) => from === `${host}:${theirs}` && to === `${host}:${ours}`);
    // Without a file behind it nobody has it any more, and it counts as root's.
    return isIt && inode !== '0' ? [Number(user)] : [];
  });
}
