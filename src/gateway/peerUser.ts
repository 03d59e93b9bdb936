// Whose process is at the other end of a connection to a port. Attacker: another user of this computer who
// has come by a key, e.g. by listening at the port while no window was open. Linux alone tells without
// privileges; elsewhere the key is all there is.
import { readFile } from 'node:fs/promises';

/** Connections by both of their ends, with the number of the user. */
const files = ['/proc/net/tcp', '/proc/net/tcp6'];
const loopback = ['0100007F', '0000000000000000FFFF00000100007F'];

/** Before somebody is not there. */
const looks = 3;

interface Ends {
  readonly remotePort?: number | undefined;
  readonly localPort?: number | undefined;
}

export class PeerUsers {
  readonly #known = new WeakMap<Ends, Promise<boolean>>();
  readonly #user: number | undefined;
  readonly #tables: Tables;

  constructor(
    user = process.getuid?.(),
    read: (file: string) => Promise<string> = (file) => readFile(file, 'utf8'),
  ) {
    this.#user = user;
    this.#tables = new Tables(async () => {
      const texts = files.map((file) => read(file).catch(nothingThere));
      return (await Promise.all(texts)).filter((text) => text !== undefined);
    });
  }

  /** True for this user's own; also where the system does not say. Of a connection to a port. */
  isOurs(socket: Ends): Promise<boolean> {
    const known = this.#known.get(socket) ?? this.#look(socket);
    this.#known.set(socket, known);
    return known;
  }

  async #look(socket: Ends): Promise<boolean> {
    // Rows that leave while the table is read may take another's place: one look is not enough to miss it.
    for (let look = 0; look < looks; look++) {
      const tables = await this.#tables.next();
      if (tables.length === 0) return true;
      const { remotePort, localPort } = socket;
      // Who leaves at once may have something to hide.
      if (remotePort === undefined || localPort === undefined) return false;
      const users = tables.flatMap((text) => usersOf(text, hexOf(remotePort), hexOf(localPort)));
      // A row that moves while the table is read is in it twice.
      if (users.length > 0) return users.every((user) => user === this.#user);
    }
    return false;
  }
}

/** Many that come at once are found in one reading, which begins after they came. */
class Tables {
  readonly #read: () => Promise<readonly string[]>;
  #reading: Promise<unknown> = Promise.resolve();
  #next: Promise<readonly string[]> | undefined;

  constructor(read: () => Promise<readonly string[]>) {
    this.#read = read;
  }

  next(): Promise<readonly string[]> {
    this.#next ??= this.#reading.then(() => {
      this.#next = undefined;
      const reading = this.#read();
      this.#reading = reading;
      return reading;
    });
    return this.#next;
  }
}

/** Attacker: another user who opens so many connections that no file can be opened any more, this one included. */
function nothingThere(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : '';
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
